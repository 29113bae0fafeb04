import Synchronization

/// Parts of indexes that were read from a store, kept in a folder on this machine.
///
/// Files are named `<index>@<first byte>-<end>`. A sealed segment never changes, so that a part is
/// valid as long as its index exists. The oldest indexes are removed first. Every call blocks;
/// failures are ignored: the part is then read from the store. Thread-safe.
final class IndexCache: Sendable {
    /// Bytes of all parts.
    static let most = 64 << 20

    private struct State {
        var parts: [String: [Range<Int>]] = [:]
        var bytes = 0
    }

    private let folder: String
    private let files: any LogFileSystem
    private let state = Mutex(State())

    /// - Parameter folder: Its parent must exist.
    init(_ folder: String, files: any LogFileSystem = PosixFileSystem()) {
        self.folder = folder
        self.files = files
        try? files.makeFolder(folder)
        let names = (try? files.names(in: folder)) ?? []
        state.withLock { state in
            for name in names {
                guard let (index, range) = Self.parse(name) else { continue }
                state.parts[index, default: []].append(range)
                state.bytes += range.count
            }
        }
        tidy()
    }

    private static func name(_ index: String, _ range: Range<Int>) -> String {
        "\(index)@\(range.lowerBound)-\(range.upperBound)"
    }

    private static func parse(_ name: String) -> (String, Range<Int>)? {
        let parts = name.split(separator: "@")
        guard parts.count == 2, case .index = LogFolder.Entry(String(parts[0])) else { return nil }
        let bounds = parts[1].split(separator: "-").map { Int($0) }
        guard bounds.count == 2, let lower = bounds[0], let upper = bounds[1], lower >= 0,
            lower < upper, upper - lower <= ReadPlan.longest
        else { return nil }
        return (String(parts[0]), lower..<upper)
    }

    /// The part of an index that contains byte `offset`; nil if there is none.
    func part(of index: String, at offset: Int) -> (range: Range<Int>, bytes: [UInt8])? {
        let range = state.withLock { $0.parts[index]?.first { $0.contains(offset) } }
        guard let range,
            let bytes = (try? files.contents("\(folder)/\(Self.name(index, range))")) ?? nil,
            bytes.count == range.count
        else { return nil }
        return (range, bytes)
    }

    func keep(_ bytes: [UInt8], of index: String, at range: Range<Int>) {
        let isKnown = state.withLock { $0.parts[index]?.contains(range) ?? false }
        guard !isKnown, bytes.count == range.count else { return }
        do throws(SystemFault) {
            let path = "\(folder)/\(Self.name(index, range))"
            try files.replace(path, in: folder, with: bytes)
        } catch { return }
        state.withLock { state in
            state.parts[index, default: []].append(range)
            state.bytes += range.count
        }
        tidy()
    }

    private func tidy() {
        let gone = state.withLock { state -> [String] in
            var gone: [String] = []
            while state.bytes > Self.most, let oldest = state.parts.keys.min() {
                for range in state.parts.removeValue(forKey: oldest) ?? [] {
                    state.bytes -= range.count
                    gone.append(Self.name(oldest, range))
                }
            }
            return gone
        }
        for name in gone { try? files.remove("\(folder)/\(name)") }
    }
}
