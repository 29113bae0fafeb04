import Events

/// A fault of a gateway node, not of the canary that it measured.
///
/// Every rollout measured there fails by the same checks.
public struct NodeFault: Sendable, Hashable {
    public let az: String
    public let node: String
    /// The number of groups that fail only by this fault and are not reported one by one.
    public var suppressed: Int
    /// The keys of the first of these groups, at most 8.
    public var names: [GroupKey]

    init(az: String, node: String, suppressed: Int = 0, names: [GroupKey] = []) {
        self.az = az
        self.node = node
        self.suppressed = suppressed
        self.names = names
    }
}

extension Source {
    /// Whether the place fails only by checks of the node itself.
    func isNodeFault(_ settings: DigestSettings) -> Bool {
        let over = metrics.filter(\.isOver)
        return status.isDegraded && !node.isEmpty && omittedMetrics == 0 && !over.isEmpty
            && over.allSatisfy { track in
                settings.nodeChecks.contains { track.metric.hasPrefix($0) }
            }
    }
}

extension GroupState {
    /// The only failing place, if it fails only by a fault of its node; else nil.
    func nodeFault(_ settings: DigestSettings) -> Source? {
        guard let incident, !incident.isNoticeOnly, incident.omittedLines == 0 else { return nil }
        let failing = sources.filter(\.status.isDegraded)
        guard failing.count == 1, failing[0].isNodeFault(settings) else { return nil }
        return failing[0]
    }
}
