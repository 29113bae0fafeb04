import Bucket
import Core
import EventLog
import Events
import Replication

/// The numbered objects in the bucket.
struct SharedLog: Sendable {
    let bucket: Bucket
    /// How many objects are read at once.
    private static let width: UInt64 = 16

    func place(_ number: UInt64) -> String {
        "\(bucket.location.url)/\(LogObject.name(number))"
    }

    /// The stored form of an object.
    func pack(_ object: LogObject) async throws(ShippingFault) -> [UInt8] {
        try await pack(text: object.text)
    }

    func pack(text: [UInt8]) async throws(ShippingFault) -> [UInt8] {
        let bytes = await BlockingExecutor.shipping.run { PackedText.pack(text) }
        guard let bytes else {
            throw .folder("there is too little memory to compress an object of the log")
        }
        return bytes
    }

    /// Runs requests for at most `limit`, if there is one. Requests that run then are cancelled and
    /// not waited for: they may wait for credentials, or for their turn.
    static func within<Found: Sendable>(
        _ limit: Duration?, of name: String,
        _ work: @escaping @Sendable () async throws(BucketFault) -> Found
    ) async throws(BucketFault) -> Found {
        guard let limit else { return try await work() }
        let (results, feed) = AsyncStream.makeStream(of: Result<Found, BucketFault>.self)
        let task = Task {
            do throws(BucketFault) { feed.yield(.success(try await work())) } catch {
                feed.yield(.failure(error))
            }
        }
        let timer = Task {
            try await Task.sleep(for: limit)
            feed.finish()
        }
        defer {
            task.cancel()
            timer.cancel()
        }
        for await result in results { return try result.get() }
        guard !Task.isCancelled else {
            throw BucketFault(.cancelled, place: name, words: "the request was cancelled")
        }
        throw BucketFault(.unreachable, place: name, words: "no answer within \(limit)")
    }

    static func randomName() -> String {
        let words: [UInt64] = [.random(in: .min ... .max), .random(in: .min ... .max)]
        return ContentHash.hexDigits(
            words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } })
    }

    /// The number of the oldest object that has not been removed; nil if there is none.
    func oldest() async throws(ShippingFault) -> UInt64? {
        let objects: [BucketObject]
        do throws(BucketFault) {
            // All numbers start with zeros. A console may have created an object `log/`.
            objects = try await bucket.list(LogObject.folder + "0000", first: 1)
        } catch { throw .bucket(error) }
        guard let name = objects.first?.name else { return nil }
        guard let number = LogObject.number(of: name) else {
            throw .object(
                place: "\(bucket.location.url)/\(name)",
                words:
                    "it is no object of the log; check that nothing else writes below this prefix")
        }
        return number
    }

    /// The number of the newest object, found with few requests, since numbers have no gaps.
    ///
    /// - Parameter known: A number that exists.
    func newest(from known: UInt64) async throws(ShippingFault) -> UInt64 {
        var (low, step) = (known, UInt64(1))
        while try await exists(low +| step) {
            low +|= step
            step = step *| 2
        }
        return try await Self.last(in: low..<(low +| step)) { number throws(ShippingFault) in
            try await exists(number)
        }
    }

    func exists(_ number: UInt64) async throws(ShippingFault) -> Bool {
        do throws(BucketFault) {
            return try await bucket.size(LogObject.name(number)) != nil
        } catch { throw .bucket(error) }
    }

    /// The last number for which `holds` is true, found by bisection. `holds` must be true for the
    /// first number, and false for all numbers after one for which it is false.
    static func last(
        in range: Range<UInt64>, isolation: isolated (any Actor)? = #isolation,
        _ holds: (UInt64) async throws(ShippingFault) -> Bool
    ) async throws(ShippingFault) -> UInt64 {
        var (low, high) = (range.lowerBound, range.upperBound)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if try await holds(middle) { low = middle } else { high = middle }
        }
        return low
    }

    /// The object of a number; nil if there is none.
    func object(_ number: UInt64) async throws(ShippingFault) -> LogObject? {
        let packed: [UInt8]?
        do throws(BucketFault) {
            packed = try await bucket.present(LogObject.name(number))
        } catch { throw .bucket(error) }
        guard let packed else { return nil }
        let text = await BlockingExecutor.shipping.run {
            PackedText.unpack(packed, atMost: LogObject.largest)
        }
        guard let text else {
            throw .object(
                place: place(number),
                words:
                    "it is no gzip of Bellwether; check that nothing else writes below this prefix"
            )
        }
        do throws(LogObjectFault) {
            let object = try LogObject(text: text)
            guard object.number == number else {
                throw LogObjectFault.unreadable("it is object \(object.number)")
            }
            return object
        } catch { throw .object(place: place(number), words: "\(error)") }
    }

    /// Reads the objects from `first` on in order, several at once, until there is none.
    func objects(
        from first: UInt64, isolation: isolated (any Actor)? = #isolation,
        _ take: (LogObject) async throws(ShippingFault) -> Void
    ) async throws(ShippingFault) {
        var next = first
        var width: UInt64 = 1
        while true {
            let numbers = next..<(next + width)
            let results = await withTaskGroup(of: ReadObject.self) { group in
                for number in numbers {
                    group.addTask {
                        var read = ReadObject(number: number)
                        do throws(ShippingFault) { read.object = try await object(number) } catch {
                            read.fault = error
                        }
                        return read
                    }
                }
                return await group.reduce(into: [UInt64: ReadObject]()) { $0[$1.number] = $1 }
            }
            for number in numbers {
                guard let read = results[number] else { return }
                if let fault = read.fault { throw fault }
                guard let object = read.object else { return }
                try await take(object)
                next = number + 1
            }
            width = min(width * 2, Self.width)
        }
    }
}

/// What reading one number found: an object, none, or a fault. No tuple, see `ShippedCodeTests`.
private struct ReadObject: Sendable {
    let number: UInt64
    var object: LogObject?
    var fault: ShippingFault?
}

extension BlockingExecutor {
    /// Small files of the data folder, and compression.
    static let shipping = BlockingExecutor("shipping", width: 2)
}
