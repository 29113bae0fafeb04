import CProcess
import Logging
import Telemetry

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Process limits for core dumps and open files, and what signals mean; set once at start.
public enum ProcessLimits {
    /// Forbids core dumps: memory holds tokens and keys.
    ///
    /// On Linux, debuggers and other processes of the same user can no longer read the process
    /// either; root still can.
    public static func forbidCoreDumps() { _ = bellwether_forbid_core_dumps() }

    /// Whether the system may write this process's memory to a file.
    public static var permitsCoreDumps: Bool { bellwether_may_dump_core() != 0 }

    /// Lets the process read the exit codes of commands.
    ///
    /// A program that ignores SIGCHLD hands that down to those it starts, and the system then keeps
    /// no exit codes for them: a command would never seem to end.
    public static func keepExitCodes() { _ = signal(SIGCHLD, SIG_DFL) }

    /// The highest soft limit that is set: some child programs loop over all descriptors up to it.
    private static let mostOpenFiles = 65_536

    /// Raises the soft limit of open files to the hard one.
    public static func raiseOpenFiles() {
        bellwether_raise_open_files(UInt64(mostOpenFiles))
    }
}

/// The number of connections that the limit of open files allows.
///
/// Descriptors for the log, the state, archives that are read, receivers, probes and commands are
/// reserved first, so that connections cannot use them up.
public struct DescriptorBudget: Sendable, Equatable {
    /// A node does not start if fewer connections than this, and fewer than wanted, are left.
    static let leastConnections = 32
    /// Descriptors reserved for everything but connections and event loops.
    static let reserve = 128
    /// Descriptors of one event loop: epoll, eventfd and timerfd on Linux, else one kqueue.
    static let perLoop = 3

    /// The limit of open files.
    public let limit: Int
    /// `listen.limits.max_connections`.
    public let wanted: Int
    /// Connections that may be open at once.
    public let connections: Int

    /// - Parameter inUse: Descriptors that are open before serving begins.
    init(limit: Int, inUse: Int, wanted: Int, cores: Int) {
        self.limit = limit
        self.wanted = wanted
        let left = limit - inUse - Self.reserve - Self.perLoop * cores
        connections = min(wanted, max(0, left))
    }

    /// The budget with the current soft limit, for a node that is about to serve.
    public static func inForce(wanted: Int) -> DescriptorBudget {
        DescriptorBudget(wanted: wanted, limit: bellwether_open_files(0))
    }

    /// The budget with the hard limit, to which a start raises the soft one.
    public static func afterRaising(wanted: Int) -> DescriptorBudget {
        DescriptorBudget(wanted: wanted, limit: bellwether_open_files(1))
    }

    private init(wanted: Int, limit: UInt64) {
        self.init(
            limit: Int(clamping: limit), inUse: ProcessFigures.openFiles() ?? 32, wanted: wanted,
            cores: ProcessInfo.processInfo.activeProcessorCount)
    }

    /// Whether too few connections are left for a node to start.
    public var isTooLow: Bool { connections < min(wanted, Self.leastConnections) }

    /// What is wrong with the limit; nil if it allows all wanted connections.
    public var fault: String? {
        if isTooLow {
            return
                "the limit of open files, \(limit), is too low to serve: log, state and receivers need \(Self.reserve) of them"
        }
        return connections < wanted
            ? "the limit of open files, \(limit), allows only \(connections) of \(wanted) connections"
            : nil
    }

    static let remedy =
        "raise it (LimitNOFILE of systemd, ulimit -n) or lower listen.limits.max_connections"
}

/// The limit of open files is too low to serve.
struct DescriptorsMissing: Error, CustomStringConvertible {
    let budget: DescriptorBudget

    var description: String { "\(budget.fault ?? ""); \(DescriptorBudget.remedy)" }
}

/// Fewer connections are served than are configured.
struct ConnectionsLimited: TelemetryEvent {
    let budget: DescriptorBudget

    var level: Logger.Level { .warning }
    var message: String {
        "the limit of open files allows fewer connections than max_connections; raise it (LimitNOFILE, ulimit -n)"
    }
    var fields: [(String, String)] {
        [
            ("limit", String(budget.limit)), ("connections", String(budget.connections)),
            ("max_connections", String(budget.wanted)),
        ]
    }
}
