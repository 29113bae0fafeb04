import Events
import Replication

/// One node of a run: its disk, its clock, and its part in the protocol.
struct SimulatedNode {
    let name: String
    let rules: Replica.Rules
    /// The clock's value at time 0, and its speed.
    let offset: Double
    let speed: Double

    /// nil while the process does not run.
    var replica: Replica?
    /// Times before this are not seen: the process is stopped.
    var pausedUntil = 0.0
    /// The store cannot be reached before this.
    var cutOffUntil = 0.0
    var isReading = false
    var isPutting = false
    private var lives = 0

    // MARK: The disk

    private(set) var lines: [SimulatedLine] = []
    private var known: Set<SimulatedLine> = []
    /// Events without a digest, in the order of the lines.
    private(set) var uncomposed: [Int] = []
    /// Digests without an outcome: where their line is, and their id.
    private(set) var unsent: [Int: (line: Int, id: String)] = [:]
    /// The first lines, as many as are in the store.
    private(set) var shipped = 0
    /// The first object that is not applied or written.
    private var applied: UInt64 = 1
    /// The same, and `shipped`, as noted on the disk; may be behind.
    private var noted: (next: UInt64, shipped: Int) = (1, 0)
    private var writers: Set<String> = []

    init(name: String, rules: Replica.Rules, offset: Double, speed: Double) {
        self.name = name
        self.rules = rules
        self.offset = offset
        self.speed = speed
    }

    func clock(_ time: Double) -> Duration { .milliseconds(offset + time * speed) }

    func canAct(_ time: Double) -> Bool { replica?.canAct(clock(time)) ?? false }

    /// The first `count` lines as a position.
    private func position(_ count: Int) -> LogPosition {
        LogPosition(segment: 1, offset: UInt64(count))
    }

    // MARK: Life

    mutating func start(at time: Double) {
        lives += 1
        let writer = "\(name)\(lives)"
        shipped = noted.shipped
        applied = noted.next
        replica = Replica(
            rules, cluster: "c", node: name, writer: writer, earlier: writers,
            next: noted.next > 1 ? noted.next - 1 : 1, now: clock(time))
        writers.insert(writer)
        isReading = false
        isPutting = false
    }

    mutating func kill(wiping: Bool) {
        replica = nil
        guard wiping else { return }
        truncate(to: 0)
        shipped = 0
        noted = (1, 0)
        writers = []
    }

    /// Notes on the disk how far the node is.
    mutating func note() {
        if replica != nil { noted = (applied, shipped) }
    }

    // MARK: Lines

    @discardableResult
    mutating func append(_ line: SimulatedLine) -> Bool {
        guard known.insert(line).inserted else { return false }
        lines.append(line)
        switch line {
        case .event(let event): uncomposed.append(event)
        case .composed(let event, let id):
            uncomposed.removeAll { $0 == event }
            unsent[event] = (lines.count - 1, id)
        case .sent(let event): unsent[event] = nil
        }
        return true
    }

    private mutating func truncate(to count: Int) {
        let kept = lines.prefix(count)
        (lines, known, uncomposed, unsent) = ([], [], [], [:])
        for line in kept { append(line) }
    }

    func holds(_ line: SimulatedLine) -> Bool { known.contains(line) }

    /// Takes an object that another node or an earlier life wrote.
    mutating func apply(_ object: LogObject, at time: Double) {
        guard var replica, object.number == replica.next else { return }
        replica.saw(object, now: clock(time))
        self.replica = replica
        // The newest noted object is read again to know its writer.
        guard object.number >= applied else { return }
        applied = object.number + 1
        let new = SimulatedLine.lines(object.lines)
        if lines[shipped...].starts(with: new) {
            // Of an earlier life, or applied before the node noted it.
            shipped += new.count
            return
        }
        // Lines that the store never had are set aside; a gateway sends them again.
        if lines.count > shipped { truncate(to: shipped) }
        for line in new { append(line) }
        shipped = lines.count
    }

    /// What the node writes next, if anything.
    mutating func propose(at time: Double, atMost: Int, _ kind: LogObject.Kind? = nil) -> LogObject?
    {
        guard var replica else { return nil }
        defer { self.replica = replica }
        let now = clock(time)
        if let takeover = replica.takeOver(at: position(shipped), now: now) { return takeover }
        let (from, to) = (position(shipped), position(min(shipped + atMost, lines.count)))
        if let kind { return replica.write(kind, from: from, to: from, now: now) }
        if from < to {
            return replica.write(
                .data, from: from, to: to,
                lines: SimulatedLine.bytes(lines[shipped..<Int(to.offset)]), now: now)
        }
        return replica.isBeatDue(now) ? replica.write(.beat, from: from, to: from, now: now) : nil
    }

    mutating func settle(_ object: LogObject, _ outcome: Replica.Outcome, at time: Double) {
        guard let pending = replica?.pending, pending == object else { return }
        let now = clock(time)
        replica?.settle(outcome, now: now)
        if outcome == .stands, object.kind == .data {
            shipped = Int(object.to.offset)
        }
        if outcome == .stands { applied = object.number + 1 }
    }
}
