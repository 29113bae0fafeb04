public import Events

extension DigestMachine {
    /// Where a machine starts whose states were read from the log's decisions.
    public struct Rebuilding: Sendable, Equatable {
        /// The position from which lines are read again.
        public let from: LogPosition
        /// Keys of the states to delete: the groups that are quiet longest. The log may name more
        /// groups than a machine holds.
        public let forgotten: [String]
    }

    /// Returns where to start from `states`.
    ///
    /// A state is that of its group's last decision. Lines after it are read again if the group
    /// has an open incident, whose counts they change.
    ///
    /// - Parameter position: The durable cursor's position at the last decision.
    public static func rebuilding(
        _ states: [String: String], decidedAt position: LogPosition
    ) -> Rebuilding {
        var from = position
        var quiet: [(to: LogPosition, key: String)] = []
        for (key, text) in states where key != SharedState.key {
            guard let state = GroupState(json: text) else { continue }
            if state.isFailing {
                from = min(from, state.absorbedTo)
            } else {
                quiet.append((state.absorbedTo, key))
            }
        }
        quiet.sort { ($0.to, $0.key) < ($1.to, $1.key) }
        return Rebuilding(
            from: from, forgotten: quiet.dropLast(Bounds.rebuiltQuiet).map(\.key))
    }
}
