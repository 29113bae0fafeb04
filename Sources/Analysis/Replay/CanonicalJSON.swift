import JSON

/// The canonical text of a JSON value (RFC 8785, JCS): members sorted by the
/// UTF-16 code units of their keys, the shortest numbers, the fewest escapes.
public enum CanonicalJSON {
    public static func text(_ value: JSONValue) -> String {
        var writer = JSONWriter(escapesLeast: true)
        write(value, to: &writer)
        return writer.text
    }

    private static func write(_ value: JSONValue, to writer: inout JSONWriter) {
        switch value {
        case .null, .bool, .string: writer.value(value)
        case .number: writer.value(value.double ?? .nan)
        case .array(let elements):
            writer.array { writer in
                for element in elements { write(element, to: &writer) }
            }
        case .object(let members):
            let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
            writer.object { writer in
                for member in sorted {
                    writer.key(member.key)
                    write(member.value, to: &writer)
                }
            }
        }
    }
}
