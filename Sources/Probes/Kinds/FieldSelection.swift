import Events
import JSON

/// Which numbers and booleans of a JSON document become signals.
public enum FieldSelection: Sendable, Hashable {
    /// Signal fields and the JSON Pointers (RFC 6901) that name their values.
    case pointers([Field])
    /// Every member of the top-level object that is a number or a boolean and
    /// whose key is a plain name (letters, digits, `_`, `-`; at most 64), up to
    /// `limit` in source order.
    case topLevel(limit: Int = 64)

    public struct Field: Sendable, Hashable {
        /// With a dot, the whole name of the signal; without one, the part
        /// that follows the probe's own prefix.
        public let name: String
        public let pointer: String

        public init(_ name: String, _ pointer: String) {
            self.name = name
            self.pointer = pointer
        }

        func declaration(prefix: String) -> SignalDeclaration {
            SignalDeclaration(name.utf8.contains(UInt8(ascii: ".")) ? name : prefix + name)
        }
    }

    /// What is known before a document was seen. `prefix` ends in what stands
    /// before a field's name: `doctor.`, `dependency.bank_`.
    func declarations(prefix: String) -> [SignalDeclaration] {
        guard case .pointers(let fields) = self else { return [] }
        return fields.map { $0.declaration(prefix: prefix) }
    }

    /// The selected signals of `document`; a pointer that names no number or
    /// boolean is absent(missing_field).
    func signals(of document: JSONValue, prefix: String) -> [Signal] {
        switch self {
        case .pointers(let fields):
            return fields.map { field in
                let declaration = field.declaration(prefix: prefix)
                guard let value = document.resolve(pointer: field.pointer) else {
                    return declaration.absent(
                        MissingData(.missingField, "nothing at \(field.pointer)"))
                }
                return Self.signal(declaration, value)
                    ?? declaration.absent(
                        MissingData(.missingField, "no number or boolean at \(field.pointer)"))
            }
        case .topLevel(let limit):
            guard case .object(let members) = document else { return [] }
            let signals = members.lazy.filter { Self.isPlain($0.key) }.compactMap { member in
                Self.signal(SignalDeclaration(prefix + member.key), member.value)
            }
            return Array(signals.prefix(limit))
        }
    }

    /// Nil when `value` is neither a number nor a boolean.
    private static func signal(_ declaration: SignalDeclaration, _ value: JSONValue) -> Signal? {
        if let flag = value.bool {
            return Signal(declaration.name, unit: .flag, value: .flag(flag))
        }
        return value.double.map { declaration.number($0) }
    }

    private static func isPlain(_ key: String) -> Bool {
        (1...64).contains(key.utf8.count)
            && key.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

extension JSONValue {
    /// Reads a probe's document; depth at most 32.
    static func document(_ bytes: [UInt8]) throws(MissingData) -> JSONValue {
        let bytes = try PlainText.checked(bytes)
        do throws(JSONFault) {
            return try JSONValue(
                parsing: bytes, limits: JSONLimits(maxBytes: bytes.count, maxDepth: 32))
        } catch {
            throw MissingData(.garbage, "not JSON: \(error)")
        }
    }
}
