import Mustache

/// A view's values in the types of which the engine needs no reflection.
///
/// For a name inside the section of a text, the engine would search Swift's own members of `String`
/// first, which takes longer than to render the name.
struct TemplateValues: MustacheParent, MustacheTransformable {
    private let members: [String: Any]

    init(_ values: [String: Any]) { members = values.mapValues(Self.converted) }

    func child(named name: String) -> Any? { members[name] }
    func transform(_ name: String) -> Any? { members.transform(name) }

    private static func converted(_ value: Any) -> Any {
        if let text = value as? String { return TemplateText(renderText: text) }
        if let rows = value as? [[String: Any]] { return rows.map { TemplateValues($0) } }
        if let row = value as? [String: Any] { return TemplateValues(row) }
        return value
    }
}

/// A text, which has no members.
private struct TemplateText: MustacheParent, MustacheTransformable, MustacheCustomRenderable {
    let renderText: String
    var isNull: Bool { false }

    func child(named name: String) -> Any? { nil }
    func transform(_ name: String) -> Any? { renderText.transform(name) }
}
