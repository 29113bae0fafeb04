/// Limits the share of the open segment that one node's lines may use.
///
/// Prevents one noisy node from displacing the lines of others in a full log.
struct NodeShares: Sendable {
    /// Bytes per node since the segment was opened.
    private var bytes: [Hash128: Int] = [:]
    /// Nodes seen since the log was opened.
    private var nodes: Set<Hash128> = []
    /// The node that is currently refused.
    private var held: Hash128?
    private let limit: Int
    /// The maximum of tracked nodes; further nodes have no limit.
    private static let most = 4096

    /// - Parameters:
    ///   - share: The share of a segment that one node may use.
    ///   - segmentLimit: The size of a segment in bytes.
    init(share: Double, segmentLimit: Int) { limit = Int(share * Double(segmentLimit)) }

    /// Resets the counts, for a new segment.
    mutating func begin() {
        bytes.removeAll(keepingCapacity: true)
        held = nil
    }

    mutating func note(_ node: Hash128?, bytes count: Int) {
        guard let node, nodes.contains(node) || nodes.count < Self.most else { return }
        nodes.insert(node)
        bytes[node, default: 0] += count
    }

    /// Whether `count` more bytes exceed the node's share.
    ///
    /// Never true for the first lines of a node in a segment, nor while only one node is known.
    func isOver(_ node: Hash128?, bytes count: Int) -> Bool {
        guard let node, nodes.count > 1, let had = bytes[node], had > 0 else { return false }
        return had + count > limit
    }

    /// Whether to refuse `count` more bytes.
    ///
    /// Only one node is refused at a time: if a second node exceeds its share, no single node is
    /// the cause, and all counts are reset.
    mutating func refuses(_ node: Hash128?, bytes count: Int) -> Bool {
        guard isOver(node, bytes: count) else { return false }
        if let held, held != node {
            begin()
            return false
        }
        held = node
        return true
    }
}
