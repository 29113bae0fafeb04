public import Events

/// Turns the event log into messages: groups failures, decides when each group
/// speaks, and knows what may be forgotten.
///
/// Pure: no clock, no disk. Feed it every line in log order with `observe`,
/// then ask `due`; write the digests together with `checkpoint` in one
/// transaction. A machine restored from the last checkpoint, and fed the log
/// from its position, composes the same digests with the same ids.
///
/// A value. When the transaction fails, make it anew from what is durable.
public struct DigestMachine: Sendable {
    public let settings: DigestSettings
    /// Where the reader is: the end of the last line observed.
    public private(set) var position: LogPosition
    var table: GroupTable
    private var room = StateRoom()
    var shared: SharedState
    /// What is not to be sent now; may be set at any time. A silence that is
    /// taken away lets speak at once what it held back.
    public var silences: [Silence] = [] {
        didSet { wakeSilenced() }
    }
    /// Messages held back since the last call of `takeSuppressions`.
    var suppressions: [Suppression] = []
    /// Keys of groups that are no more, whose states may still be stored.
    private var forgotten: Set<String> = []
    /// A group was closed without a message since the last checkpoint: to be made durable
    /// before more lines are read, else a restart would not come to the same windows.
    public internal(set) var hasClosed = false
    /// Until when no look for groups to forget is worth its while: it goes through all of
    /// them, and the last one found few.
    private var crowdedUntil = Timestamp.longAgo
    private var crowdedSince = Timestamp.longAgo
    private static let betweenLooks = Duration.milliseconds(250)

    /// A group, and what of it is not durable.
    struct Group: Sendable {
        var live: GroupState
        var window: OpenWindow?
        /// Where the first line begins that the stored state does not know; nil when it knows
        /// all. While a window is open the state is not stored: a restart reads again from
        /// here, and comes to the same window.
        var unstoredFrom: LogPosition?
        /// The silence that holds the group back may be gone.
        var asksAgain = false

        init(_ live: GroupState) { self.live = live }

        /// Folds a line in, in place: groups are large, and lines are many.
        mutating func absorb(
            _ line: EventLine, _ role: EventRole, from: LogPosition, at end: LogPosition,
            now: Timestamp, settings: DigestSettings, room: inout StateRoom
        ) {
            guard end > live.absorbedTo else { return }
            if unstoredFrom == nil { unstoredFrom = from }
            let isNews = live.absorb(
                line, role: role, at: end, settings: settings, room: &room,
                asksForNews: window == nil)
            if isNews, window == nil { window = OpenWindow(opened: line.ts, met: now) }
        }
    }

    /// Lines that are not told yet.
    struct OpenWindow: Sendable {
        /// The time that the first line carries.
        let opened: Timestamp
        /// When this process met it; bounds the harm of senders' clocks.
        let met: Timestamp
    }

