import Logging
import Telemetry

/// The data folder was open to other users; its mode was set to 0700.
struct FolderClosed: TelemetryEvent {
    let path: String
    let mode: UInt32

    var level: Logger.Level { .warning }
    var message: String {
        "the data folder was open to others; its mode is now 0700"
    }
    var fields: [(String, String)] { [("path", path), ("mode", String(mode, radix: 8))] }

    func record(in registry: PrometheusRegistry) {}
}

/// A lost state file was restored from its snapshot.
struct StateRestored: TelemetryEvent {
    let path: String

    var level: Logger.Level { .warning }
    var message: String {
        "the state file was missing and is restored from its snapshot; tokens are not restored"
    }
    var fields: [(String, String)] { [("path", path)] }

    func record(in registry: PrometheusRegistry) {}
}
