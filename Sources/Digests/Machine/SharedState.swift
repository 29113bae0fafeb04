import Events
import JSON

/// The state that all groups share: lost lines, storms, and what was sent of late.
struct SharedState: Sendable, Hashable {
    /// The key in the database. No group has it, because keys of groups are JSON objects.
    static let key = "shared"

    /// A message that a receiver gets.
    struct RecentMessage: Sendable, Hashable {
        let at: Timestamp
        let thread: String
        /// The number of groups that it reports.
        let groups: Int
    }

    /// Lines that end here or earlier are counted.
    var absorbedTo: LogPosition
    /// The number of lines known to be lost so far.
    var shed = 0
    /// The start of the window in which `spent` counts.
    var windowStart = Timestamp(milliseconds: 0)
    /// The number of messages composed in that window.
    var spent = 0
    var storms: [Storm] = []
    /// The messages of the last minute by receiver, oldest first.
    var recentMessages: [String: [RecentMessage]] = [:]
    /// The receivers that many groups report to at present, and since when.
    var crowded: [String: Timestamp] = [:]

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

    /// Adds an acknowledgement, or its end, to the storm that the line names.
    mutating func acknowledge(_ line: EventView) {
        guard let index = storms.firstIndex(where: { $0.id == line.incident }) else { return }
        storms[index].acknowledgement = Acknowledgement(line)
    }

    /// The number of messages that may still be composed at `now`.
    func slots(at now: Timestamp, settings: DigestSettings) -> Int {
        now >= windowStart + settings.window ? settings.maxGroups : settings.maxGroups -| spent
    }

    /// When messages may be composed again; nil when they may be now.
    func openAgain(settings: DigestSettings) -> Timestamp? {
        spent >= settings.maxGroups ? windowStart + settings.window : nil
    }

    // MARK: - Storms

    /// The time in which a receiver gets at most `StormSettings.messages`.
    private static let minute = Duration.seconds(60)

    /// The messages that a receiver got within the last minute of the present storm.
    private func messagesInStorm(_ receiver: String, at now: Timestamp) -> [RecentMessage] {
        guard let since = crowded[receiver] else { return [] }
        return recentMessages[receiver, default: []].filter {
            $0.at >= since && $0.at + Self.minute > now
        }
    }

    /// When `receivers` may get a message; nil when they may now.
    ///
    /// A decisive message waits only while none of them may: those that may not get it later, see
    /// `Digest.notBefore`. For others, all of them must be free.
    func mayReceive(
        _ receivers: [String], at now: Timestamp, _ settings: DigestSettings,
        isDecisive: Bool = false
    ) -> Timestamp? {
        if slots(at: now, settings: settings) == 0, !isBelowLimit(receivers, at: now, settings) {
            return windowStart + settings.window
        }
        let moments = receivers.compactMap { delay($0, at: now, settings) }
        guard isDecisive else { return moments.max() }
        return moments.count < receivers.count ? nil : moments.min()
    }

    /// Whether each of the receivers got fewer messages in the window than all together may get:
    /// then others used up the limit.
    private func isBelowLimit(
        _ receivers: [String], at now: Timestamp, _ settings: DigestSettings
    ) -> Bool {
        !receivers.isEmpty
            && receivers.allSatisfy { receiver in
                let recent = recentMessages[receiver, default: []].count {
                    $0.at + settings.window > now
                }
                return recent < min(settings.maxGroups, Bounds.recentMessages)
            }
    }

    /// Applies the limits: the worst digests alone, the others in roll-ups.
    ///
    /// - Parameter decisive: The ids of the digests that do not wait for what others were sent.
    mutating func spend(
        on digests: [Digest], decisive: Set<String> = [], now: Timestamp, settings: DigestSettings
    ) -> [Digest] {
        guard !digests.isEmpty else { return [] }
        var digests = settings.storm.isOn ? combine(digests, now: now, settings: settings) : digests
        digests = limit(digests, decisive, now: now, settings: settings)
        for index in digests.indices {
            let digest = digests[index]
            for receiver in digest.receivers {
                let groups = digest.rollup.map { max($0.groups, $0.storm?.joined ?? 0) } ?? 1
                let moment = delay(receiver, at: now, settings)
                if let moment { digests[index].notBefore[receiver] = moment }
                recentMessages[receiver, default: []].append(
                    RecentMessage(at: moment ?? now, thread: digest.thread, groups: groups))
                if recentMessages[receiver, default: []].count > Bounds.recentMessages {
                    recentMessages[receiver]?.removeFirst()
                }
            }
        }
        return digests
    }

