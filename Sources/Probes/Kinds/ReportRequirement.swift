import Events
import JSON

/// A value that a JSON report must contain; otherwise the whole report is rejected.
public struct ReportRequirement: Sendable, Hashable {
    public enum Shape: String, Sendable, Hashable, CaseIterable {
        case number
        case flag
        case text
        case list
        case object
        /// An RFC 3339 text, or seconds since 1970.
        case time
    }

    /// A JSON Pointer (RFC 6901).
    public let pointer: String
    public let shape: Shape

    public init(_ pointer: String, _ shape: Shape) {
        self.pointer = pointer
        self.shape = shape
    }

    /// Throws absent(missing_field) if there is no value at the pointer, absent(garbage) if it has
    /// another shape.
    func check(_ document: JSONValue) throws(MissingData) {
        guard let value = document.resolve(pointer: pointer), value != .null else {
            throw MissingData(.missingField, "nothing at \(pointer)")
        }
        let holds =
            switch shape {
            case .number: value.double.map(\.isFinite) ?? false
            case .flag: value.bool != nil
            case .text: value.string != nil
            case .list: value.elements != nil
            case .object: value.members != nil
            case .time: value.time != nil
            }
        guard holds else {
            throw MissingData(.garbage, "no \(shape.rawValue) at \(pointer), but \(value.shown)")
        }
    }
}

extension JSONValue {
    /// The value as a time: RFC 3339 text, or seconds since 1970.
    var time: Timestamp? {
        switch self {
        case .string(let text): return Timestamp(rfc3339: text)
        case .number:
            // Bounds the conversion only; `FileProbe` rejects implausible times by age.
            guard let seconds = double, abs(seconds) < 1e12 else { return nil }
            return Timestamp(milliseconds: Int64(seconds * 1000))
        default: return nil
        }
    }
}
