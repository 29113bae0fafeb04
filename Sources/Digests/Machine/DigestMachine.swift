public import Events

/// Groups the failures in the event log, and composes each group's digests when they are due.
///
/// Uses no clock and no disk. Pass every line in log order to `observe`, then
/// call `due`, and store its digests and `checkpoint` in one transaction. A
/// machine restored from the last checkpoint, which reads the log from its
/// position, composes the same digests with the same ids.
///
/// If the transaction fails, restore a new machine from the stored state.
public struct DigestMachine: Sendable {
    public let settings: DigestSettings
    /// The position of the reader: the end of the last line observed.
    public private(set) var position: LogPosition
    var table: GroupTable
    var budget = StateBudget()
    var shared: SharedState
    /// The silences; may be set at any time. The messages that a removed silence
    /// held back are due at once.
    public var silences: [Silence] = [] {
        didSet { wakeSilenced() }
    }
    /// Messages held back since the last call of `takeSuppressions`.
    var suppressions: [Suppression] = []
    /// Keys of removed groups, whose states may still be stored.
    private var forgotten: Set<String> = []
    /// Whether a window was closed by a decision or a group was reset since the last checkpoint. Store
    /// a checkpoint before reading more lines; otherwise a restart would open other windows.
    public internal(set) var hasClosed = false
    /// Until when no search for groups to remove starts: it visits all groups, and the last
    /// one found few.
    var crowdedUntil = Timestamp.longAgo
    private var crowdedSince = Timestamp.longAgo
    private static let betweenLooks = Duration.milliseconds(250)

    /// A group, with the part of its state that is not stored.
    struct Group: Sendable {
        var live: GroupState
        var window: OpenWindow?
        /// The start of the first line that the stored state does not include; nil if it
        /// includes all. While a window is open, the state is not stored: a restart reads the
        /// log from here and opens the same window.
        var unstoredFrom: LogPosition?
        /// Whether the cause that holds the group back may be gone.
        var asksAgain = false
        /// Whether a decision changed the state since the last checkpoint.
        var isDecided = false
        /// When its receivers may get a message again, if they had too many in a storm.
        var waitsUntil: Timestamp?

        init(_ live: GroupState) { self.live = live }

        /// Adds a line to the state, in place: groups are large and lines are many.
        mutating func absorb(
            _ line: EventView, _ role: EventRole, from: LogPosition, at end: LogPosition,
            now: Timestamp, settings: DigestSettings, budget: inout StateBudget
        ) {
            guard end > live.absorbedTo else { return }
            if unstoredFrom == nil { unstoredFrom = from }
            let news = live.absorb(
                line, role: role, at: end, settings: settings, budget: &budget,
                asksForNews: window.map { $0.urgency < .decisive } ?? true)
            guard news > .none else { return }
            if window == nil { window = OpenWindow(opened: line.ts, met: now) }
            if news > .gathered, window.map({ $0.urgency < news }) == true {
                window?.urgency = news
                if window?.urgentFrom == nil {
                    // As the line's own time does not change when it is read again.
                    window?.urgentFrom = min(line.ts, now)
                    window?.urgentMet = now
                }
            }
        }
    }

    /// The window of lines that are not reported yet.
    struct OpenWindow: Sendable {
        /// The time in the first line.
        let opened: Timestamp
        /// When this process read that line; limits the effect of wrong senders' clocks.
        let met: Timestamp
        /// The most urgent line of the window.
        var urgency = News.gathered
        /// The time of the first line that may not wait for the window, at most when this process
        /// read it.
        var urgentFrom: Timestamp?
        /// When this process read that line.
        var urgentMet: Timestamp?
    }

    /// Creates a machine that has read every line before `position`.
    ///
    /// - Parameter states: The stored states by key. Unreadable ones are dropped
    ///   and counted in `unreadable`; their groups start empty.
    public init(
        settings: DigestSettings = DigestSettings(), position: LogPosition = .start,
        states: [String: String] = [:]
    ) {
        self.settings = settings
        self.position = position
        shared = SharedState(absorbedTo: position)
        table = GroupTable(names: settings.groupBy)
        for (key, text) in states {
            if key == SharedState.key, let state = SharedState(json: text) {
                shared = state
            } else if let state = GroupState(json: text), state.key.text == key {
                _ = table.insert(Group(state))
                budget.take(state)
            } else {
                unreadable += 1
            }
        }
        let storms = Set(shared.storms.map(\.id))
        for place in table.groups.indices {
            guard let storm = table.groups[place].live.storm, !storms.contains(storm) else {
                continue
            }
            // Nothing else would report the group.
            table.groups[place].live.incident?.storm = nil
            table.groups[place].window = OpenWindow(opened: .longAgo, met: .longAgo)
            table.groups[place].unstoredFrom = position
        }
    }

