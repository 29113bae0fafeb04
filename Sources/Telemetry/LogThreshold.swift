import Logging
import Synchronization

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
