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
        case "html": return text { Markup.html.escape($0) }
        case "slack": return text { Markup.slack.escape($0) }
        case "markdown": return text(WebhookSink.markdown)
        case "code": return text { $0.replacing("```", with: "\u{2BC}\u{2BC}\u{2BC}") }
        case "count":
            guard case .array(let elements) = json else { return scope.box(.null) }
            return scope.box(.number("\(elements.count)"))
        default:
            if let limit = WebhookSink.limit(name, "max") { return text { $0.cut(to: limit) } }
            if let limit = WebhookSink.limit(name, "bytes") {
                return text { $0.cut(toBytes: limit) }
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
        case .markup: return Markup.html.escape(Self.plainText(value))
        case .form, .address: return RenderOptions.encoded(Self.plainText(value), keep: "_~")
        case .header:
            return String(
                Self.plainText(value).unicodeScalars.map {
                    (0x20..<0x7F).contains($0.value) ? Character($0) : $0 == "\n" ? " " : "?"
                })
        }
    }

    /// The value as inert text: its lines are kept, hidden characters become visible.
    static func plainText(_ value: some WebhookValue) -> String {
        switch value.json {
        case .null: return ""
        case .string(let text):
            return text.split(separator: "\n", omittingEmptySubsequences: false)
                .map { InertText($0, limit: 100_000).description }.joined(separator: "\n")
                .cut(to: value.scope.longestText)
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

    /// Escapes the characters that CommonMark, Discord, GitHub, GitLab and Mattermost read as
    /// markup. `@` becomes a look-alike: a mention has no escape.
    static func markdown(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "@": out += "\u{FF20}"
            case "\\", "`", "*", "_", "{", "}", "[", "]", "(", ")", "<", ">", "#", "+", "!", "|",
                "~", "&", ":":
                out += "\\"
                out.unicodeScalars.append(scalar)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

extension String {
    /// The text, or its first UTF-16 units and an ellipsis; never splits a character.
    func cut(to limit: Int) -> String {
        cut(to: limit) { $0.utf16.count }
    }

    /// The text, or its first UTF-8 bytes and an ellipsis.
    func cut(toBytes limit: Int) -> String {
        cut(to: limit) { $0.utf8.count }
    }

    private func cut(to limit: Int, _ size: (String) -> Int) -> String {
        guard size(self) > limit else { return self }
        let mark = "…"
        let available = limit - size(mark)
        guard available > 0 else { return "" }
        var kept = ""
        var used = 0
        for character in self {
            let next = String(character)
            used += size(next)
            if used > available { break }
            kept += next
        }
        return kept + mark
    }
}
