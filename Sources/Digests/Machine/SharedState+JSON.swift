public import Events
import JSON

// The stored form of the shared state: one JSON object, version 1. Empty members may be omitted.

extension SharedState {
    /// The stored form, with the position of the reader.
    func json(at position: LogPosition) -> String {
        var writer = JSONWriter(capacity: 128)
        writer.object { w in
            w.member("v", 1)
            w.member("to", max(absorbedTo, position).description)
            w.member("shed", shed)
            w.member("window", Int(windowStart.milliseconds))
            w.member("spent", spent)
            if !storms.isEmpty {
                w.member(array: "storms") { w in for storm in storms { storm.write(to: &w) } }
            }
            guard !recentMessages.isEmpty else { return }
            w.member(array: "heard") { w in
                for (receiver, messages) in recentMessages.sorted(by: { $0.key < $1.key }) {
                    w.object { w in
                        w.member("receiver", receiver)
                        if let since = crowded[receiver] {
                            w.member("crowded", Int(since.milliseconds))
                        }
                        w.member(array: "messages") { w in
                            for message in messages {
                                w.object { w in
                                    w.member("at", Int(message.at.milliseconds))
                                    w.member("thread", message.thread)
                                    w.member("groups", message.groups)
                                }
                            }
                        }
                    }
                }
            }
        }
        return writer.text
    }

    init?(json: String) {
        guard let tree = try? JSONValue(parsing: Array(json.utf8), limits: .digestState),
            tree["v"]?.integer == 1, let to = tree["to"]?.string.flatMap({ LogPosition($0) })
        else { return nil }
        self.init(absorbedTo: to)
        shed = tree.whole("shed") ?? 0
        windowStart = tree.moment("window") ?? Timestamp(milliseconds: 0)
        spent = tree.whole("spent") ?? 0
        storms = tree.list("storms", Storm.init(tree:))
        for entry in tree.list("heard", { $0 }) {
            guard let receiver = entry["receiver"]?.string else { continue }
            crowded[receiver] = entry.moment("crowded")
            recentMessages[receiver] = entry.list("messages") { message in
                message.moment("at").map {
                    RecentMessage(
                        at: $0, thread: message["thread"]?.string ?? "",
                        groups: message.whole("groups") ?? 1)
                }
            }
        }
    }
}

