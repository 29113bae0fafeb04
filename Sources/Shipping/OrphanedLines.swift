public import Bucket
import Core
public import EventLog
import Events
import JSON
import Logging
import Replication
public import Telemetry

/// Lines that a leader had acknowledged and not copied when another node continued the log. The node
/// that has them sets them aside in the bucket, and the new leader stores them as if they were sent
/// again.
public struct OrphanedLines: Sendable {
    static let folder = LogObject.folder + "orphaned/"

    static func object(_ name: String, _ number: Int) -> String {
        let digits = String(number)
        return
            "\(folder)\(name)-\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits)"
    }

    private let bucket: Bucket
    private let eventLog: EventLog
    private let mark: ShippingMark
    private let telemetry: Telemetry

    /// The time between two listings.
    private static let pause = Duration.seconds(10)

    public init(
        _ bucket: Bucket, _ eventLog: EventLog, of shipper: LogShipper, telemetry: Telemetry
    ) {
        self.bucket = bucket
        self.eventLog = eventLog
        mark = shipper.mark
        self.telemetry = telemetry
    }

    /// Takes lines in until cancelled. Call it on the leader.
    public func run() async {
        var left: Set<String> = []
        while !Task.isCancelled {
            do throws(ShippingFault) { try await takeAll(&left) } catch {
                telemetry.emit(OrphansLeft(fault: "\(error)"))
            }
            try? await Task.sleep(for: Self.pause)
        }
    }

    /// Takes in all lines that are there.
    func takeAll() async throws(ShippingFault) {
        var left: Set<String> = []
        try await takeAll(&left)
    }

    /// - Parameter left: The objects that were reported as unreadable.
    private func takeAll(_ left: inout Set<String>) async throws(ShippingFault) {
        let objects: [BucketObject]
        do throws(BucketFault) { objects = try await bucket.list(Self.folder) } catch {
            throw .bucket(error)
        }
        for object in objects {
            do throws(ShippingFault) {
                let accepted = try await take(object.name)
                telemetry.emit(OrphansTaken(lines: accepted, place: object.name))
            } catch {
                // It must not delay the others.
                guard case .object = error else { throw error }
                if left.insert(object.name).inserted {
                    telemetry.emit(OrphansLeft(fault: "\(error)"))
                }
            }
        }
    }

    /// Stores the lines of an object that this log lacks, and removes it once they are in the
    /// bucket's log. Returns how many there were.
    private func take(_ name: String) async throws(ShippingFault) -> Int {
        let packed: [UInt8]
        do throws(BucketFault) { packed = try await bucket.get(name) } catch {
            throw .bucket(error)
        }
        let text = await BlockingExecutor.shipping.run {
            PackedText.unpack(packed, atMost: LogObject.largest)
        }
        guard let text else {
            throw .object(place: "\(bucket.location.url)/\(name)", words: "it is no gzip of lines")
        }
        let kept = await BlockingExecutor.shipping.run { Self.withoutDecisions(text) }
        var accepted = 0
        if !kept.isEmpty {
            let receipt: IngestReceipt
            do throws(EventLogError) { receipt = try await eventLog.ingest(IngestBody(kept)) } catch
            {
                throw .folder("\(error)")
            }
            accepted = receipt.accepted
            // Tried again at the next listing.
            guard await mark.wait(for: receipt.end, within: .seconds(60)) else { return accepted }
        }
        do throws(BucketFault) { try await bucket.remove(name) } catch { throw .bucket(error) }
        return accepted
    }

    /// The lines without decisions: those of a leader that was overtaken took no effect.
    private static func withoutDecisions(_ text: [UInt8]) -> [UInt8] {
        let decisions = Set(EventName.decisions)
        var kept: [UInt8] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            guard let event = try? Event(line: Array(line)), !decisions.contains(event.event) else {
                continue
            }
            kept += line
            kept.append(UInt8(ascii: "\n"))
        }
        return kept
    }
}

/// Lines that another node had set aside are in the log.
struct OrphansTaken: TelemetryEvent {
    let lines: Int
    let place: String
    var level: Logger.Level { .notice }
    var message: String { "lines that the earlier leader had not copied are in the log" }
    var fields: [(String, String)] { [("lines", "\(lines)"), ("object", place)] }

    func record(in registry: PrometheusRegistry) { Self.count(Double(lines), in: registry) }

    static func count(_ lines: Double, in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_ha_orphaned_lines_total", by: lines,
            help: "Lines of an earlier leader that were taken into the log later.")
    }
}

/// Lines that another node had set aside could not be read.
struct OrphansLeft: TelemetryEvent {
    let fault: String
    var level: Logger.Level { .warning }
    var message: String { "lines that the earlier leader had not copied are not in the log yet" }
    var fields: [(String, String)] { [("fault", fault)] }
}