    /// The number of stored states that could not be read at the start.
    public private(set) var unreadable = 0

    /// The number of groups with an open incident.
    public var openGroups: Int { table.groups.indices.count { table.groups[$0].live.isFailing } }

    /// The number of groups held back by a silence or by another group's incident.
    public var heldBack: Int {
        table.groups.indices.count {
            table.groups[$0].live.silencedUntil != nil || table.groups[$0].live.isSuppressed
        }
    }

    // MARK: - Observing

    /// Adds the line that ends at `end`. The log must have accepted the line.
    ///
    /// - Parameter now: When it is read, by the notifier's clock.
    public mutating func observe(_ line: EventView, at end: LogPosition, now: Timestamp) {
        let from = position
        position = max(position, end)
        let isNew = end > shared.absorbedTo
        shared.absorb(line, at: end)
        var role = line.role
        guard role != .neutral else { return }
        if role == .acknowledgement {
            guard let id = line.incident else { return }
            if isNew { shared.acknowledge(line) }
            for place in table.groups.indices
            where table.groups[place].live.incident?.id == id {
                absorb(line, role, into: place, from: from, at: end, now: now)
            }
            return
        }
        if case .outcome(let word) = role {
            let places = groups(namedBy: line)
            let failing = places.filter { table.groups[$0].live.isFailing }
            for place in failing {
                absorb(line, role, into: place, from: from, at: end, now: now)
            }
            guard failing.isEmpty, line[.rollout] != nil else { return }
            // A rollout that waits for a person is reported also if no failure led to it.
            if word == "paused" { role = .notice }
            // An abort is news even where nothing failed here, except that of a rehearsal: of the
            // newest revision, if the hook names none.
            let rehearsed = places.first { table.groups[$0].live.mayRehearsalAbort(at: line.ts) }
            if word == "aborted", let place = rehearsed ?? newest(of: places) {
                absorb(line, role, into: place, from: from, at: end, now: now)
                return
            }
        }
        if role.isOfRunOnly, settings.groupBy.contains("revision"), line[.revision] == nil {
            guard let newest = newest(of: groups(namedBy: line)) else { return }
            absorb(line, role, into: newest, from: from, at: end, now: now)
            return
        }
        if budget.isTight { forgetQuiet(now) }
        absorb(line, role, into: place(of: line, now: now), from: from, at: end, now: now)
    }

    /// Adds an event that is not a line of a log, such as a sample.
    public mutating func observe(_ event: Event, at end: LogPosition, now: Timestamp) {
        let bytes = event.line
        bytes.withUnsafeBytes { bytes in
            var line = EventView()
            if line.read(bytes) { observe(line, at: end, now: now) }
        }
    }

    /// The groups that an event of a rollout applies to. Every grouping field that
    /// the line contains must match; a hook may omit the revision.
    private func groups(namedBy line: EventView) -> [Int] {
        table.groups.indices.filter { place in
            let state = table.groups[place].live
            let said = state.key.fields.compactMap { field in
                line.value(of: field.name).map { $0 == field.value }
            }
            // Without this, a namespace alone would match every group in it.
            let isNamed = line.text(.rollout).map { $0 == state.key["rollout"] } ?? false
            return isNamed && said.allSatisfy(\.self)
        }
    }

    /// The group of the newest revision.
    private func newest(of places: [Int]) -> Int? {
        places.max {
            let (left, right) = (table.groups[$0].live.key, table.groups[$1].live.key)
            return (Int(left["revision"] ?? "") ?? 0, left.text)
                < (Int(right["revision"] ?? "") ?? 0, right.text)
        }
    }

    private mutating func absorb(
        _ line: EventView, _ role: EventRole, into place: Int, from: LogPosition,
        at end: LogPosition, now: Timestamp
    ) {
        let isKnown = !role.mayCarryContext || table.groups[place].live.hasImage
        table.groups[place].absorb(
            line, role, from: from, at: end, now: now, settings: settings, budget: &budget)
        guard !isKnown, table.groups[place].live.hasImage,
            let before = predecessor(of: table.groups[place].live.key)
        else { return }
        table.groups[place].live.context.follow(before.context, wasAborted: before.isAborted)
    }

