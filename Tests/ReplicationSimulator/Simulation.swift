import Events
import Replication

/// One seeded run of two nodes, a store and gateways: faults for a while, then peace.
///
/// Times are milliseconds.
struct Simulation {
    /// A property that did not hold.
    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    /// What happened in a run, to see that the faults do occur.
    struct Tally {
        var takeovers = 0
        var objects = 0
        var digests = 0
        /// The same digest was sent again: the first sender ended before its outcome was stored.
        var repeats = 0
        var lapses = 0
        var overtaken = 0
        var handOvers = 0
        var kills = 0
        var overwritten = 0
        /// Posts that were acknowledged to senders without a copy.
        var direct = 0

        mutating func add(_ other: Tally) {
            takeovers += other.takeovers
            objects += other.objects
            digests += other.digests
            repeats += other.repeats
            lapses += other.lapses
            overtaken += other.overtaken
            handOvers += other.handOvers
            kills += other.kills
            overwritten += other.overwritten
            direct += other.direct
        }
    }

    private enum Step {
        case tick(node: Int)
        /// A create reaches the store.
        case put(node: Int, LogObject, isAnswered: Bool)
        /// Its answer, or the end of waiting for one, reaches the node.
        case answer(node: Int, LogObject, Replica.Outcome?)
        case read(node: Int, UInt64)
        case found(node: Int, writer: String, LogObject?)
        case post(gateway: Int)
        /// A sender that keeps no copy posts an event, until it is acknowledged.
        case direct(event: Int)
        /// A node looks whether the event of such a post is shipped; then it acknowledges it.
        case awaited(event: Int, node: Int, writer: String, until: Double)
        case restart(node: Int)
        case fault
    }

    private static let lease = 4000.0
    private static let faultyFor = 40_000.0
    private static let endsAt = 70_000.0
    private static let events = 24
    /// How long the answer to a direct post waits for the store.
    private static let postWait = 8000.0

    private var random: Randomness
    private var queue = StepQueue<Step>()
    private var time = 0.0
    private var store: SimulatedStore
    private var nodes: [SimulatedNode] = []
    /// The events that each gateway has not seen confirmed as shipped.
    private var unsafe: [Set<Int>] = [[], []]
    /// Events that no sender has any more: seen as shipped by a gateway, or acknowledged.
    private var confirmed: Set<Int> = []
    private var emitted = 0
    /// Of each digest that was sent: its id and its last sender.
    private var sends: [Int: (id: String, by: Int)] = [:]
    private var tally = Tally()
    /// Whether direct posts are acknowledged before the store has their events, which loses some.
    private let answersEarly: Bool

    init(seed: UInt64, isCreateOnly: Bool, answersEarly: Bool) {
        random = Randomness(seed: seed)
        self.answersEarly = answersEarly
        store = SimulatedStore(isCreateOnly: isCreateOnly)
        // In every other run the lease has been changed on one node and not yet on the other.
        let factor = seed.isMultiple(of: 2) ? 1 : random.between(1, 2)
        for name in ["a", "b"] {
            let lease = name == "a" ? Self.lease : Self.lease * factor
            let rules = Replica.Rules(lease: .milliseconds(lease))
            nodes.append(
                SimulatedNode(
                    name: name, rules: rules, offset: random.between(0, 1e6),
                    speed: random.between(0.97, 1.03)))
        }
    }

    /// Runs to the end. Throws the first violation.
    mutating func run() throws(Violation) -> Tally {
        for node in nodes.indices {
            nodes[node].start(at: 0)
            queue.add(.tick(node: node), at: random.between(0, 500))
        }
        for gateway in unsafe.indices {
            queue.add(.post(gateway: gateway), at: random.between(0, 500))
        }
        queue.add(.fault, at: random.between(0, 5000))
        while let (at, step) = queue.take(), at < Self.endsAt {
            time = at
            perform(step)
            if nodes.allSatisfy({ $0.canAct(time) }) {
                throw Violation(description: "two leaders may act at \(Int(time)) ms")
            }
            if let failure { throw failure }
        }
        try checkEnd()
        tally.objects = store.objects.count
        tally.overwritten = store.overwritten
        return tally
    }

    private var failure: Violation?

    private var isFaulty: Bool { time < Self.faultyFor }

    // MARK: - Steps

