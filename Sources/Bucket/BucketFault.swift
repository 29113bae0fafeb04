/// A failed request to the bucket, with its place and a remedy. Contains no credential.
public struct BucketFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of reasons, usable as a metric label.
    public enum Kind: String, Sendable, CaseIterable {
        /// The configuration is wrong.
        case invalid
        /// There are no credentials, or they could not be renewed.
        case credentials
        /// The store refuses the credentials or the action (401, 403, or a code for a token that has
        /// expired).
        case denied
        /// The store has the bucket and not the object (404 with the code NoSuchKey).
        case missing
        /// Any other 404: there is no such bucket, or no store at this address.
        case noBucket = "no_bucket"
        /// An object of this key exists with other bytes (412).
        case taken
        /// The store is overloaded or has a fault of its own (408, 429, 500, 502, 503, 504).
        case busy
        /// The store could not be reached, or did not answer in time.
        case unreachable
        /// The answer is not what the protocol allows, or its bytes are damaged.
        case answer
        /// The store refuses the request for another reason.
        case refused
        /// The calling task was cancelled.
        case cancelled
    }

    public let kind: Kind
    /// The request, such as `PUT s3://bucket/prefix/key`.
    public let place: String
    /// One line.
    public let words: String

    public init(_ kind: Kind, place: String, words: String) {
        self.kind = kind
        self.place = place
        self.words = words
    }

    /// What an operator can do about it.
    public var remedy: String {
        switch kind {
        case .invalid: "correct bucket: in the configuration"
        case .credentials: "check bucket.credentials and where they come from"
        case .denied:
            "grant the credentials s3:PutObject, s3:GetObject, s3:ListBucket, s3:DeleteObject and s3:AbortMultipartUpload on the prefix, and check this machine's clock"
        case .missing: "check that nothing else removes objects below this prefix"
        case .noBucket: "check that the bucket exists, and bucket.url, region and endpoint"
        case .taken: "check that no other installation uses this prefix"
        case .busy: "nothing: it is tried again; check the store's load if it lasts"
        case .unreachable: "check the endpoint, the network and the store"
        case .answer:
            "check that bucket.region is the bucket's, that the endpoint is an S3 API, and any proxy before it"
        case .refused: "see the store's answer"
        case .cancelled: "nothing: the request was cancelled"
        }
    }

    public var description: String { "\(place): \(words); \(remedy)" }
}
