import Logging
import Telemetry

/// Others than the owner could read or write the data folder.
struct FolderClosed: Happening {
    let path: String
    let mode: UInt32

    var level: Logger.Level { .warning }
    var message: String {
        "the data folder was open to others; it is its owner's alone (0700) from now on"
    }
    var fields: [(String, String)] { [("path", path), ("mode", String(mode, radix: 8))] }

    func record(in registry: PrometheusRegistry) {}
}
