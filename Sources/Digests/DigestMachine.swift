public import Events

/// Turns the event log into messages: groups failures, decides when each group
/// speaks, and knows what may be forgotten.
///
/// Pure: no clock, no disk. Feed it every line in log order with `observe`,
/// then ask `due`; write the digests together with `checkpoint` in one
/// transaction. A machine restored from the last checkpoint, and fed the log
/// from its position, composes the same digests with the same ids.
///
/// A value: keep a copy, and drop the changed one when the transaction fails.
public struct DigestMachine: Sendable {
    public let settings: DigestSettings
    /// Where the reader is: the end of the last line observed.
    public private(set) var position: LogPosition
    var groups: [String: Group] = [:]
    var shared: SharedState
    /// What is not to be sent now; may be set at any time. A silence that is
    /// taken away lets speak at once what it held back.
    public var silences: [Silence] = [] {
        didSet { wakeSilenced() }
    }
    /// Messages held back since the last call of `takeSuppressions`.
    var suppressions: [Suppression] = []
    /// Keys whose durable form differs from what was last saved.
    private var unsaved: Set<String> = []
    private var recentKeys: RecentKeys
    /// Every group is open: known until one becomes quiet, so that a storm of new
    /// names doesn't look through all groups for each line.
    private var isCrowded = false

    /// A group, and its form before the window that is open.
    struct Group: Sendable {
        var live: GroupState
        var window: OpenWindow?
        /// The silence that holds the group back may be gone.
        var asksAgain = false

        /// What a line did to the group.
        enum Change {
            /// It was folded in before.
            case none
            /// A window is open, which keeps it from being saved.
            case window
            /// Nothing to tell: the group is failing as it was, or isn't.
            case still, quiet
        }

        /// Folds a line in, in place: groups are large, and lines are many.
        mutating func absorb(
            _ event: Event, _ role: EventRole, from: LogPosition, at end: LogPosition,
            now: Timestamp, settings: DigestSettings
        ) -> Change {
            guard end > live.absorbedTo else { return .none }
            if window != nil {
                _ = live.absorb(event, role: role, at: end, settings: settings)
                return .window
            }
            let before = live
            guard live.absorb(event, role: role, at: end, settings: settings) else {
                return live.isFailing ? .still : .quiet
            }
            let isNew = before.absorbedTo == .start
            window = OpenWindow(
                base: isNew ? nil : before, from: from, opened: event.ts, met: now)
            return .window
        }
    }

    /// Lines that are not told yet.
    struct OpenWindow: Sendable {
        /// The group before the window's first line: what a checkpoint saves,
        /// so that the window is read from the log again after a restart. nil
        /// for a group that the window's first line created.
        var base: GroupState? { saved?.state }
        private let saved: Saved?
        /// Where to read from to meet the first line again.
        let from: LogPosition
        /// The time that the first line carries.
        let opened: Timestamp
        /// When this process met it; bounds the harm of senders' clocks.
        let met: Timestamp

        init(base: GroupState?, from: LogPosition, opened: Timestamp, met: Timestamp) {
            saved = base.map(Saved.init)
            self.from = from
            self.opened = opened
            self.met = met
        }

        /// Apart from the window: states are large, and a table of groups has room for more than
        /// it holds.
        private final class Saved: Sendable {
            let state: GroupState

            init(_ state: GroupState) { self.state = state }
        }
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
        recentKeys = RecentKeys(names: settings.groupBy)
        for (key, text) in states {
            if key == SharedState.key, let state = SharedState(json: text) {
                shared = state
            } else if let state = GroupState(json: text), state.key.text == key {
                groups[key] = Group(live: state)
            } else {
                unreadable += 1
            }
        }
    }

    /// Saved states that could not be read at the start.
    public private(set) var unreadable = 0

    /// Groups with an open failure.
    public var openGroups: Int { groups.values.count { $0.live.isFailing } }

    /// What is held back until its silence or another group's incident ends.
    public var heldBack: Int {
        groups.values.count {
            $0.live.incident?.silence != nil || $0.live.incident?.echo != nil
        }
    }

    // MARK: - Observing

    /// Folds the line that ends at `end` in.
    ///
    /// - Parameter now: when it is read, by the notifier's clock.
    public mutating func observe(_ event: Event, at end: LogPosition, now: Timestamp) {
        let from = position
        position = max(position, end)
        shared.absorb(event, at: end)
        let role = EventRole(of: event)
        guard role != .neutral else { return }
        if case .outcome = role {
            for name in groups(endedBy: event) {
                absorb(event, role, into: name, from: from, at: end, now: now)
            }
            return
        }
        var key = recentKeys.key(of: event)
        if groups[key.text] == nil { key = room(for: key, from: from) }
        absorb(event, role, into: key.text, from: from, at: end, now: now)
    }

    /// The groups that the end of a run concerns: those that agree in every
    /// field that the event names. A hook may not know the revision.
    private func groups(endedBy event: Event) -> [String] {
        groups.filter { _, group in
            let said = group.live.key.fields.compactMap { field in
                event.value(of: field.name).map { $0 == field.value }
            }
            // A namespace alone would end everything in it.
            let isNamed = event.rollout.map { $0 == group.live.key["rollout"] } ?? false
            return group.live.isFailing && isNamed && said.allSatisfy(\.self)
        }.keys.sorted()
    }

