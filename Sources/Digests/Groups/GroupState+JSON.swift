import Events
import JSON

// The stored form of a group's state: one JSON object, version 1. Empty
// members may be omitted.

extension JSONLimits {
    /// Far above the largest state that the bounds allow.
    static let digestState = JSONLimits(maxBytes: 8 << 20, maxDepth: 16)
}

extension GroupState {
    static let version = 1

    /// The state as one line of JSON.
    public var json: String {
        var writer = JSONWriter(capacity: 2048)
        writer.object { w in
            w.member("v", Self.version)
            w.key("key")
            w.raw(key.text.utf8)
            w.member("to", absorbedTo.description)
            if let saidAt { w.member("said", Int(saidAt.milliseconds)) }
            if let heldAt { w.member("held", Int(heldAt.milliseconds)) }
            if shedReported > 0 { w.member("shed", shedReported) }
            if let burstFrom {
                w.member("burst_from", Int(burstFrom.milliseconds))
                w.member("burst", burst)
            }
            if let last {
                w.member("thread", last.id)
                w.member("messages", last.ordinal)
            }
            if let abortedAt { w.member("aborted", Int(abortedAt.milliseconds)) }
            if !starts.isEmpty {
                w.member(array: "starts") { w in for start in starts { w.value(start.milliseconds) }
                }
            }
            if !sources.isEmpty {
                w.member(array: "sources") { w in for source in sources { source.write(to: &w) } }
            }
            if let rehearsingUntil {
                w.member("rehearsing", Int(rehearsingUntil.milliseconds))
            }
            if let rehearsedAt { w.member("rehearsed", Int(rehearsedAt.milliseconds)) }
            if let endedInSilence {
                w.key("swallowed")
                endedInSilence.write(to: &w)
            }
            if !policy.isEmpty { w.member("policy", policy) }
            if !binary.isEmpty { w.member("binary", binary) }
            if !context.isEmpty {
                w.key("context")
                context.write(to: &w)
            }
            if let incident {
                w.key("incident")
                incident.write(to: &w)
            }
        }
        return writer.text
    }

    /// Reads the form of `json`; nil for anything else.
    public init?(json: String) {
        guard let tree = try? JSONValue(parsing: Array(json.utf8), limits: .digestState),
            tree["v"]?.integer == Int64(Self.version), case .object(let members)? = tree["key"],
            let to = tree["to"]?.string.flatMap({ LogPosition($0) })
        else { return nil }
        key = GroupKey(members.map { GroupKey.Field($0.key, $0.value.string ?? "") })
        absorbedTo = to
        saidAt = tree.moment("said")
        heldAt = tree.moment("held")
        shedReported = tree.whole("shed") ?? 0
        burstFrom = tree.moment("burst_from")
        burst = tree.whole("burst") ?? 0
        last = tree["thread"]?.string.map {
            ClosedThread(id: $0, ordinal: tree.whole("messages") ?? 0)
        }
        abortedAt = tree.moment("aborted")
        starts = tree.list("starts") { $0.integer.map(Timestamp.init(milliseconds:)) }
        restore(tree.list("sources", Source.init(tree:)))
        rehearsingUntil = tree.moment("rehearsing")
        rehearsedAt = tree.moment("rehearsed")
        endedInSilence = tree["swallowed"].flatMap(SilenceNote.init(tree:))
        policy = tree["policy"]?.string ?? ""
        binary = tree["binary"]?.string ?? ""
        context = tree["context"].map(RolloutContext.init(tree:)) ?? RolloutContext()
        if let tree = tree["incident"] {
            guard let incident = Incident(tree: tree) else { return nil }
            self.incident = incident
        }
    }
}