    private mutating func perform(_ step: Step) {
        switch step {
        case .tick(let node):
            queue.add(.tick(node: node), at: time + random.between(100, 250))
            guard !isPaused(node) else { return }
            tick(node)
        case .put(let node, let object, let isAnswered):
            let outcome = store.create(object)
            if isAnswered {
                queue.add(
                    .answer(node: node, object, outcome), at: time + random.between(1, 40))
            }
        case .answer(let node, let object, let outcome):
            guard !isPostponed(step, node) else { return }
            answer(node, object, outcome)
        case .read(let node, let number):
            guard let writer = nodes[node].replica?.writer else { return }
            queue.add(
                .found(node: node, writer: writer, store.objects[number]),
                at: time + random.between(1, isFaulty && random.chance(0.02) ? 6000 : 40))
        case .found(let node, let writer, let object):
            guard !isPostponed(step, node), nodes[node].replica?.writer == writer else { return }
            nodes[node].isReading = false
            if let object {
                nodes[node].apply(object, at: time)
                endLifeIfStopped(node)
                read(node)
            } else {
                put(node, nodes[node].propose(at: time, atMost: 5))
            }
        case .post(let gateway): post(gateway)
        case .direct(let event): postDirectly(event)
        case .awaited(let event, let node, let writer, let until):
            acknowledge(event, node, writer, until)
        case .restart(let node):
            if nodes[node].replica == nil { nodes[node].start(at: time) }
        case .fault:
            if isFaulty {
                makeFault()
                queue.add(.fault, at: time + random.between(200, 9000))
            }
        }
    }

    /// A step that reaches a stopped process waits until it goes on.
    private mutating func isPostponed(_ step: Step, _ node: Int) -> Bool {
        guard isPaused(node) else { return false }
        queue.add(step, at: nodes[node].pausedUntil)
        return true
    }

    private func isPaused(_ node: Int) -> Bool { time < nodes[node].pausedUntil }

    private mutating func tick(_ node: Int) {
        let now = nodes[node].clock(time)
        nodes[node].replica?.check(now)
        endLifeIfStopped(node)
        guard let replica = nodes[node].replica else { return }
        switch replica.role {
        case .following:
            if replica.pending != nil { put(node, replica.pending) } else { read(node) }
        case .leading:
            lead(node)
        case .stopped: break
        }
        if random.chance(0.3) { nodes[node].note() }
    }

    private mutating func endLifeIfStopped(_ node: Int) {
        guard case .stopped(let why)? = nodes[node].replica?.role else { return }
        switch why {
        case .lapsed: tally.lapses += 1
        case .overtaken: tally.overtaken += 1
        case .handedOver: tally.handOvers += 1
        case .broken(let fault):
            failure = failure ?? Violation(description: "\(nodes[node].name): \(fault)")
        }
        nodes[node].note()
        nodes[node].start(at: time)
    }

    private mutating func lead(_ node: Int) {
        guard let writer = nodes[node].replica?.writer else { return }
        for event in nodes[node].uncomposed { nodes[node].append(.composed(event, by: writer)) }
        let stored = nodes[node].unsent.filter { $0.value.line < nodes[node].shipped }
        for event in stored.keys.sorted() where nodes[node].canAct(time) {
            if let id = stored[event]?.id { send(event, id, by: node) }
        }
        put(node, nodes[node].replica?.pending ?? nodes[node].propose(at: time, atMost: 5))
    }

    private mutating func send(_ event: Int, _ id: String, by node: Int) {
        if let before = sends[event] {
            tally.repeats += 1
            if before.id != id {
                failure = Violation(description: "event \(event) is in two digests")
            }
            if before.by != node, nodes[before.by].canAct(time) {
                failure = Violation(description: "digest \(event) is sent by two live leaders")
            }
            let isRecorded = store.objects.values.contains {
                SimulatedLine.lines($0.lines).contains(.sent(event))
            }
            if isRecorded {
                failure = Violation(description: "digest \(event) is sent after its outcome")
            }
        } else {
            tally.digests += 1
        }
        sends[event] = (id, node)
        nodes[node].append(.sent(event))
    }

    private mutating func read(_ node: Int) {
        guard let replica = nodes[node].replica, replica.role == .following,
            !nodes[node].isReading, time >= nodes[node].cutOffUntil
        else { return }
        nodes[node].isReading = true
        queue.add(.read(node: node, replica.next), at: time + random.between(1, 40))
    }

    private mutating func put(_ node: Int, _ object: LogObject?) {
        guard let object, !nodes[node].isPutting else { return }
        nodes[node].isPutting = true
        let isCutOff = time < nodes[node].cutOffUntil
        let refused = isFaulty && random.chance(0.05)
        guard !isCutOff, !refused else {
            queue.add(
                .answer(node: node, object, nil), at: time + random.between(10, 1000))
            return
        }
        let isLate = isFaulty && random.chance(0.05)
        let isLost = isFaulty && random.chance(0.05)
        let arrival = time + (isLate ? random.between(40, 9000) : random.between(1, 40))
        // After 2 s, the node waits no longer; the request may still arrive.
        let isAnswered = !isLost && arrival < time + 2000
        if !isLost || random.chance(0.5) {
            queue.add(.put(node: node, object, isAnswered: isAnswered), at: arrival)
        }
        if !isAnswered { queue.add(.answer(node: node, object, nil), at: time + 2000) }
    }

