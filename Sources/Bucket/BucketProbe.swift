/// Checks that a store does what Bellwether needs. Each failure names the missing permission.
public struct BucketProbe: Sendable {
    /// One checked property.
    public struct Finding: Sendable, Equatable {
        /// Such as `write (s3:PutObject)`.
        public let subject: String
        /// Nil if the property holds.
        public let fault: BucketFault?
    }

    private let bucket: Bucket

    public init(_ bucket: Bucket) { self.bucket = bucket }

    /// How many writers race for one name.
    private static let writers = 4

    /// Writes, reads, lists and removes objects of a name that no other probe uses. Stops where a
    /// later check depends on a failed one.
    public func run() async -> [Finding] {
        let name = "probe/\(UInt64.random(in: .min ... .max))"
        var findings: [Finding] = []
        func check(
            _ subject: String, _ work: () async throws(BucketFault) -> String?
        ) async -> Bool {
            var fault: BucketFault?
            do throws(BucketFault) {
                fault = try await work().map {
                    BucketFault(.answer, place: bucket.location.url, words: $0)
                }
            } catch { fault = error }
            findings.append(Finding(subject: subject, fault: fault))
            return fault == nil
        }
        let bytes = Array("bellwether probe".utf8)
        let canWrite = await check("write (s3:PutObject)") { () throws(BucketFault) in
            try await bucket.put(name, bytes)
            return nil
        }
        guard canWrite else { return findings }
        _ = await check("read (s3:GetObject)") { () throws(BucketFault) in
            guard try await bucket.get(name) == bytes,
                try await bucket.get(name, range: 3..<7) == Array(bytes[3..<7])
            else { return "the store returns other bytes than were written" }
            return nil
        }
        _ = await check("list (s3:ListBucket)") { () throws(BucketFault) in
            try await bucket.list(name).map(\.name) == [name]
                ? nil : "the listing does not show an object that was just written"
        }
        _ = await check("clock") { () throws(BucketFault) in
            guard let difference = try await bucket.clockDifference(name) else {
                return "the answers of the store have no Date, so its clock cannot be compared"
            }
            return Self.fault(ofClock: difference)
        }
        _ = await check("create only (If-None-Match)") { () throws(BucketFault) in
            try await race(name)
        }
        _ = await check("remove (s3:DeleteObject)") { () throws(BucketFault) in
            for suffix in ["", "-race"] { try await bucket.remove(name + suffix) }
            return nil
        }
        _ = await check("abort an upload (s3:AbortMultipartUpload)") { () throws(BucketFault) in
            try await bucket.abortUpload(try await bucket.beginUpload(name))
            return nil
        }
        return findings
    }

    /// Whether the store creates an object only once; returns what is wrong.
    ///
    /// - Throws: If the store does not say, for example because it cannot be reached.
    public func conditionFault() async throws(BucketFault) -> String? {
        let name = "probe/\(UInt64.random(in: .min ... .max))"
        try await bucket.put(name, Array("bellwether probe".utf8))
        let fault = try await race(name)
        for suffix in ["", "-race"] { try await bucket.remove(name + suffix) }
        return fault
    }

    /// Requests that are dated more than 15 minutes off are refused ("Common errors", Amazon S3 API
    /// Reference); a smaller difference is reported before that.
    static func fault(ofClock difference: Duration) -> String? {
        let seconds = difference.components.seconds
        guard abs(seconds) > 60 else { return nil }
        return
            "the store's clock is \(abs(seconds)) s \(seconds > 0 ? "ahead of" : "behind") this machine's, and requests are refused from 900 s on; synchronize the clocks"
    }

    /// Some stores accept the condition and ignore it: two nodes could then both lead.
    private func race(_ name: String) async throws(BucketFault) -> String? {
        // The object of the first check exists.
        let second = await create(name, [0])
        if case .success = second { return Self.ignored }
        if let fault = Self.otherFault(second) { throw fault }
        let outcomes = await withTaskGroup(of: Result<Bucket.Creation, BucketFault>.self) { group in
            for writer in 0..<Self.writers {
                group.addTask { await create(name + "-race", [UInt8(writer)]) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        if let fault = outcomes.lazy.compactMap(Self.otherFault).first { throw fault }
        let created = outcomes.count { if case .success = $0 { true } else { false } }
        return created == 1 ? nil : Self.ignored
    }

    private static let ignored =
        "a second writer replaced an object that it was to create: the store ignores the condition; do not use it for two notifiers"

    private func create(
        _ name: String, _ bytes: [UInt8]
    ) async -> Result<Bucket.Creation, BucketFault> {
        do throws(BucketFault) { return .success(try await bucket.create(name, bytes)) } catch {
            return .failure(error)
        }
    }

    /// A fault other than that the object exists.
    private static func otherFault(
        _ outcome: Result<Bucket.Creation, BucketFault>
    ) -> BucketFault? {
        if case .failure(let fault) = outcome, fault.kind != .taken { fault } else { nil }
    }
}
