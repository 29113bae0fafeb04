import Bucket
import Settings
import Telemetry
import Transfer

extension ConfigurationCheck {
    /// What a probe of the bucket found out.
    public struct BucketFindings: Sendable {
        /// One line for each property that holds.
        public var good: [String] = []
        public var faults: [SettingsFault] = []
    }

    /// Probes the bucket of a configuration: reachability, each permission, the clock and the
    /// condition of create-only writes. Writes, reads and removes objects below `probe/`.
    ///
    /// Returns nil if the configuration has faults or names no bucket.
    public static func probeBucket(
        of findings: Findings, environment: [String: String]
    ) async -> BucketFindings? {
        guard findings.faults.isEmpty, let reading = findings.reading,
            let settings = reading.settings.bucket
        else { return nil }
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        var found = BucketFindings()
        do throws(BucketFault) {
            let bucket = try Bucket(settings, environment: environment, engine: engine)
            for finding in await BucketProbe(bucket).run() {
                guard let fault = finding.fault else {
                    found.good.append("bucket \(bucket.location.url): \(finding.subject)")
                    continue
                }
                let isRefusal = fault.kind == .credentials || fault.kind == .denied
                let keys = isRefusal ? ["bucket.credentials", "bucket.url"] : ["bucket.url"]
                let faults = keys.map {
                    reading.fault(
                        at: $0, "\(finding.subject): \(fault.place): \(fault.words)",
                        fault.remedy)
                }
                // Without the key `credentials`, the fault is shown at the URL.
                found.faults += faults.filter { $0.line > 0 }.prefix(1)
            }
        } catch {
            found.faults.append(reading.fault(at: error.place, error.words, error.remedy))
        }
        return found
    }
}
