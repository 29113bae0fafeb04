import Events

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
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: detail.unicodeScalars.prefix(Self.detailLimit))
        self.detail = String(scalars)
    }

    /// The same reason, with the probe and its address before the details.
    ///
    /// - Parameter address: Without secrets; empty if there is none. At most 60 scalars are used.
    func of(probe: String, at address: String) -> MissingData {
        let place = String(address.unicodeScalars.prefix(60))
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
