/// Finds the closest known word for a "did you mean" message.
public enum Suggestion {
    /// Returns the known word with the least edit distance to `word`.
    ///
    /// Returns nil if the distance exceeds `limit`; by default a third of the word's length, and
    /// at least one edit.
    public static func nearest(
        to word: String, among known: [String], within limit: Int? = nil
    ) -> String? {
        let typed = Array(word.lowercased().unicodeScalars.prefix(64))
        let ranked = known.map { ($0, distance(typed, Array($0.lowercased().unicodeScalars))) }
        guard let best = ranked.min(by: { $0.1 < $1.1 }),
            best.1 <= limit ?? max(1, typed.count / 3)
        else { return nil }
        return best.0
    }

    /// Returns the remedy for an unknown word: the closest known one, else all of them.
    public static func remedy(for word: String, among known: [String]) -> String {
        if let nearest = nearest(to: word, among: known) { return "did you mean \(nearest)?" }
        return known.isEmpty ? "" : "known are " + known.joined(separator: ", ")
    }

    /// The edit distance with transpositions of adjacent scalars (optimal string alignment).
    static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i]
            for j in 1...b.count {
                var cost = min(
                    last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    cost = min(cost, beforeLast[j - 2] + 1)
                }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
