/// Where a message of Slack stands: `C0123456789/1503435956.000247`.
struct SlackPlace: Sendable, Hashable {
    let channel: String
    let ts: String

    /// Without a place that a later digest could use.
    static let unknown = SlackPlace()

    private init() {
        channel = ""
        ts = ""
    }

    /// nil unless both are what Slack gives: letters and digits; digits and a dot.
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
