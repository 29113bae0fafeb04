import Core
import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why a probe has no data: a reason and details.
///
/// Probes throw it internally; it becomes the value of each signal without data.
public struct MissingData: Error, Sendable, Hashable {
    /// Maximum length of `detail` in Unicode scalars.
    public static let detailLimit = 200

    public let reason: MissingDataReason
    /// Untrusted text, at most `detailLimit` scalars; escape it for the output.
    public let detail: String

    public init(_ reason: MissingDataReason, _ detail: String = "") {
        self.reason = reason
        // Counts scalars because one character may have any number of combining marks.
        self.detail = detail.cut(to: Self.detailLimit, .scalars)
    }

    /// The same reason, with the probe and its address before the details.
    ///
    /// - Parameter address: Without secrets; empty if there is none. At most 60 scalars are used.
    func of(probe: String, at address: String) -> MissingData {
        let place = address.cut(to: 60, .scalars)
        let shown = place.isEmpty ? probe : "\(probe) at \(place)"
        return MissingData(reason, "\(shown): \(detail)")
    }

    public var value: Signal.Value { .absent(why: reason.rawValue, detail: detail) }
}

extension MissingData: CustomStringConvertible {
    public var description: String {
        detail.isEmpty ? reason.rawValue : "\(reason.rawValue): \(detail)"
    }
}

extension BoundedFile {
    /// Reads a regular file; the fault is why a probe has no data.
    static func read(_ path: String, limit: Int) throws(MissingData) -> BoundedFile {
        do throws(Fault) {
            return try BoundedFile(reading: path, limit: limit, onlyRegular: true)
        } catch {
            switch error {
            case .system(let fault):
                let isMissing = fault.code == ENOENT || fault.code == ENOTDIR
                throw MissingData(
                    isMissing ? .missingFile : .unreadable, "\(fault.reason): \(path)")
            case .notRegular: throw MissingData(.unreadable, "not a regular file: \(path)")
            case .tooLarge: throw MissingData(.tooLarge, "more than \(limit) bytes: \(path)")
            }
        }
    }
}