    /// A machine that has seen everything before `position`.
    ///
    /// - Parameter states: the saved states by key. Those that can't be read
    ///   are left out, and counted in `unreadable`: their groups begin anew.
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
                room.take(state)
            } else {
                unreadable += 1
            }
        }
    }

    /// Saved states that could not be read at the start.
    public private(set) var unreadable = 0

    /// Groups with an open failure.
    public var openGroups: Int { table.groups.indices.count { table.groups[$0].live.isFailing } }

    /// What is held back until its silence or another group's incident ends.
    public var heldBack: Int {
        table.groups.indices.count {
            table.groups[$0].live.silencedUntil != nil || table.groups[$0].live.isEcho
        }
    }

    // MARK: - Observing

    /// Folds the line that ends at `end` in. For lines that the log accepted.
    ///
    /// - Parameter now: when it is read, by the notifier's clock.
    public mutating func observe(_ line: EventLine, at end: LogPosition, now: Timestamp) {
        let from = position
        position = max(position, end)
        shared.absorb(line, at: end)
        let role = line.role
        guard role != .neutral else { return }
        if case .outcome = role {
            for place in groups(endedBy: line) {
                absorb(line, role, into: place, from: from, at: end, now: now)
            }
            return
        }
        if room.isTight { forgetQuiet(now) }
        absorb(line, role, into: place(of: line, now: now), from: from, at: end, now: now)
    }

    /// The same for an event that is no line of a log: a sample.
    public mutating func observe(_ event: Event, at end: LogPosition, now: Timestamp) {
        let bytes = event.line
        bytes.withUnsafeBytes { bytes in
            var line = EventLine()
            if line.read(bytes) { observe(line, at: end, now: now) }
        }
    }

    /// The groups that the end of a run concerns: those that agree in every
    /// field that the event names. A hook may not know the revision.
    private func groups(endedBy line: EventLine) -> [Int] {
        table.groups.indices.filter { place in
            let state = table.groups[place].live
            let said = state.key.fields.compactMap { field in
                line.value(of: field.name).map { $0 == field.value }
            }
            // A namespace alone would end everything in it.
            let isNamed = line.text(.rollout).map { $0 == state.key["rollout"] } ?? false
            return state.isFailing && isNamed && said.allSatisfy(\.self)
        }
    }

    private mutating func absorb(
        _ line: EventLine, _ role: EventRole, into place: Int, from: LogPosition,
        at end: LogPosition, now: Timestamp
    ) {
        table.groups[place].absorb(
            line, role, from: from, at: end, now: now, settings: settings, room: &room)
    }

    /// The reader is at `end`, and there was no line before it that was not
    /// observed: the place where a segment begins is not the one where the
    /// segment before it ends.
    public mutating func passOver(to end: LogPosition) { position = max(position, end) }

    /// The reader found `count` lines missing before `end`.
    public mutating func observe(lost count: Int, before end: LogPosition) {
        position = max(position, end)
        shared.absorb(lost: count, before: end)
    }

    /// The group of a line, made if there is none yet; the overflow group when there is room
    /// for no more.
    private mutating func place(of line: EventLine, now: Timestamp) -> Int {
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

    /// Whether there is no room for a group more, nor a way to make some.
    private func isFull(_ now: Timestamp) -> Bool {
        table.groups.count >= Bounds.groups && isCrowded(now)
    }

    /// A clock that jumped back ends the pause.
    private func isCrowded(_ now: Timestamp) -> Bool {
        now < crowdedUntil && now >= crowdedSince
    }

    private mutating func place(of key: GroupKey) -> Int {
        table.place(of: key)
            ?? table.insert(Group(GroupState(key: key, absorbedTo: .start)))
    }

    /// Makes room by forgetting the groups that were quiet longest. Not those with lines that a
    /// restart would read again: it would tell of them once more.
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
        // Several at once: a storm of new names must not sort for each.
        let atOnce = Bounds.groups / 8
        if quiet.count < atOnce / 8 {
            (crowdedSince, crowdedUntil) = (now, now + Self.betweenLooks)
        }
        let gone = quiet.prefix(atOnce)
        for place in gone {
            forgotten.insert(table.groups[place].live.key.text)
            room.giveBack(table.groups[place].live)
        }
        table.remove(gone)
    }

    // MARK: - Speaking

    /// Closes the windows that are due and returns their messages, worst first.
    ///
    /// - Parameter caughtUp: the reader has met the log's head. While it has
    ///   not, a window waits, so that a backlog becomes one message; at most
    ///   `maxWindow`.
    /// - Parameter admits: Asked before a group's message is composed; where it says no, the
    ///   group begins anew, without what it had to say.
    public mutating func due(
        now: Timestamp, caughtUp: Bool, admits: (GroupKey) -> Bool = { _ in true }
    ) -> [Digest] {
        guard shared.slots(at: now, settings: settings) > 0 else { return [] }
        wakeEchoes()
        // In the order of their times, so that a restart closes them alike.
        var open: [(moment: Timestamp, place: Int)] = []
        for place in table.groups.indices {
            guard let moment = table.deadline(of: place, settings),
                now
                    >= (caughtUp
                        ? moment : table.groups[place].window?.patience(settings) ?? .never)
            else { continue }
            open.append((moment, place))
        }
        open.sort {
            ($0.moment, table.groups[$0.place].live.key.text)
                < ($1.moment, table.groups[$1.place].live.key.text)
        }
        var digests = open.compactMap { _, place -> Digest? in
            guard admits(table.groups[place].live.key) else {
                beginAnew(place)
                return nil
            }
            return close(place, now: now)
        }
        for i in digests.indices { countEchoes(of: &digests[i]) }
        digests.sort(by: Digest.worstFirst)
        return shared.spend(on: digests, now: now, settings: settings)
    }

    /// Forgets all of a group but how far it has read, which a restart reads no second time.
    public mutating func beginAnew(_ key: GroupKey) {
        if let place = table.place(of: key) { beginAnew(place) }
    }

    private mutating func beginAnew(_ place: Int) {
        let old = table.groups[place]
        room.giveBack(old.live)
        var group = Group(GroupState(key: old.live.key, absorbedTo: old.live.absorbedTo))
        group.unstoredFrom = old.unstoredFrom ?? position
        table.groups[place] = group
        hasClosed = true
    }

    /// When `due` should be asked next, if no line comes before; nil when no
    /// group has anything to tell.
    public var nextDeadline: Timestamp? {
        var first: Timestamp?
        for place in table.groups.indices {
            guard let moment = table.deadline(of: place, settings) else { continue }
            first = min(first ?? moment, moment)
        }
        guard let first else { return nil }
        return max(first, shared.openAgain(settings: settings) ?? first)
    }

    /// Closes one group's window. nil when there is nothing to tell after all:
    /// what had changed has changed back.
    private mutating func close(_ place: Int, now: Timestamp) -> Digest? {
        var group = table.groups[place]
        guard let incident = group.live.incident else { return nil }
        defer { table.groups[place] = group }
        crowdedUntil = .longAgo
        hasClosed = true
        let hadWindow = group.window != nil
        group.window = nil
        group.asksAgain = false
        // Its state differs from the stored one from here on, lines or not.
        if group.unstoredFrom == nil { group.unstoredFrom = position }
        let isOver = incident.recoveredAt != nil || incident.outcome != nil
        let silent = incident.told != nil && !incident.hasNews
        if hadWindow, incident.told != nil, !isOver, group.live.changes(settings).isEmpty {
            return nil
        }
        // Nobody waits for the end of a warning.
        if silent, incident.isNoticeOnly {
            group.live.incident = nil
            return nil
        }
        // Another group told of it; nothing is left to tell.
        if incident.echo != nil, incident.told == nil,
            isOver || (group.live.lastSeen ?? now) + settings.repeatEvery < now
        {
            group.live.incident = nil
            return nil
        }
        var digest = Digest(
            of: group.live, incident: incident, composedAt: now,
            shed: shared.shed -| group.live.shedTold, silent: silent, settings: settings)
        // A window was open no longer than that, so its lines came late; without one, nothing new came.
        if hadWindow, digest.to + settings.maxWindow < now { digest.late = now - digest.to }
        if let cause = reasonToWait(digest, group.live, at: now) {
            hold(digest, back: cause, &group.live, isOver: isOver)
            return nil
        }
        if isOver || silent {
            if incident.flapping { group.live.starts = [] }
            group.live.incident = nil
        } else {
            let told = group.live.told(settings, to: digest.receivers)
            group.live.incident?.settle(told)
        }
        group.live.saidAt = now
        group.live.swallowed = nil
        group.live.shedTold = shared.shed
        return digest
    }

    // MARK: - Remembering

    /// Where the durable cursor may stand once a checkpoint is written: before the first line
    /// of a group with an open window that its stored state doesn't know, else at `position`.
    /// Never beyond `head`.
    public func resumePosition(head: LogPosition) -> LogPosition {
        var from = position
        for place in table.groups.indices where table.groups[place].window != nil {
            from = min(from, table.groups[place].unstoredFrom ?? from)
        }
        return min(head, from)
    }

    /// What changed since the last checkpoint, to be written in one
    /// transaction with the digests that `due` returned.
    public mutating func checkpoint() -> Checkpoint {
        var changed: [GroupState] = []
        for place in table.groups.indices
        where table.groups[place].unstoredFrom != nil && table.groups[place].window == nil {
            changed.append(table.groups[place].live)
            table.groups[place].unstoredFrom = nil
        }
        changed.sort { $0.key.text < $1.key.text }
        let removed = forgotten.subtracting(changed.map(\.key.text))
        forgotten = []
        hasClosed = false
        return Checkpoint(
            position: resumePosition(head: position), groups: changed,
            shared: shared.json(at: position), removed: removed)
    }

    /// The groups as they stand, by key.
    public var states: [GroupState] {
        table.groups.indices.map { table.groups[$0].live }.sorted { $0.key.text < $1.key.text }
    }
}