extension Incident {
    func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("id", id)
            w.member("start", Int(start.milliseconds))
            w.member("ordinal", ordinal)
            w.member("worst", worst?.rawValue)
            w.member("events", events)
            w.member("unreported", unreported)
            if let unreportedFrom { w.member("from", Int(unreportedFrom.milliseconds)) }
            if let unreportedTo { w.member("till", Int(unreportedTo.milliseconds)) }
            if let recoveredAt { w.member("recovered", Int(recoveredAt.milliseconds)) }
            if let outcome { w.member("outcome", outcome) }
            if let outcomeReason { w.member("outcome_reason", outcomeReason) }
            if let outcomeAt { w.member("outcome_at", Int(outcomeAt.milliseconds)) }
            if reminders > 0 { w.member("reminders", reminders) }
            if let storm { w.member("storm", storm) }
            if flapping { w.member("flapping", true) }
            if isRehearsal { w.member("rehearsal", true) }
            w.key("attempts")
            attempts.write(to: &w)
            w.member(array: "reasons") { w in
                for tally in reasons {
                    w.object { w in
                        w.member("n", tally.count)
                        w.key("reason")
                        tally.reason.write(to: &w)
                    }
                }
            }
            w.member(array: "notices") { w in
                for notice in notices {
                    w.object { w in
                        w.member("event", notice.event)
                        w.member("level", notice.level.rawValue)
                        w.member("message", notice.message)
                        w.member("place", notice.place)
                        w.member("total", notice.total)
                        w.member("unreported", notice.unreported)
                    }
                }
            }
            w.member(array: "omitted") { w in
                for count in [omittedReasons, omittedNotices, omittedLines] { w.value(count) }
            }
            if let untracked {
                w.member("untracked", untracked.status.rawValue)
                w.member("untracked_at", Int(untracked.at.milliseconds))
            }
            w.member(array: "policies") { w in for policy in policies { w.value(policy) } }
            w.member(array: "binaries") { w in for binary in binaries { w.value(binary) } }
            if let acknowledgement {
                w.key("acknowledged")
                acknowledgement.write(to: &w)
            }
            if let silence {
                w.key("silence")
                silence.write(to: &w)
            }
            if let suppressed {
                w.member(object: "echo") { w in
                    w.member("place", suppressed.place)
                    w.member("thread", suppressed.thread)
                }
            }
            if let lastReport {
                w.key("reported")
                lastReport.write(to: &w)
            }
        }
    }

    init?(tree: JSONValue) {
        guard let id = tree["id"]?.string, let start = tree.moment("start") else { return nil }
        self.init(id: id, start: start)
        ordinal = tree.whole("ordinal") ?? 0
        worst = tree.status("worst")
        events = tree.whole("events") ?? 0
        unreported = tree.whole("unreported") ?? tree.whole("untold") ?? 0
        unreportedFrom = tree.moment("from")
        unreportedTo = tree.moment("till")
        recoveredAt = tree.moment("recovered")
        outcome = tree["outcome"]?.string
        outcomeAt = tree.moment("outcome_at")
        untracked = tree.status("untracked").flatMap { status in
            tree.moment("untracked_at").map { Untracked(status: status, at: $0) }
        }
        outcomeReason = tree["outcome_reason"]?.string
        isRehearsal = tree["rehearsal"]?.bool ?? false
        flapping = tree["flapping"]?.bool ?? false
        reminders = tree.whole("reminders") ?? 0
        storm = tree["storm"]?.string
        if let tree = tree["attempts"] { attempts = AttemptTally(tree: tree) }
        reasons = tree.list("reasons") { entry in
            guard let reason = entry["reason"].flatMap(Reason.init(state:)) else { return nil }
            return ReasonTally(reason: reason, count: entry.whole("n") ?? 1)
        }
        notices = tree.list("notices") { entry in
            NoticeCounts(
                event: entry["event"]?.string ?? "",
                level: entry["level"]?.string.flatMap(Event.Level.init(rawValue:)) ?? .warn,
                message: entry["message"]?.string ?? "", place: entry["place"]?.string ?? "",
                total: entry.whole("total") ?? 0,
                unreported: entry.whole("unreported") ?? entry.whole("untold") ?? 0)
        }
        let omitted = tree.list("omitted") { $0.integer.flatMap { Int(exactly: $0) } }
        if omitted.count == 3 {
            (omittedReasons, omittedNotices, omittedLines) = (omitted[0], omitted[1], omitted[2])
        }
        policies = tree.list("policies", \.string)
        binaries = tree.list("binaries", \.string)
        acknowledgement = tree["acknowledged"].flatMap(Acknowledgement.init(tree:))
        silence = tree["silence"].flatMap(SilenceNote.init(tree:))
        if let tree = tree["echo"] {
            suppressed = SuppressedGroup(
                place: tree["place"]?.string ?? "", thread: tree["thread"]?.string ?? "")
        }
        // An earlier version named this member `told`, and the counts of lines `untold`.
        lastReport = (tree["reported"] ?? tree["told"]).map(LastReport.init(tree:))
    }
}

