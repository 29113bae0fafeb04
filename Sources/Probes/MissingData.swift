import Events

/// A reason with the probe's own words: what a probe throws inside and what
/// becomes the value of each signal that it could not see.
public struct MissingData: Error, Sendable, Hashable {
    /// Longest `detail`, in Unicode scalars.
    public static let detailLimit = 200

    public let reason: MissingDataReason
    /// Untrusted text, cut at `detailLimit`; escape it for where it is shown.
    public let detail: String

    public init(_ reason: MissingDataReason, _ detail: String = "") {
        self.reason = reason
        // Scalars, not characters: one character may carry any number of combining marks.
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: detail.unicodeScalars.prefix(Self.detailLimit))
        self.detail = String(scalars)
    }

    public var value: Signal.Value { .absent(why: reason.rawValue, detail: detail) }
}

extension MissingData: CustomStringConvertible {
    public var description: String {
        detail.isEmpty ? reason.rawValue : "\(reason.rawValue): \(detail)"
    }
}
