import Events

/// A fault of the node itself, not of the canary that it measured: every
/// rollout measured there fails by the same checks.
public struct NodeFault: Sendable, Hashable {
    public let az: String
    public let node: String
    /// Groups that fail by this fault alone and are not told of one by one.
    public var echoes: Int
    /// Some of them by name, at most 8.
    public var names: [GroupKey]

    init(az: String, node: String, echoes: Int = 0, names: [GroupKey] = []) {
        self.az = az
        self.node = node
        self.echoes = echoes
        self.names = names
    }
}

extension Source {
    /// Whether nothing but checks of the node itself speaks against the place.
    func isNodeFault(_ settings: DigestSettings) -> Bool {
        let over = metrics.filter(\.isOver)
        return status.isDegraded && !node.isEmpty && omittedMetrics == 0 && !over.isEmpty
            && over.allSatisfy { track in
                settings.nodeChecks.contains { track.metric.hasPrefix($0) }
            }
    }
}

extension GroupState {
    /// The one failing place when it fails by its node's own fault alone.
    func nodeFault(_ settings: DigestSettings) -> Source? {
        guard let incident, !incident.isNoticeOnly, incident.omittedLines == 0 else { return nil }
        let failing = sources.filter(\.status.isDegraded)
        guard failing.count == 1, failing[0].isNodeFault(settings) else { return nil }
        return failing[0]
    }
}
