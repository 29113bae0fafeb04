import Archives
import Bucket
import Core
import Events
public import EventLog
public import Settings
import Telemetry
import Transfer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The archives of a bucket, for a command that reads them.
public struct BucketLog: Sendable {
    public let log: EventLogFiles

    /// - Parameters:
    ///   - directory: The data folder whose log is read, too; nil for the bucket alone.
    /// - Throws: If the location is malformed.
    public init(
        _ settings: Settings.Bucket, environment: [String: String], beside directory: String? = nil
    ) throws {
        let bucket = try Bucket(
            settings, environment: environment, engine: TransferEngine(telemetry: .silent))
        let store = BucketSegments(bucket)
        let cache = Self.cache(of: settings, environment)
        if let directory {
            log = EventLogFiles(directory: directory, store: store, cache: cache)
        } else {
            log = EventLogFiles(store: store, cache: cache)
        }
    }

    /// The folder for indexes of this prefix below the user's caches; nil if it cannot be made.
    private static func cache(
        of settings: Settings.Bucket, _ environment: [String: String]
    ) -> String? {
        func variable(_ name: String) -> String? {
            environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let home = variable("HOME").map { $0 + "/.cache" }
        guard let caches = variable("XDG_CACHE_HOME") ?? home else { return nil }
        let name = ContentHash.hex("\(settings.endpoint)\0\(settings.url)".utf8).prefix(16)
        let folder = "\(caches)/bellwether/\(name)"
        do throws(FileFault) { try AtomicFile.prepareAll(folder) } catch { return nil }
        return folder
    }
}
