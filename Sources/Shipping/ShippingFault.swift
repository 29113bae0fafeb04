public import Bucket

/// Why a node's log cannot be continued in its bucket.
public enum ShippingFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another node, of this name, continued the log in the bucket.
    case overtaken(by: String)
    /// This node's lease ran out, since the bucket took none of its writes.
    case lapsed
    /// This node handed over to the other one.
    case handedOver
    /// The folder holds lines that the bucket lacks, and another node continued the log: they are
    /// set aside in the bucket, and the next start restores the folder.
    case setAside(lines: Int)
    /// The folder holds other lines than the bucket.
    case diverged(place: String)
    /// The bucket has lines that this folder lost.
    case behind(place: String)
    /// A restore of the folder was interrupted, and its bucket is no longer configured.
    case unfinished(place: String)
    /// The folder is of another cluster than the bucket.
    case otherCluster(place: String)
    /// An object of the log cannot be read, or breaks the protocol.
    case object(place: String, words: String)
    /// The folder is empty, and the bucket does not say whether it holds the node's log.
    case undecided(place: String, BucketFault)
    /// The bucket could not be used.
    case bucket(BucketFault)
    /// The folder could not be used.
    case folder(String)

    /// Whether a further start can succeed only after a person changed something.
    public var isPermanent: Bool {
        switch self {
        case .diverged, .behind, .unfinished, .otherCluster, .object: true
        case .overtaken, .lapsed, .handedOver, .setAside, .undecided, .bucket, .folder: false
        }
    }

    public var description: String {
        switch self {
        case .overtaken(let node):
            "another node\(node.isEmpty ? "" : " (\(node))") continues the log in the bucket, so this one has stopped; if both are wanted, give each a prefix of its own in bucket.url"
        case .lapsed:
            "this node no longer leads: the bucket took none of its writes for ha.lease; it starts again as a follower"
        case .handedOver:
            "this node has handed over to the other one; it starts again as a follower"
        case .setAside(let lines):
            "another node continues the log, and \(lines) lines of this folder were not in the bucket; they are there now, and the other node adds them to its log; the next start restores this folder"
        case .diverged(let place):
            "\(place): the bucket's log was continued by another node and lacks lines of this folder; start with an empty data_dir to restore the bucket's log, after moving this folder away, or give this node a prefix of its own in bucket.url; if the bucket was emptied or replaced, remove bucket.json and log/shipped from this folder"
        case .behind(let place):
            "\(place): the bucket has lines that this folder lacks, which may be an older copy; move this folder away and start with an empty data_dir, which gets them from the bucket"
        case .unfinished(let place):
            "\(place): a restore of this folder was interrupted; start with the same bucket.url, or empty this folder"
        case .otherCluster(let place):
            "\(place): the bucket's log was not made by this folder; start with an empty data_dir to restore it, or give this node a prefix of its own in bucket.url"
        case .object(let place, let words): "\(place): \(words)"
        case .undecided(let place, let fault):
            "\(place): is empty, and the bucket, which may hold this node's log, does not answer: \(fault); start again when it answers, or remove the key bucket to begin a new log"
        case .bucket(let fault): fault.description
        case .folder(let words): words
        }
    }
}