    /// When a receiver that had too many messages in a storm gets one that is sent to others now.
    private func delay(
        _ receiver: String, at now: Timestamp, _ settings: DigestSettings
    ) -> Timestamp? {
        guard settings.storm.isOn else { return nil }
        let recent = messagesInStorm(receiver, at: now)
        guard recent.count >= settings.storm.messages else { return nil }
        return recent[recent.count - settings.storm.messages].at + Self.minute
    }

    /// Applies the limit of a receiver's messages in a storm: the messages beyond it are combined
    /// into one for that receiver.
    private mutating func combine(
        _ digests: [Digest], now: Timestamp, settings: DigestSettings
    ) -> [Digest] {
        var rest: [[Int]: [String]] = [:]
        let receivers = Set(digests.flatMap(\.receivers))
        for receiver in receivers.sorted() {
            let mine = digests.indices.filter { digests[$0].receivers.contains(receiver) }
            recentMessages[receiver]?.removeAll { $0.at + Self.minute <= now }
            var speakers: [String: Int] = [:]
            for message in recentMessages[receiver, default: []] {
                speakers[message.thread] = max(speakers[message.thread] ?? 0, message.groups)
            }
            for index in mine {
                let groups = digests[index].rollup?.storm?.joined ?? 1
                speakers[digests[index].thread] = max(
                    speakers[digests[index].thread] ?? 0, groups)
            }
            guard speakers.values.reduce(0, +|) >= settings.storm.groups else {
                crowded[receiver] = nil
                continue
            }
            if crowded[receiver] == nil { crowded[receiver] = now }
            let left = max(
                1, settings.storm.messages - messagesInStorm(receiver, at: now).count)
            guard mine.count > left else { continue }
            rest[Array(mine.dropFirst(left - 1)), default: []].append(receiver)
        }
        for receiver in recentMessages.keys where !receivers.contains(receiver) {
            recentMessages[receiver]?.removeAll { $0.at + Self.minute <= now }
            if recentMessages[receiver]?.isEmpty == true {
                recentMessages[receiver] = nil
                crowded[receiver] = nil
            }
        }
        var kept = digests
        var rollups: [Digest] = []
        for (indices, receivers) in rest.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            var rollup = Digest(rollingUp: indices.map { digests[$0] }, composedAt: now)
            rollup.receivers = receivers
            rollups.append(rollup)
            for index in indices { kept[index].receivers.removeAll { receivers.contains($0) } }
        }
        // What all its receivers get combined is not sent alone.
        return zip(digests, kept).filter { $0.receivers.isEmpty || !$1.receivers.isEmpty }.map(\.1)
            + rollups
    }

    /// Applies the window's limit for all receivers together.
    private mutating func limit(
        _ digests: [Digest], _ decisive: Set<String>, now: Timestamp, settings: DigestSettings
    ) -> [Digest] {
        let slots = slots(at: now, settings: settings)
        if now >= windowStart + settings.window {
            windowStart = now
            spent = 0
        }
        guard digests.count > slots else {
            spent +|= digests.count
            return digests
        }
        var (alone, others) = ([Digest](), [Digest]())
        var taken: [String: Int] = [:]
        for digest in digests {
            // The limit is used up by messages to others.
            let isFree =
                decisive.contains(digest.id) && isBelowLimit(digest.receivers, at: now, settings)
                && digest.receivers.allSatisfy { taken[$0, default: 0] < settings.maxGroups }
            if isFree {
                for receiver in digest.receivers { taken[receiver, default: 0] +|= 1 }
                alone.append(digest)
            } else {
                others.append(digest)
            }
        }
        guard others.count > slots else {
            spent +|= others.count
            return alone + others
        }
        spent +|= slots
        let first = max(0, slots -| 1)
        // One roll-up for each set of receivers: nobody gets a digest routed to others.
        let rest = Dictionary(grouping: others.dropFirst(first), by: \.receivers)
        let rollups = rest.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { _, members in
            Digest(rollingUp: members, composedAt: members.map(\.composedAt).max() ?? now)
        }
        return alone + others.prefix(first) + rollups
    }
}
