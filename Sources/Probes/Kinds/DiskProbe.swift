import Core
import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Measures the free space of the file system that contains a path.
///
/// Reports `<object>.<prefix>_ok` (both minimums are met), `_free_ratio` and `_free_bytes`. Free
/// space is what an unprivileged user may still write; the ratio is relative to the total that such
/// a user can use, as in `df`.
public struct DiskProbe: Probe {
    public let name: String
    public let deadline: Duration
    public let signals: [SignalDeclaration]

    private let path: String
    private let minFreeRatio: Double
    private let minFreeBytes: Double
    private let executor: BlockingExecutor

    /// - Parameters:
    ///   - path: Any existing path on the file system.
    ///   - minFreeRatio: `_ok` is false below this ratio, 0...1.
    ///   - minFreeBytes: `_ok` is false below this.
    public init(
        name: String, path: String, minFreeRatio: Double = 0.05, minFreeBytes: UInt64 = 0,
        object: String = "gateway", prefix: String = "disk",
        deadline: Duration = .milliseconds(200)
    ) {
        self.name = name
        self.path = path
        self.minFreeRatio = minFreeRatio
        self.minFreeBytes = Double(minFreeBytes)
        self.deadline = deadline
        self.executor = BlockingExecutor("probe.\(name)")
        self.signals = [
            SignalDeclaration("\(object).\(prefix)_ok", unit: .flag),
            SignalDeclaration("\(object).\(prefix)_free_ratio", unit: .ratio),
            SignalDeclaration("\(object).\(prefix)_free_bytes", unit: .bytes),
        ]
    }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        switch await executor.run({ [path] in Self.space(at: path) }) {
        case .failure(let absence): return allAbsent(absence)
        case .success(let space):
            let ratio = space.free / space.usable
            return [
                signals[0].flag(ratio >= minFreeRatio && space.free >= minFreeBytes),
                signals[1].number(ratio),
                signals[2].number(space.free),
            ]
        }
    }

    /// Bytes that an unprivileged user may still write, and can use in total.
    private struct Space: Sendable {
        let free: Double
        let usable: Double
    }

    private static func space(at path: String) -> Result<Space, MissingData> {
        var status = statvfs()
        var answer: Int32
        repeat { answer = statvfs(path, &status) } while answer != 0 && errno == EINTR
        guard answer == 0 else {
            let missing = errno == ENOENT || errno == ENOTDIR
            let words = String(cString: strerror(errno))
            return .failure(MissingData(missing ? .missingFile : .unreadable, "\(words): \(path)"))
        }
        let unit = Double(status.f_frsize)
        let free = Double(status.f_bavail) * unit
        let used = (Double(status.f_blocks) - Double(status.f_bfree)) * unit
        guard free + used > 0 else {
            return .failure(MissingData(.garbage, "the file system reports no size: \(path)"))
        }
        return .success(Space(free: free, usable: free + used))
    }
}