    private mutating func absorb(
        _ event: Event, _ role: EventRole, into name: String, from: LogPosition,
        at end: LogPosition, now: Timestamp
    ) {
        let change = groups[name]?.absorb(
            event, role, from: from, at: end, now: now, settings: settings)
        guard change == .quiet || change == .still else { return }
        unsaved.insert(name)
        if change == .quiet { isCrowded = false }
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

    /// Makes sure that `key` has a group, making room by forgetting quiet
    /// groups; the overflow group when every group is open.
    private mutating func room(for key: GroupKey, from: LogPosition) -> GroupKey {
        var key = key
        if isCrowded {
            key = .overflow
        } else if groups.count >= Bounds.groups {
            let quiet = groups.filter { !$0.value.live.isFailing && $0.value.window == nil }
                .sorted { ($0.value.live.absorbedTo, $0.key) < ($1.value.live.absorbedTo, $1.key) }
            // Several at once: a storm of new names must not sort for each.
            for (name, _) in quiet.prefix(Bounds.groups / 8) {
                groups[name] = nil
                unsaved.insert(name)
            }
            if quiet.isEmpty {
                key = .overflow
                isCrowded = true
            }
        }
        if groups[key.text] == nil {
            groups[key.text] = Group(live: GroupState(key: key, absorbedTo: .start))
        }
        return key
    }

    // MARK: - Speaking

    /// Closes the windows that are due and returns their messages, worst first.
    ///
    /// - Parameter caughtUp: the reader has met the log's head. While it has
    ///   not, a window waits, so that a backlog becomes one message; at most
    ///   `maxWindow`.
    public mutating func due(now: Timestamp, caughtUp: Bool) -> [Digest] {
        guard shared.slots(at: now, settings: settings) > 0 else { return [] }
        wakeEchoes()
        // In the order of their times, so that a restart closes them alike.
        var open: [(moment: Timestamp, name: String)] = []
        for (name, group) in groups {
            guard let moment = group.deadline(settings),
                now >= (caughtUp ? moment : group.window?.patience(settings) ?? .never)
            else { continue }
            open.append((moment, name))
        }
        open.sort { ($0.moment, $0.name) < ($1.moment, $1.name) }
        var digests = open.compactMap { close($0.name, at: $0.moment, now: now) }
        for i in digests.indices { countEchoes(of: &digests[i]) }
        digests.sort(by: Digest.worstFirst)
        return shared.spend(on: digests, now: now, settings: settings)
    }

    /// When `due` should be asked next, if no line comes before; nil when no
    /// group has anything to tell.
    public var nextDeadline: Timestamp? {
        guard let first = groups.values.compactMap({ $0.deadline(settings) }).min() else {
            return nil
        }
        return max(first, shared.openAgain(settings: settings) ?? first)
    }

    /// Closes one group's window. nil when there is nothing to tell after all:
    /// what had changed has changed back.
    private mutating func close(_ name: String, at moment: Timestamp, now: Timestamp) -> Digest? {
        guard var group = groups[name], let incident = group.live.incident else { return nil }
        isCrowded = false
        group.window = nil
        group.asksAgain = false
        unsaved.insert(name)
        let isOver = incident.recoveredAt != nil || incident.outcome != nil
        let silent = incident.told != nil && !incident.hasNews
        if groups[name]?.window != nil, incident.told != nil, !isOver,
            group.live.changes(settings).isEmpty
        {
            groups[name] = group
            return nil
        }
        // Nobody waits for the end of a warning.
        if silent, incident.isNoticeOnly {
            group.live.incident = nil
            groups[name] = group
            return nil
        }
        // Another group told of it; nothing is left to tell.
        if incident.echo != nil, incident.told == nil,
            isOver || (group.live.lastSeen ?? now) + settings.repeatEvery < now
        {
            group.live.incident = nil
            groups[name] = group
            return nil
        }
        let composedAt = min(now, max(moment, incident.untoldTo ?? moment))
        let digest = Digest(
            of: group.live, incident: incident, composedAt: composedAt,
            shed: shared.shed - group.live.shedTold, silent: silent, settings: settings)
        if let cause = reasonToWait(digest, group.live, at: now) {
            hold(digest, back: cause, &group.live, isOver: isOver)
            groups[name] = group
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
        groups[name] = group
        return digest
    }

    // MARK: - Remembering

    /// Where the durable cursor may stand: before the first line that a window
    /// still has to tell, else at `position`. Never beyond `head`.
    public func resumePosition(head: LogPosition) -> LogPosition {
        min(head, groups.values.compactMap { $0.window?.from }.min() ?? position)
    }

    /// What changed since the last checkpoint, to be written in one
    /// transaction with the digests that `due` returned.
    public mutating func checkpoint() -> Checkpoint {
        var changed: [String: String] = [SharedState.key: shared.json(at: position)]
        var removed: Set<String> = []
        for name in unsaved {
            guard let group = groups[name] else {
                removed.insert(name)
                continue
            }
            switch group.window {
            case nil: changed[name] = group.live.json
            case .some(let window):
                changed[name] = window.base?.json
                if window.base == nil { removed.insert(name) }
            }
        }
        unsaved = []
        return Checkpoint(
            position: resumePosition(head: position), changed: changed, removed: removed)
    }

    /// The groups as they stand, by key.
    public var states: [GroupState] {
        groups.values.map(\.live).sorted { $0.key.text < $1.key.text }
    }
}
