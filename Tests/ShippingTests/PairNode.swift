import Archives
import EventLog
import Events
import Foundation
import Telemetry
import TestSupport
import Testing

@testable import Shipping

/// One node of a pair, as far as it concerns the log in the bucket.
struct PairNode {
    let eventLog: EventLog
    let leadership: Leadership
    let shipper: LogShipper
    let running: Task<ShippingFault?, Never>

    /// - Parameters:
    ///   - endpoint: The proxy through which the node writes its log; nil: the store.
    ///   - policy: What the node's objects name as its configuration.
    ///   - suffix: Of the bucket's prefix, for another bucket.
    init(
        _ name: String, at place: StorePrefix, endpoint: String? = nil,
        delay: Duration = .milliseconds(50), lease: Duration = .seconds(2),
        goesOnAlone: Bool = false, otherLeads: Bool = false, policy: String = "",
        suffix: String = ""
    ) async throws {
        let directory = place.folder.file(name)
        let bucket = try place.bucket(endpoint, suffix: suffix)
        try FileManager.default.createDirectory(
            atPath: directory + "/log", withIntermediateDirectories: true)
        try await PairFolder.prepare(
            try place.bucket(suffix: suffix), directory: directory, node: "n")
        let restore = try await FolderRestore.begin(
            try place.bucket(suffix: suffix), directory: directory, node: "n", most: .max,
            telemetry: .silent)
        var configuration = EventLogConfiguration(
            directory: directory, node: "n", maxBytes: 64 << 20, segmentBytes: 64 << 10,
            ballastBytes: 0)
        configuration.shipsArchives = true
        configuration.beginsAsCopy = true
        let eventLog = try await EventLog.open(configuration)
        do {
            try await restore?.finish(eventLog, takesOver: false)
            let leadership = Leadership(.following)
            let shipper = try await LogShipper(
                eventLog, bucket: bucket, id: PrefixOwner.ownID(in: directory), delay: delay,
                pair: LogShipper.Pair(
                    lease: lease, advertise: "https://\(name)", leadership: leadership,
                    goesOnAlone: goesOnAlone, otherLeads: { otherLeads }),
                version: { NodeVersion(policy: policy, binary: "sha256:one") },
                telemetry: .silent)
            (self.eventLog, self.leadership, self.shipper) = (eventLog, leadership, shipper)
            running = shipper.start()
        } catch {
            await eventLog.close()
            throw error
        }
    }

    /// As `kill -9`: nothing more is copied.
    func kill() async {
        running.cancel()
        _ = await running.value
        await eventLog.close()
    }

    func untilLeading() async throws {
        let leadership = leadership
        do {
            try await eventually("it leads") { leadership.canAct }
        } catch {
            // Why it does not lead.
            Issue.record("\(leadership.status), \(shipper.status), \(eventLog.status)")
            throw error
        }
    }
}
