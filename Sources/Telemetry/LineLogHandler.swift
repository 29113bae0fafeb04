import Core
public import Events
public import Logging
import Synchronization

/// Writes each log entry as one line to standard error:
/// `2026-11-23T06:00:00.123Z info verdict rollout=payments-api status=degraded`.
///
/// Fields are sorted by name. Values that need quotes are written as JSON strings. An entry is
/// always one line without control, bidi or other formatting characters.
///
/// Log calls must not contain secrets. As a second safeguard, the value of a field whose name
/// suggests a secret is written as `(hidden)`: a name that contains `password`, `secret`,
/// `cookie` or `authorization`, or is `token`, or ends in `_token` or `-token`.
public struct LineLogHandler: LogHandler {
    public enum Format: String, Sendable, CaseIterable {
        /// `time level message name=value …`
        case text
        /// `{"ts":…,"level":…,"message":…,"fields":{…}}`
        case json
    }

    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let format: Format
    private let threshold: LogThreshold
    private let clock: WallClock
    private let write: @Sendable (String) -> Void
    private var ownLevel: Logger.Level?

    /// - Parameters:
    ///   - label: The logger's label; shown as `logger=` unless it is `bellwether`.
    ///   - write: Receives one complete entry with its line feed; called from any thread.
    public init(
        label: String = "bellwether", format: Format = .text,
        threshold: LogThreshold = LogThreshold(.info), clock: WallClock = .system,
        write: @escaping @Sendable (String) -> Void = { StandardError.shared.write($0) }
    ) {
        self.label = label
        self.format = format
        self.threshold = threshold
        self.clock = clock
        self.write = write
    }

    /// The shared threshold's level, or this logger's own level once it was set.
    public var logLevel: Logger.Level {
        get { ownLevel ?? threshold.level }
        set { ownLevel = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        if let error = event.error { all["error"] = .string("\(error)") }
        if label != "bellwether" { all["logger"] = .string(label) }
        let fields = all.sorted { $0.key < $1.key }.map { name, value in
            (InertText.logKey(name), Self.isSecret(name) ? "(hidden)" : "\(value)")
        }
        let time = clock.now.rfc3339
        switch format {
        case .text:
            var line =
                "\(time) \(event.level.rawValue) \(InertText.logMessage(event.message.description))"
            for (name, value) in fields { line += " \(name)=\(InertText.logValue(value))" }
            write(line + "\n")
        case .json:
            let members = fields.map { InertText.logString($0) + ":" + InertText.logString($1) }
            write(
                "{\"ts\":\"\(time)\",\"level\":\"\(event.level.rawValue)\""
                    + ",\"message\":\(InertText.logString(event.message.description))"
                    + ",\"fields\":{\(members.joined(separator: ","))}}\n")
        }
    }

    static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["password", "secret", "cookie", "authorization"].contains { name.contains($0) }
            || name == "token" || name.hasSuffix("_token") || name.hasSuffix("-token")
    }
}

/// The lowest level that is written, shared by all handlers created with it.
///
/// A configuration reload changes it for all of them at once. Thread-safe.
public final class LogThreshold: Sendable {
    private let stored: Mutex<Logger.Level>

    public init(_ level: Logger.Level) { stored = Mutex(level) }

    public var level: Logger.Level {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}
