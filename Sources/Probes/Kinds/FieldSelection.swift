import Core
import Events
import JSON

/// Selects the numbers and booleans of a JSON document that become signals.
public enum FieldSelection: Sendable, Hashable {
    /// Signal names and the JSON Pointers (RFC 6901) of their values.
    case pointers([Field])
    /// Every member of the top-level object that is a number or a boolean and whose key consists of
    /// 1 to 64 letters, digits, `_` and `-`. `null`, and a text that looks like a number or a
    /// boolean, is absent(missing_field); those after the first `limit` in the document's order are
    /// absent(too_large).
    case topLevel(limit: Int = 64)

    public struct Field: Sendable, Hashable {
        /// With a dot, the full name of the signal; without one, the part after the probe's prefix.
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

    /// Maximum number of members at the top level; a document with more is refused.
    static let memberLimit = 200

    /// The signals that are known before a document is read.
    ///
    /// - Parameter prefix: The part before a field's name, such as `doctor.` or `dependency.bank_`.
    func declarations(prefix: String) -> [SignalDeclaration] {
        guard case .pointers(let fields) = self else { return [] }
        return fields.map { $0.declaration(prefix: prefix) }
    }

    /// Returns the selected signals. A pointer without a number or boolean is
    /// absent(missing_field). Throws absent(too_large) beyond `memberLimit`.
    func signals(
        of document: JSONValue, prefix: String
    ) throws(MissingData) -> [Signal] {
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
                        MissingData(
                            .missingField,
                            "no number or boolean at \(field.pointer), but \(value.shown)"))
            }
        case .topLevel(let limit):
            guard case .object(let members) = document else { return [] }
            var signals: [Signal] = []
            for member in members where Self.isPlain(member.key) {
                let declaration = SignalDeclaration(prefix + member.key)
                let signal =
                    Self.signal(declaration, member.value)
                    ?? Self.misread(member.value).map(declaration.absent)
                guard let signal else { continue }
                guard signals.count < Self.memberLimit else {
                    throw MissingData(
                        .tooLarge,
                        "more than \(Self.memberLimit) numbers and flags at the top level: name those to read in fields"
                    )
                }
                if signals.count < limit {
                    signals.append(signal)
                } else {
                    let words = "beyond the first \(limit) numbers and flags: name it in fields"
                    signals.append(declaration.absent(MissingData(.tooLarge, words)))
                }
            }
            return signals
        }
    }

    /// Returns nil if `value` is neither a number nor a boolean.
    private static func signal(_ declaration: SignalDeclaration, _ value: JSONValue) -> Signal? {
        if let flag = value.bool {
            return Signal(declaration.name, unit: .flag, value: .flag(flag))
        }
        return value.double.map { declaration.number($0) }
    }

    /// Why a member that was meant as a number or a boolean is none; nil for one that was not.
    private static func misread(_ value: JSONValue) -> MissingData? {
        switch value {
        case .null: break
        case .string(let text):
            let word = text.trimmed.lowercased()
            guard Double(word) != nil || ["true", "false"].contains(word) else { return nil }
        default: return nil
        }
        return MissingData(.missingField, "no number or boolean, but \(value.shown)")
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
    /// The value in a reason why there is no data: its JSON, shortened; a list or object only named.
    var shown: String {
        switch self {
        case .array: return "a list"
        case .object: return "an object"
        default:
            var writer = JSONWriter()
            writer.value(self)
            return writer.text.cut(to: 60, .scalars, mark: "…")
        }
    }

    /// Parses a probe's document; nesting depth at most 32.
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
