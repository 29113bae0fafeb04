import Logging
import Synchronization

/// The least level that is written, shared by all handlers made with it, so
/// that a reload of the configuration changes it everywhere at once.
public final class LogThreshold: Sendable {
    private let stored: Mutex<Logger.Level>

    public init(_ level: Logger.Level) { stored = Mutex(level) }

    public var level: Logger.Level {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}
