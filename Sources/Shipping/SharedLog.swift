import Bucket
import EventLog
import Events
import JSON
import Replication

/// The numbered objects in the bucket, and the id of their cluster.
struct SharedLog: Sendable {
    let bucket: Bucket
    /// How many objects are read at once.
    private static let width: UInt64 = 16
    private static let clusterName = "cluster"

    func place(_ number: UInt64) -> String {
        "\(bucket.location.url)/\(LogObject.name(number))"
    }

    /// The id of the cluster; nil if there is none yet.
    func cluster() async throws(ShippingFault) -> String? {
        let bytes: [UInt8]?
        do throws(BucketFault) { bytes = try await bucket.present(Self.clusterName) } catch {
            throw .bucket(error)
        }
        guard let bytes else { return nil }
        guard
            let id = try? JSONValue(
                parsing: bytes, limits: JSONLimits(maxBytes: 4096, maxDepth: 2))["cluster"]?.string
        else {
            throw .object(
                place: "\(bucket.location.url)/\(Self.clusterName)",
                words:
                    "it does not name a cluster; check that nothing else writes below this prefix")
        }
        return id
    }

    /// Creates a cluster, or returns the one that another node created first.
    func makeCluster() async throws(ShippingFault) -> String {
        var json = JSONWriter()
        json.object { json in json.member("cluster", Self.randomName()) }
        do throws(BucketFault) {
            _ = try await bucket.create(Self.clusterName, json.bytes)
        } catch {
            guard error.kind == .taken else { throw .bucket(error) }
        }
        guard let id = try await cluster() else {
            throw .object(
                place: "\(bucket.location.url)/\(Self.clusterName)", words: "it has been removed")
        }
        return id
    }

    static func randomName() -> String {
        let words: [UInt64] = [.random(in: .min ... .max), .random(in: .min ... .max)]
        return ContentHash.hexDigits(
            words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } })
    }

    /// The object of a number; nil if there is none.
    func object(_ number: UInt64) async throws(ShippingFault) -> LogObject? {
        let packed: [UInt8]?
        do throws(BucketFault) {
            packed = try await bucket.present(LogObject.name(number))
        } catch { throw .bucket(error) }
        guard let packed else { return nil }
        guard let text = PackedText.unpack(packed, atMost: LogObject.largest) else {
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
            let results = await withTaskGroup(
                of: (UInt64, Result<LogObject?, ShippingFault>).self
            ) { group in
                for number in numbers {
                    group.addTask {
                        do throws(ShippingFault) {
                            return (number, .success(try await object(number)))
                        } catch { return (number, .failure(error)) }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            for number in numbers {
                guard let object = try results[number]?.get() else { return }
                try await take(object)
                next = number + 1
            }
            width = min(width * 2, Self.width)
        }
    }
}
