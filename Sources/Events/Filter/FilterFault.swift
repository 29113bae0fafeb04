/// Why a filter was refused: where the fault is, and how to correct it.
public struct FilterFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The part of the text with the fault.
    public let part: String
    /// Where the part starts, in characters from 1.
    public internal(set) var column = 1
    public let fault: String
    public let remedy: String
    /// Whether the filter is accepted with fields of any name and type.
    public var isLiftedByAnyField = false

    init(
        part: String, fault: String, remedy: String, isLiftedByAnyField: Bool = false
    ) {
        self.part = part
        self.fault = fault
        self.remedy = remedy
        self.isLiftedByAnyField = isLiftedByAnyField
    }

    public var description: String { "column \(column), \"\(part)\": \(fault); \(remedy)" }

    /// The description, with the way to fields of senders' own.
    ///
    /// - Parameter anyField: The option that accepts them, such as `--any-field`.
    public func described(anyField: String) -> String {
        isLiftedByAnyField
            ? "\(description) (\(anyField) accepts fields of senders' own)" : description
    }
}
