/// What a credential may do.
public enum Scope: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Ask for measurements.
    case analysis
    /// Send events.
    case ingest
    /// Read events, digests and the status page.
    case read
    /// Everything.
    case admin

    public static func < (a: Scope, b: Scope) -> Bool { a.rawValue < b.rawValue }

    /// How several scopes are stored and shown: sorted, space between.
    public static func text(_ scopes: Set<Scope>) -> String {
        scopes.sorted().map(\.rawValue).joined(separator: " ")
    }

    /// The scopes in a text that `text` wrote; words that are none are left out.
    public static func parse(_ text: String) -> Set<Scope> {
        Set(text.split(separator: " ").compactMap { Scope(rawValue: String($0)) })
    }
}
