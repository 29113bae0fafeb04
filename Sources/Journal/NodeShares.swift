/// How much of the open segment each node's lines take, so that one noisy node
/// can't push the others' lines out of a full log.
struct NodeShares: Sendable {
    /// Bytes by node since the segment began.
    private var bytes: [Hash128: Int] = [:]
    /// Nodes that were heard since the log was opened.
    private var nodes: Set<Hash128> = []
    /// The node that is refused at present.
    private var held: Hash128?
    private let limit: Int
    /// Further nodes are not held to a share.
    private static let most = 4096

    /// `share` of a segment of `segmentLimit` bytes.
    init(share: Double, segmentLimit: Int) { limit = Int(share * Double(segmentLimit)) }

    /// A new segment: everybody begins anew.
    mutating func begin() {
        bytes.removeAll(keepingCapacity: true)
        held = nil
    }

    mutating func note(_ node: Hash128?, bytes count: Int) {
        guard let node, nodes.contains(node) || nodes.count < Self.most else { return }
        nodes.insert(node)
        bytes[node, default: 0] += count
    }

    /// Whether `count` bytes more are beyond the node's share. The first lines of a
    /// node always pass, and so does all of a node that is the only one.
    func isOver(_ node: Hash128?, bytes count: Int) -> Bool {
        guard let node, nodes.count > 1, let had = bytes[node], had > 0 else { return false }
        return had + count > limit
    }

    /// Whether to refuse them. Only one node is held at a time: when another has
    /// filled a share too, none is the noisy one and all begin anew.
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
