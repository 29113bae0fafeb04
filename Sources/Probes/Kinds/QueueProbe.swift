import Arguments
import Core
import Events
import JSON
import Secrets
import Transfer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Measures the length of a queue: files in a folder, or a number from a service.
///
/// Reports `<object>.<prefix>_depth`, `gateway.queue_depth` by default.
public struct QueueProbe: Probe {
    public enum Queue: Sendable {
        /// The regular files directly in this folder whose names end in `suffix` and do not begin
        /// with a dot.
        case folder(String, suffix: String = "")
        /// The number at this JSON Pointer in the answer.
        case http(HTTPSource, pointer: String)
    }

    /// Maximum count of a folder; counting stops there.
    public static let countLimit = 1_000_000

    public let name: String
    public let deadline: Duration
    public let signals: [SignalDeclaration]

    private enum Look: Sendable {
        case folder(String, suffix: [UInt8], BlockingExecutor)
        case http(Upstream, pointer: String)
    }

    private let look: Look

    public init(
        name: String, queue: Queue, engine: TransferEngine, object: String = "gateway",
        prefix: String = "queue", deadline: Duration = .milliseconds(800),
        policy: UpstreamPolicy = UpstreamPolicy(), clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.name = name
        self.deadline = deadline
        self.signals = [SignalDeclaration("\(object).\(prefix)_depth", unit: .count)]
        self.look =
            switch queue {
            case .folder(let path, let suffix):
                .folder(path, suffix: Array(suffix.utf8), BlockingExecutor("probe.\(name)"))
            case .http(let source, let pointer):
                .http(Upstream(name, source, engine, policy, clock), pointer: pointer)
            }
    }

    public func address(for arguments: MeasurementArguments) -> String {
        switch look {
        case .folder(let path, _, _): path
        case .http(let upstream, _): ShownText.url(upstream.source.url)
        }
    }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        do throws(MissingData) {
            return [signals[0].number(try await depth(context))]
        } catch {
            return allAbsent(error)
        }
    }

    private func depth(_ context: MeasurementContext) async throws(MissingData) -> Double {
        switch look {
        case .folder(let path, let suffix, let executor):
            return Double(try await executor.run { Self.count(path, suffix) }.get())
        case .http(let upstream, let pointer):
            let document = try JSONValue.document(
                try await upstream.body(within: context.allowance))
            guard let value = document.resolve(pointer: pointer) else {
                throw MissingData(.missingField, "nothing at \(pointer)")
            }
            guard let depth = value.double else {
                throw MissingData(.missingField, "no number at \(pointer), but \(value.shown)")
            }
            guard depth >= 0 else { throw MissingData(.garbage, "\(depth) waiting at \(pointer)") }
            return depth
        }
    }

    private static func count(_ path: String, _ suffix: [UInt8]) -> Result<Int, MissingData> {
        guard let folder = opendir(path) else {
            let missing = errno == ENOENT
            let words = String(cString: strerror(errno))
            return .failure(MissingData(missing ? .missingFile : .unreadable, "\(words): \(path)"))
        }
        defer { closedir(folder) }
        var count = 0
        while count < countLimit {
            // `readdir` returns nil at the end and after an error, which would make the queue shorter.
            errno = 0
            guard let record = readdir(folder) else {
                if errno == 0 { break }
                let words = String(cString: strerror(errno))
                return .failure(MissingData(.unreadable, "\(words): \(path)"))
            }
            // Some file systems do not report the type; such entries count as files.
            let type = Int(record.pointee.d_type)
            guard type == Int(DT_REG) || type == Int(DT_UNKNOWN) else { continue }
            let counts = withUnsafeBytes(of: record.pointee.d_name) { raw in
                let name = raw.prefix { $0 != 0 }
                return name.first != UInt8(ascii: ".")
                    && name.suffix(suffix.count).elementsEqual(suffix)
            }
            if counts { count += 1 }
        }
        return .success(count)
    }
}