    private mutating func answer(_ node: Int, _ object: LogObject, _ outcome: Replica.Outcome?) {
        guard nodes[node].replica?.writer == object.writer else { return }
        nodes[node].isPutting = false
        guard let outcome else { return }
        nodes[node].settle(object, outcome, at: time)
        if outcome == .stands, object.kind == .takeover { tally.takeovers += 1 }
        endLifeIfStopped(node)
        if nodes[node].replica?.role == .following { read(node) }
    }

    // MARK: - Gateways

    private mutating func post(_ gateway: Int) {
        queue.add(.post(gateway: gateway), at: time + random.between(300, 900))
        if isFaulty, emitted < Self.events, random.chance(0.6) {
            if random.chance(0.3) {
                queue.add(.direct(event: emitted), at: time)
            } else {
                unsafe[gateway].insert(emitted)
            }
            emitted += 1
        }
        for node in nodes.indices.shuffled(using: &random) {
            guard nodes[node].replica?.role == .leading, !isPaused(node),
                !(isFaulty && random.chance(0.1))
            else { continue }
            for event in unsafe[gateway].sorted() { nodes[node].append(.event(event)) }
            let shipped = nodes[node].lines.prefix(nodes[node].shipped)
            for case .event(let event) in shipped where unsafe[gateway].remove(event) != nil {
                confirmed.insert(event)
            }
            return
        }
    }

    // MARK: - Direct posts

    private mutating func postDirectly(_ event: Int) {
        for node in nodes.indices.shuffled(using: &random) {
            guard let replica = nodes[node].replica, replica.role == .leading, !isPaused(node)
            else { continue }
            nodes[node].append(.event(event))
            if answersEarly {
                confirmed.insert(event)
                return
            }
            queue.add(
                .awaited(
                    event: event, node: node, writer: replica.writer,
                    until: time + Self.postWait), at: time + random.between(1, 50))
            return
        }
        queue.add(.direct(event: event), at: time + random.between(100, 1000))
    }

    private mutating func acknowledge(
        _ event: Int, _ node: Int, _ writer: String, _ until: Double
    ) {
        // 503, or a connection that ended with its process: the sender posts again.
        guard time < until, nodes[node].replica?.writer == writer else {
            queue.add(.direct(event: event), at: time + random.between(100, 1000))
            return
        }
        if !isPaused(node), nodes[node].lines.prefix(nodes[node].shipped).contains(.event(event)) {
            confirmed.insert(event)
            tally.direct += 1
            return
        }
        queue.add(
            .awaited(event: event, node: node, writer: writer, until: until), at: time + 50)
    }

    // MARK: - Faults

    private mutating func makeFault() {
        let node = random.below(nodes.count)
        switch random.below(6) {
        case 0, 1:
            guard nodes[node].replica != nil else { return }
            tally.kills += 1
            nodes[node].kill(wiping: random.chance(0.5))
            queue.add(.restart(node: node), at: time + random.between(50, 12_000))
        case 2: nodes[node].pausedUntil = time + random.between(100, 12_000)
        case 3: nodes[node].cutOffUntil = time + random.between(500, 12_000)
        case 4:
            let until = time + random.between(500, 8000)
            for node in nodes.indices { nodes[node].cutOffUntil = until }
        default:
            guard nodes[node].replica?.role == .leading, !isPaused(node) else { return }
            put(node, nodes[node].propose(at: time, atMost: 0, .farewell))
        }
    }

    // MARK: - The end

    private func checkEnd() throws(Violation) {
        func check(_ holds: Bool, _ words: @autoclosure () -> String) throws(Violation) {
            if !holds { throw Violation(description: words()) }
        }
        var counts: [SimulatedLine: Int] = [:]
        let count = store.objects.count
        for number in 0..<UInt64(count) {
            guard let object = store.objects[number + 1] else {
                throw Violation(description: "object \(number + 1) is missing")
            }
            for line in SimulatedLine.lines(object.lines) { counts[line, default: 0] += 1 }
        }
        try check(nodes.contains { $0.canAct(time) }, "nobody leads in the end")
        try check(unsafe.allSatisfy(\.isEmpty), "events are not shipped in the end: \(unsafe)")
        for event in 0..<emitted {
            try check(confirmed.contains(event), "event \(event) is unconfirmed")
            try check(
                counts[.event(event)] == 1,
                "event \(event) is \(counts[.event(event)] ?? 0) times in the log")
            try check(sends[event] != nil, "event \(event) is in no digest")
            try check(counts[.sent(event)] == 1, "event \(event) has no outcome")
        }
        let composed = counts.keys.count { if case .composed = $0 { true } else { false } }
        try check(composed == emitted, "\(composed) digests are composed of \(emitted) events")
        for node in nodes {
            let shipped = node.lines.prefix(node.shipped)
            try check(
                Set(shipped).count == shipped.count && shipped.allSatisfy { counts[$0] == 1 },
                "the log of \(node.name) is another one than the store's")
        }
        for node in nodes where node.replica?.role == .leading {
            try check(
                node.lines.prefix(node.shipped).count == counts.count,
                "the leader's log lacks lines of the store")
        }
    }
}
