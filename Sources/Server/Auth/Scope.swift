/// A permission of a credential.
public enum Scope: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Request measurements.
    case analysis
    /// Send events.
    case ingest
    /// Read events, digests and the status page.
    case read
    /// Everything.
    case admin

    public static func < (a: Scope, b: Scope) -> Bool { a.rawValue < b.rawValue }

    /// The stored and displayed form of several scopes: sorted, separated by spaces.
    public static func text(_ scopes: Set<Scope>) -> String {
        scopes.sorted().map(\.rawValue).joined(separator: " ")
    }

    /// Parses text that `text` wrote. Unknown words are skipped.
    public static func parse(_ text: String) -> Set<Scope> {
        Set(text.split(separator: " ").compactMap { Scope(rawValue: String($0)) })
    }
}
