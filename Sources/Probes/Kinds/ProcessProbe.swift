import Core
import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Checks that a process runs, found by its pid file or its name.
///
/// Reports `<object>.<name>_alive` and `<object>.<name>_rss_bytes` (resident memory, summed over
/// all matching processes). Zombies do not count as alive.
///
/// A process that exists but is not shown to this user (`hidepid`) is absent(unreadable): not alive
/// means that there is no process.
///
/// After a crash or a reboot, the pid in a file may belong to another process. Give the expected
/// name with the pid file to exclude that. Names are those of the kernel (`ps -o comm`), which
/// Linux cuts at 15 bytes; a longer name is also compared with the file name of the process's first
/// argument.
public struct ProcessProbe: Probe {
    /// How the process is found.
    public enum Target: Sendable, Hashable {
        /// A file whose first word is the pid. `named` is the expected process name.
        case pidFile(String, named: String? = nil)
        /// Any process of this name.
        case processName(String)
    }

    public let name: String
    public let deadline: Duration
    public let signals: [SignalDeclaration]

    private let target: Target
    private let table: ProcessTable
    private let executor: BlockingExecutor

    public init(
        name: String, target: Target, object: String = "gateway", prefix: String? = nil,
        deadline: Duration = .milliseconds(200)
    ) {
        self.init(
            name: name, target: target, object: object, prefix: prefix, deadline: deadline,
            table: ProcessTable())
    }

    init(
        name: String, target: Target, object: String = "gateway", prefix: String? = nil,
        deadline: Duration = .milliseconds(200), table: ProcessTable
    ) {
        self.name = name
        self.target = target
        self.deadline = deadline
        self.table = table
        self.executor = BlockingExecutor("probe.\(name)")
        self.signals = [
            SignalDeclaration("\(object).\(prefix ?? name)_alive", unit: .flag),
            SignalDeclaration("\(object).\(prefix ?? name)_rss_bytes", unit: .bytes),
        ]
    }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        switch await executor.run({ [target, table] in Self.look(for: target, in: table) }) {
        case .failure(let absence): return allAbsent(absence)
        case .success(let found):
            let alive = found.entries.filter { !$0.isZombie }
            guard !alive.isEmpty else {
                // The one that is meant may be among those that are not shown.
                if let gap = found.gap { return allAbsent(gap) }
                let words = found.entries.isEmpty ? "no such process" : "only a zombie is left"
                return [signals[0].flag(false), signals[1].absent(MissingData(.notRunning, words))]
            }
            if let gap = found.gap { return [signals[0].flag(true), signals[1].absent(gap)] }
            let resident = alive.reduce(0) { $0 +| $1.residentBytes }
            return [signals[0].flag(true), signals[1].number(Double(resident))]
        }
    }

    /// The matching processes. A missing pid file means a stopped process, so the result is empty.
    private static func look(
        for target: Target, in table: ProcessTable
    ) -> Result<ProcessListing, MissingData> {
        do throws(MissingData) {
            switch target {
            case .processName(let name):
                var listing = try table.all()
                listing.entries = listing.entries.filter { $0.isNamed(name) }
                return .success(listing)
            case .pidFile(let path, let name):
                guard let pid = try pid(in: path), let entry = try table.entry(of: pid) else {
                    return .success(ProcessListing())
                }
                if let name, !entry.isNamed(name) { return .success(ProcessListing()) }
                return .success(ProcessListing(entries: [entry]))
            }
        } catch {
            return .failure(error)
        }
    }

    private static func pid(in path: String) throws(MissingData) -> Int32? {
        let bytes: [UInt8]
        do { bytes = try BoundedFile.read(path, limit: 4096).bytes } catch {
            if error.reason == .missingFile { return nil }
            throw error
        }
        let word = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
            .first
        guard let word, let pid = Int32(word), pid > 0 else {
            let shown = word.map { ", but " + InertText.quoted(String($0)) } ?? ""
            throw MissingData(.garbage, "no process id in \(path)\(shown)")
        }
        return pid
    }
}

/// The kernel's data about one process.
struct ProcessEntry: Sendable, Equatable {
    /// The kernel's name, possibly truncated.
    var name: String
    /// On Linux, the file name of the first argument, and empty if the name was not truncated; on
    /// macOS, the executable's file name. Empty if unknown.
    var command: String
    var isZombie: Bool
    var residentBytes: UInt64

    /// Whether `expected` is the kernel's name, or the full name where the kernel truncated it.
    func isNamed(_ expected: String) -> Bool {
        name == expected
            || (expected.utf8.count > ProcessTable.nameLimit && command == expected)
    }
}

/// Some processes.
struct ProcessListing: Sendable {
    var entries: [ProcessEntry] = []
    /// Why there may be others that are not shown; nil if these are all.
    var gap: MissingData?
}

/// Lists the processes that this user may see.
///
/// The calls may block: use a `BlockingExecutor`.
struct ProcessTable: Sendable {
    /// The folder in which the kernel shows processes; not used on macOS.
    var folder = "/proc"
    /// Whether there is a process with this id, shown or not.
    var exists: @Sendable (Int32) -> Bool = { kill($0, 0) == 0 || errno == EPERM }
}
