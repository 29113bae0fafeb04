/// How many entries of a digest's lists a view shows; the others are only counted.
struct ViewLimits: Hashable {
    var rows: Int
    var columns: Int
    var items: Int
    var members: Int

    static let mail = ViewLimits(rows: 32, columns: 2, items: 16, members: 40)
    static let slack = ViewLimits(rows: 16, columns: 2, items: 10, members: 30)

    /// These limits and ever lower ones, down to a view that shows only counts.
    var tightening: [ViewLimits] {
        [1.0, 0.7, 0.5, 0.35, 0.2, 0.1, 0].map { part in
            func share(_ number: Int) -> Int { Int((Double(number) * part).rounded(.up)) }
            return ViewLimits(
                rows: share(rows), columns: max(1, share(columns)), items: share(items),
                members: share(members))
        }
    }
}
