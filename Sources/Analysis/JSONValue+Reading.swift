import Events
import JSON

extension JSONValue {
    /// A time in milliseconds since 1970; nil outside `Timestamp.range`.
    var moment: Timestamp? {
        integer.map { Timestamp(milliseconds: $0) }.flatMap {
            Timestamp.range.contains($0) ? $0 : nil
        }
    }

    var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }
}
