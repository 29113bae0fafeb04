import Transfer

/// An object as a listing shows it.
public struct BucketObject: Sendable, Hashable {
    /// Relative to the prefix of the bucket.
    public let name: String
    /// In bytes.
    public let size: Int
}

extension Bucket {
    /// The objects whose names start with `start`, in the order of their UTF-8 bytes.
    ///
    /// - Parameters:
    ///   - after: Only names behind this one.
    ///   - first: Only this many, the first ones.
    public func list(
        _ start: String, after: String? = nil, first limit: Int = .max
    ) async throws(BucketFault) -> [BucketObject] {
        var objects: [BucketObject] = []
        var token: String?
        repeat {
            var query = [("list-type", "2"), ("prefix", location.key(start))]
            if let after { query.append(("start-after", location.key(after))) }
            if let token { query.append(("continuation-token", token)) }
            if limit < 1000 { query.append(("max-keys", "\(limit)")) }
            let request = BucketRequest(method: "GET", query: query, maxBody: 8 << 20)
            let reply = try await send(request)
            let page = try Self.page(reply.body, place: request.place(location))
            for (key, size) in page.objects {
                let names = location.prefix.isEmpty ? "" : location.prefix + "/"
                guard key.hasPrefix(names) else { continue }
                objects.append(BucketObject(name: String(key.dropFirst(names.count)), size: size))
            }
            guard page.next == nil || page.next != token else {
                throw BucketFault(
                    .answer, place: request.place(location),
                    words: "the store repeats a page of the listing")
            }
            token = page.next
        } while token != nil && objects.count < limit
        return Array(objects.prefix(limit))
    }

    /// Reads one page of ListObjectsV2 (Amazon S3 API Reference).
    static func page(
        _ body: [UInt8], place: String
    ) throws(BucketFault) -> (objects: [(key: String, size: Int)], next: String?) {
        let page = Page()
        let isWhole = XMLValues.elements(body) { path, text in page.take(path, text) }
        guard isWhole, page.isListing, !page.hasUnreadable, !page.isTruncated || page.next != nil
        else {
            throw BucketFault(.answer, place: place, words: "the answer is not a listing")
        }
        return (page.objects, page.isTruncated ? page.next : nil)
    }

    /// Collects the elements of a page.
    private final class Page {
        var objects: [(key: String, size: Int)] = []
        var next: String?
        var isTruncated = false
        var isListing = false
        /// Whether an object lacks its key or its size.
        var hasUnreadable = false
        private var key: String?
        private var size: Int?

        func take(_ path: [String], _ text: String) {
            switch path {
            case ["ListBucketResult"]: isListing = true
            case ["ListBucketResult", "IsTruncated"]: isTruncated = text == "true"
            case ["ListBucketResult", "NextContinuationToken"]: next = text
            case ["ListBucketResult", "Contents", "Key"]: key = text
            case ["ListBucketResult", "Contents", "Size"]: size = Int(text)
            case ["ListBucketResult", "Contents"]:
                if let key, let size, size >= 0 {
                    objects.append((key, size))
                } else {
                    hasUnreadable = true
                }
                (key, size) = (nil, nil)
            default: break
            }
        }
    }
}
