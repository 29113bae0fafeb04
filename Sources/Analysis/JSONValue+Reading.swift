import JSONScan

extension JSONValue {
    /// A whole number from 0.
    var count: Int? { integer.flatMap { Int(exactly: $0) }.flatMap { $0 >= 0 ? $0 : nil } }

    var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }
}
