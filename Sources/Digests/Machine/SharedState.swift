import Events
import JSON

/// The state that all groups share: lost lines, and the messages of the current window.
struct SharedState: Sendable, Hashable {
    /// The key in the database. No group has it, because keys of groups are JSON objects.
    static let key = "shared"

    /// Lines that end here or earlier are counted.
    var absorbedTo: LogPosition
    /// The number of lines known to be lost so far.
    var shed = 0
    /// The start of the window in which `spent` counts.
    var windowStart = Timestamp(milliseconds: 0)
    /// The number of messages composed in that window.
    var spent = 0

    init(absorbedTo: LogPosition) { self.absorbedTo = absorbedTo }

    mutating func absorb(_ line: EventView, at end: LogPosition) {
        guard end > absorbedTo else { return }
        absorbedTo = end
        guard
            line.says(.event, "log.shed") || line.says(.event, "log.gap")
                || line.says(.event, "log.damaged")
        else { return }
        let named = line.extra("count") ?? line.extra("lines")
        shed +|= named?.integer.map { Count(clamping: $0).value } ?? 1
    }

    mutating func absorb(lost count: Int, before end: LogPosition) {
        guard end > absorbedTo else { return }
        absorbedTo = end
        shed +|= max(0, count)
    }

    /// The number of messages that may still be composed at `now`.
    func slots(at now: Timestamp, settings: DigestSettings) -> Int {
        now >= windowStart + settings.window ? settings.maxGroups : settings.maxGroups -| spent
    }

    /// When messages may be composed again; nil when they may be now.
    func openAgain(settings: DigestSettings) -> Timestamp? {
        spent >= settings.maxGroups ? windowStart + settings.window : nil
    }

    /// Applies the window's limit: the worst digests alone, the others in roll-ups.
    mutating func spend(
        on digests: [Digest], now: Timestamp, settings: DigestSettings
    ) -> [Digest] {
        guard !digests.isEmpty else { return [] }
        let slots = slots(at: now, settings: settings)
        if now >= windowStart + settings.window {
            windowStart = now
            spent = 0
        }
        guard digests.count > slots else {
            spent +|= digests.count
            return digests
        }
        spent +|= slots
        // One roll-up for each set of receivers: nobody gets a digest routed to others.
        let rest = Dictionary(grouping: digests.dropFirst(slots - 1), by: \.receivers)
        let rollups = rest.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { _, members in
            Digest(rollingUp: members, composedAt: members.map(\.composedAt).max() ?? now)
        }
        return digests.prefix(slots - 1) + rollups
    }

    /// The stored form, with the position of the reader.
    func json(at position: LogPosition) -> String {
        var writer = JSONWriter(capacity: 128)
        writer.object { w in
            w.member("v", 1)
            w.member("to", max(absorbedTo, position).description)
            w.member("shed", shed)
            w.member("window", Int(windowStart.milliseconds))
            w.member("spent", spent)
        }
        return writer.text
    }

    init?(json: String) {
        guard let tree = try? JSONValue(parsing: Array(json.utf8), limits: .digestState),
            tree["v"]?.integer == 1, let to = tree["to"]?.string.flatMap({ LogPosition($0) })
        else { return nil }
        absorbedTo = to
        shed = tree.whole("shed") ?? 0
        windowStart = tree.moment("window") ?? Timestamp(milliseconds: 0)
        spent = tree.whole("spent") ?? 0
    }
}
