import Core
import JSON
import Mustache

/// A value of the digest's JSON inside a webhook's template.
///
/// A missing member of the whole digest is null. Null, false, and empty texts, lists and objects
/// are no sections.
protocol WebhookValue: MustacheTransformable, MustacheParent {
    var json: JSONValue { get }
    var scope: WebhookScope { get }
}

/// What all values of one rendering share.
struct WebhookScope {
    /// The most UTF-16 units of a text; longer texts are cut.
    var longestText = Int.max

    func box(_ json: JSONValue) -> any WebhookValue {
        switch json {
        case .array(let elements): WebhookList(elements: elements, scope: self)
        case .object(let members): WebhookObject(members: members, scope: self)
        default: WebhookScalar(json: json, scope: self)
        }
    }
}

struct WebhookScalar: WebhookValue, MustacheCustomRenderable {
    let json: JSONValue
    let scope: WebhookScope

    /// Never shown: every tag of a compiled template has a transform.
    var renderText: String { "" }
    var isNull: Bool { json == .null || json == .bool(false) || json == .string("") }
}

struct WebhookObject: WebhookValue, MustacheCustomRenderable {
    let members: [JSONValue.Member]
    let scope: WebhookScope
    /// Whether this is the whole digest, whose missing members are null.
    var isRoot = false

    var json: JSONValue { .object(members) }
    var renderText: String { "" }
    var isNull: Bool { members.isEmpty }

    /// Separates the parts of a path; the template language would end the search at the first
    /// part that is missing.
    static let separator: Character = "?"

    func child(named path: String) -> Any? {
        let parts = path.split(separator: Self.separator, maxSplits: 1)
        let name = parts.first.map(String.init) ?? ""
        guard let member = members.first(where: { $0.key == name }) else {
            return isRoot ? scope.box(.null) : nil
        }
        guard parts.count == 2 else { return scope.box(member.value) }
        return scope.box(Self.resolve(parts[1], in: member.value))
    }

    /// The value at a path; null if there is none. A key may itself hold dots.
    private static func resolve(_ path: Substring, in value: JSONValue) -> JSONValue {
        let dotted = path.map { $0 == separator ? "." : String($0) }.joined()
        if let whole = value[dotted] { return whole }
        let parts = path.split(separator: separator, maxSplits: 1)
        guard parts.count == 2, let next = value[String(parts[0])] else { return .null }
        return resolve(parts[1], in: next)
    }
}

struct WebhookList: WebhookValue, MustacheSequence {
    let elements: [JSONValue]
    let scope: WebhookScope

    var json: JSONValue { .array(elements) }

    func makeIterator() -> AnyIterator<Any> {
        var rest = elements.makeIterator()
        let scope = scope
        return AnyIterator { rest.next().map { scope.box($0) } }
    }
}

extension WebhookValue {
    /// Texts and lists have no members; without this, the engine would look for Swift's.
    func child(named: String) -> Any? { nil }
}

/// A finished piece of the output.
private struct WebhookText: MustacheCustomRenderable {
    let renderText: String
    let isNull = false
}

extension WebhookValue {
    /// The transforms that people may use, without those that end in a number.
    static var known: Set<String> { ["html", "markdown", "code", "slack", "count"] }

    func transform(_ name: String) -> Any? {
        if let sink = WebhookSink(rawValue: name) {
            return WebhookText(renderText: sink.text(self))
        }
        func text(_ change: (String) -> String) -> Any? {
            if case .null = json { return self }
            return WebhookScalar(json: .string(change(WebhookSink.plainText(self))), scope: scope)
        }
        switch name {
        case "html": return text { InertText.html($0) }
        case "slack": return text(InertText.slack)
        case "markdown": return text(InertText.markdown)
        case "code": return text { $0.replacing("```", with: "\u{2BC}\u{2BC}\u{2BC}") }
        case "count":
            guard case .array(let elements) = json else { return scope.box(.null) }
            return scope.box(.number("\(elements.count)"))
        default:
            if let limit = WebhookSink.limit(name, "max") {
                return text { $0.cut(to: limit, .utf16, mark: "…") }
            }
            if let limit = WebhookSink.limit(name, "bytes") {
                return text { $0.cut(to: limit, .utf8, mark: "…") }
            }
            return nil
        }
    }
}

/// Where a tag of a webhook's template stands, and how its value is escaped there.
enum WebhookSink: String {
    /// Inside the quotes of a JSON text.
    case quoted
    /// Between the quotes: the value as JSON.
    case json
    /// A form field (`application/x-www-form-urlencoded`).
    case form
    /// HTML or XML.
    case markup
    /// Plain text.
    case plain
    /// A part of an address, percent-encoded.
    case address
    /// A header's value or the method: one line of ASCII.
    case header

    func text(_ value: some WebhookValue) -> String {
        switch self {
        case .json:
            switch value.json {
            case .string: return Self.written(.string(Self.plainText(value)))
            default: return Self.written(value.json)
            }
        case .quoted:
            return String(Self.written(.string(Self.plainText(value))).dropFirst().dropLast())
        case .plain: return Self.plainText(value)
        case .markup: return InertText.html(Self.plainText(value))
        case .form, .address: return PercentCoding.encode(Self.plainText(value))
        case .header:
            return InertText.httpHeader(Self.plainText(value))
        }
    }

    /// The value as inert text: its lines are kept, hidden characters become visible.
    static func plainText(_ value: some WebhookValue) -> String {
        switch value.json {
        case .null: return ""
        case .string(let text):
            return text.split(separator: "\n", omittingEmptySubsequences: false)
                .map { InertText.visible($0, limit: 100_000) }.joined(separator: "\n")
                .cut(to: value.scope.longestText, .utf16, mark: "…")
        case .number(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .array, .object: return written(value.json)
        }
    }

    private static func written(_ json: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(json)
        return writer.text
    }

    /// The number of a transform such as `max1024`; nil for other names.
    static func limit(_ name: String, _ prefix: String) -> Int? {
        guard name.hasPrefix(prefix), let limit = Int(name.dropFirst(prefix.count)),
            (1...1_000_000).contains(limit)
        else { return nil }
        return limit
    }
}