    /// The group of the revision before, if its image is known. Revisions that are not numbers have
    /// the order of their last lines.
    private func predecessor(of key: GroupKey) -> GroupState? {
        guard let rollout = key["rollout"], let revision = key["revision"] else { return nil }
        func order(_ state: GroupState) -> (Int, LogPosition) {
            (Int(state.key["revision"] ?? "") ?? 0, state.absorbedTo)
        }
        return table.groups.indices.filter { place in
            let other = table.groups[place].live.key
            guard other["rollout"] == rollout, other["revision"] != revision,
                table.groups[place].live.hasImage
            else { return false }
            if let number = Int(revision), let old = Int(other["revision"] ?? ""), old > number {
                return false
            }
            return key.fields.allSatisfy { $0.name == "revision" || other[$0.name] == $0.value }
        }.map { table.groups[$0].live }.max { order($0) < order($1) }
    }

    /// Moves the reader to `end`. Every line before it must have been observed.
    ///
    /// Needed because the position at the start of a segment differs from that at the end of the
    /// previous one.
    public mutating func passOver(to end: LogPosition) { position = max(position, end) }

    /// The slot of a line's group, which is added if needed. The overflow group if the table
    /// is full.
    private mutating func place(of line: EventView, now: Timestamp) -> Int {
        switch table.place(of: line) {
        case .group(let place): return place
        case .none where isFull(now): return table.overflow ?? place(of: .overflow)
        case .none, .unsure:
            let key = GroupKey(of: line, by: settings.groupBy)
            if let known = table.place(of: key) { return known }
            if table.groups.count >= Bounds.groups { forgetQuiet(now) }
            return place(of: isFull(now) ? .overflow : key)
        }
    }

    /// Whether the table is full and no group can be removed at present.
    private func isFull(_ now: Timestamp) -> Bool {
        table.groups.count >= Bounds.groups && isCrowded(now)
    }

    /// Whether no search for groups to remove may start. A clock that was set back ends the pause.
    private func isCrowded(_ now: Timestamp) -> Bool {
        now < crowdedUntil && now >= crowdedSince
    }

    private mutating func place(of key: GroupKey) -> Int {
        table.place(of: key)
            ?? table.insert(Group(GroupState(key: key, absorbedTo: .start)))
    }

    /// Removes the groups that were quiet longest, except those with lines that a restart would
    /// read again: it would report these lines twice.
    private mutating func forgetQuiet(_ now: Timestamp) {
        guard !isCrowded(now) else { return }
        let durable = resumePosition(head: position)
        let quiet = table.groups.indices.filter { place in
            !table.groups[place].live.isFailing && table.groups[place].window == nil
                && table.groups[place].live.absorbedTo <= durable
        }.sorted { a, b in
            let (left, right) = (table.groups[a].live, table.groups[b].live)
            return (left.absorbedTo, left.key.text) < (right.absorbedTo, right.key.text)
        }
        // Several at once, so that a storm of new groups does not sort for each of them.
        let atOnce = Bounds.groups / 8
        if quiet.count < atOnce / 8 {
            (crowdedSince, crowdedUntil) = (now, now + Self.betweenLooks)
        }
        let gone = quiet.prefix(atOnce)
        for place in gone {
            forgotten.insert(table.groups[place].live.key.text)
            budget.giveBack(table.groups[place].live)
        }
        table.remove(gone)
    }

    // MARK: - Storing

    /// The position of the durable cursor once a checkpoint is stored, at most `head`.
    ///
    /// The first line of a group with an open window that its stored state does not include;
    /// `position` if there is none.
    public func resumePosition(head: LogPosition) -> LogPosition {
        var from = position
        for place in table.groups.indices where table.groups[place].window != nil {
            from = min(from, table.groups[place].unstoredFrom ?? from)
        }
        return min(head, from)
    }

    /// Returns the changes since the last checkpoint. Store them in one transaction
    /// with the digests that `due` returned.
    public mutating func checkpoint() -> Checkpoint {
        var changed: [GroupState] = []
        var decided: Set<GroupKey> = []
        for place in table.groups.indices
        where table.groups[place].unstoredFrom != nil && table.groups[place].window == nil {
            changed.append(table.groups[place].live)
            table.groups[place].unstoredFrom = nil
            if table.groups[place].isDecided { decided.insert(table.groups[place].live.key) }
            table.groups[place].isDecided = false
        }
        changed.sort { $0.key.text < $1.key.text }
        let removed = forgotten.subtracting(changed.map(\.key.text))
        forgotten = []
        hasClosed = false
        return Checkpoint(
            position: resumePosition(head: position), groups: changed,
            shared: shared.json(at: position), decided: decided, removed: removed)
    }

    /// The current states of all groups, ascending by key.
    public var states: [GroupState] {
        table.groups.indices.map { table.groups[$0].live }.sorted { $0.key.text < $1.key.text }
    }
}