extension SilenceNote {
    func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("id", id)
            w.member("who", who)
            w.member("why", why)
            w.member("until", Int(until.milliseconds))
            w.member("messages", messages)
            w.member("swallowed", unreported)
        }
    }

    init?(tree: JSONValue) {
        guard let until = tree.moment("until") else { return nil }
        self.init(
            id: tree["id"]?.string ?? "", who: tree["who"]?.string ?? "",
            why: tree["why"]?.string ?? "", until: until, messages: tree.whole("messages") ?? 1,
            unreported: tree.whole("swallowed") ?? 0)
    }
}

extension LastReport {
    func write(to w: inout JSONWriter) {
        w.object { w in
            w.member(object: "statuses") { w in
                for (place, status) in statuses.sorted(by: { $0.key < $1.key }) {
                    w.member(place, status.rawValue)
                }
            }
            w.member(array: "metrics") { w in for metric in metrics.sorted() { w.value(metric) } }
            w.member(array: "notices") { w in for notice in notices.sorted() { w.value(notice) } }
            w.member("last_chance", lastChance)
            if failureLimit { w.member("failure_limit", true) }
            if inconclusiveLimit { w.member("inconclusive_limit", true) }
            if paused { w.member("paused", true) }
            w.member("policies", policies)
            w.member("binaries", binaries)
            w.member("flapping", flapping)
            if let acknowledgement {
                w.key("acknowledged")
                acknowledgement.write(to: &w)
            }
            w.member(array: "receivers") { w in for name in receivers.sorted() { w.value(name) } }
        }
    }

    init(tree: JSONValue) {
        receivers = Set(tree.list("receivers", \.string))
        acknowledgement = tree["acknowledged"].flatMap(Acknowledgement.init(tree:))
        if case .object(let members)? = tree["statuses"] {
            for member in members {
                statuses[member.key] = member.value.string.flatMap(VerdictStatus.init(rawValue:))
            }
        }
        metrics = Set(tree.list("metrics", \.string))
        notices = Set(tree.list("notices", \.string))
        lastChance = tree["last_chance"]?.bool ?? false
        failureLimit = tree["failure_limit"]?.bool ?? false
        inconclusiveLimit = tree["inconclusive_limit"]?.bool ?? false
        paused = tree["paused"]?.bool ?? false
        policies = tree.whole("policies") ?? 0
        binaries = tree.whole("binaries") ?? 0
        flapping = tree["flapping"]?.bool ?? false
    }
}

extension AttemptTally {
    func write(to w: inout JSONWriter) {
        w.object { w in
            w.member(array: "recent") { w in
                for entry in recent {
                    w.value(entry.number)
                    w.value(entry.status.rawValue)
                }
            }
            w.member(array: "settled") { w in settled.write(to: &w) }
            w.member(array: "unnumbered") { w in unnumbered.write(to: &w) }
            w.member("first", first)
            w.member("last", last)
            w.member("restarted", restarted)
        }
    }

    init(tree: JSONValue) {
        self.init()
        if case .array(let flat)? = tree["recent"] {
            for i in stride(from: 0, to: flat.count - 1, by: 2) {
                guard let number = flat[i].integer.flatMap({ Int(exactly: $0) }),
                    let status = flat[i + 1].string.flatMap(VerdictStatus.init(rawValue:))
                else { continue }
                recent.append(Entry(number: number, status: status))
            }
        }
        settled = StatusCounts(tree: tree["settled"])
        unnumbered = StatusCounts(tree: tree["unnumbered"])
        first = tree.whole("first")
        last = tree.whole("last")
        restarted = tree["restarted"]?.bool ?? false
    }
}

extension StatusCounts {
    func write(to w: inout JSONWriter) {
        for status in VerdictStatus.allCases { w.value(self[status]) }
    }

    init(tree: JSONValue?) {
        self.init()
        for (i, status) in VerdictStatus.allCases.enumerated() {
            self[status] = tree?[i]?.integer.flatMap { Int(exactly: $0) } ?? 0
        }
    }
}
