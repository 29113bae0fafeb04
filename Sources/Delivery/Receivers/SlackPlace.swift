/// The location of a Slack message. The mark has the form `C0123456789/1503435956.000247`.
struct SlackPlace: Sendable, Hashable {
    let channel: String
    let ts: String

    /// An unknown location; later digests cannot use it.
    static let unknown = SlackPlace()

    private init() {
        channel = ""
        ts = ""
    }

    /// Returns nil unless `channel` is at most 64 letters and digits, and `ts` at most 32 digits
    /// and dots.
    init?(channel: String, ts: String) {
        guard !channel.isEmpty, channel.utf8.count <= 64, !ts.isEmpty, ts.utf8.count <= 32,
            channel.unicodeScalars.allSatisfy({
                $0.properties.isAlphabetic || ("0"..."9").contains($0)
            }),
            ts.unicodeScalars.allSatisfy({ ("0"..."9").contains($0) || $0 == "." })
        else { return nil }
        self.channel = channel
        self.ts = ts
    }

    init?(mark: String) {
        let parts = mark.split(separator: "/")
        guard parts.count == 2 else { return nil }
        self.init(channel: String(parts[0]), ts: String(parts[1]))
    }

    var mark: String { ts.isEmpty ? "" : "\(channel)/\(ts)" }
}