extension Storm {
    fileprivate func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("id", id)
            w.member(array: "receivers") { w in for name in receivers { w.value(name) } }
            w.member(array: "shared") { w in
                for trait in shared {
                    w.value(trait.kind.rawValue)
                    w.value(trait.value)
                }
            }
            w.member("start", Int(start.milliseconds))
            w.member("latest", Int(latest.milliseconds))
            w.member("ordinal", ordinal)
            if let saidAt { w.member("said", Int(saidAt.milliseconds)) }
            w.member(array: "counts") { w in
                for count in [
                    joined, recovered, aborted, ended, left, paused, events, eventsInIncident,
                    reminders,
                ] {
                    w.value(count)
                }
            }
            w.member("at_limit", atLimit)
            w.member(array: "zones") { w in for zone in zones { w.value(zone) } }
            w.member(array: "aborted") { w in for key in abortedGroups { w.value(key.text) } }
            w.member("worst", worst?.rawValue)
            if let acknowledgement {
                w.key("acknowledged")
                acknowledgement.write(to: &w)
            }
            if let heldAt {
                w.member("held", Int(heldAt.milliseconds))
                w.member("held_lines", heldLines)
            }
            if let lastReport {
                w.member(array: "reported") { w in
                    for count in [
                        lastReport.joined, lastReport.over, lastReport.left, lastReport.paused,
                    ] {
                        w.value(count)
                    }
                }
                w.member("reported_aborted", lastReport.aborted)
                w.member("reported_at_limit", lastReport.atLimit)
                w.member("reported_zones", lastReport.zones)
                w.member("reported_worst", lastReport.worst?.rawValue)
                if let reported = lastReport.acknowledgement {
                    w.key("reported_acknowledged")
                    reported.write(to: &w)
                }
            }
        }
    }

    fileprivate init?(tree: JSONValue) {
        guard let id = tree["id"]?.string, let start = tree.moment("start"),
            let latest = tree.moment("latest")
        else { return nil }
        let words = tree.list("shared", \.string)
        let shared = stride(from: 0, to: words.count - 1, by: 2).compactMap { at in
            SharedTrait.Kind(rawValue: words[at]).map { SharedTrait($0, words[at + 1]) }
        }
        self.init(
            id: id, receivers: tree.list("receivers", \.string), shared: shared, start: start,
            latest: latest)
        ordinal = tree.whole("ordinal") ?? 0
        saidAt = tree.moment("said")
        let counts = tree.list("counts") { $0.integer.flatMap { Int(exactly: $0) } }
        if counts.count == 9 {
            (joined, recovered, aborted) = (counts[0], counts[1], counts[2])
            (ended, left, paused) = (counts[3], counts[4], counts[5])
            (events, eventsInIncident, reminders) = (counts[6], counts[7], counts[8])
        }
        atLimit = tree.whole("at_limit") ?? 0
        zones = tree.list("zones", \.string)
        abortedGroups = tree.list("aborted") { $0.string.flatMap(GroupKey.init(text:)) }
        worst = tree.status("worst")
        acknowledgement = tree["acknowledged"].flatMap(Acknowledgement.init(tree:))
        heldAt = tree.moment("held")
        heldLines = tree.whole("held_lines") ?? 0
        // An earlier version named these members `told…`.
        let stem = tree["reported"] == nil ? "told" : "reported"
        let reported = tree.list(stem) { $0.integer.flatMap { Int(exactly: $0) } }
        if reported.count == 4 {
            // A state stored by an earlier version has no such counts, and reported these aborts.
            lastReport = Report(
                joined: reported[0], over: reported[1],
                aborted: tree.whole("\(stem)_aborted") ?? aborted,
                left: reported[2], paused: reported[3],
                atLimit: tree.whole("\(stem)_at_limit") ?? 0,
                zones: tree.whole("\(stem)_zones") ?? Bounds.sources,
                worst: tree.status("\(stem)_worst"),
                acknowledgement: tree["\(stem)_acknowledged"].flatMap(
                    Acknowledgement.init(tree:)))
        }
    }
}

/// The changes of a machine's state to store in one transaction.
public struct Checkpoint: Sendable, Equatable {
    /// The log position at which the reader of a restored machine starts.
    public let position: LogPosition
    /// The groups to store.
    let groups: [GroupState]
    /// The stored form of the state that all groups share.
    let shared: String
    /// Which of `groups` a decision changed: their states do not follow from the log's lines alone.
    var decided: Set<GroupKey> = []
    /// Keys of the states to delete.
    public let removed: Set<String>

    /// Calls `body` with each key and state to store, ascending by key. States are serialized one
    /// at a time: together they may need more memory than the groups themselves.
    public func forEachChanged<E: Error>(
        _ body: (_ key: String, _ state: String) throws(E) -> Void
    ) throws(E) {
        try body(SharedState.key, shared)
        for group in groups { try body(group.key.text, group.json) }
    }

    /// The key and state of each group that a decision changed, and the shared state; empty if
    /// there was no decision.
    public var decisions: [(key: String, state: String)] {
        if decided.isEmpty { return [] }
        var decisions = [(key: SharedState.key, state: shared)]
        for group in groups where decided.contains(group.key) {
            decisions.append((group.key.text, group.json))
        }
        return decisions
    }

    /// All states to store, by key.
    public var changed: [String: String] {
        var changed: [String: String] = [:]
        forEachChanged { changed[$0] = $1 }
        return changed
    }
}
