import Events

/// One condition on a digest: `namespace=prod`, `kind!=notice`, `rollout~pay`.
///
/// Fields are those of the group, and `kind`, `status`, `worst`, `level`,
/// `az`, `node`, `metric`, `event`. A field may have several values, such as
/// several zones: `matches` requires that one of them fits, `covers` that all
/// do. `!=` requires that none is equal.
public struct Matcher: Sendable, Hashable, CustomStringConvertible {
    public enum Comparison: String, Sendable, Hashable, CaseIterable {
        case differs = "!="
        case equals = "="
        case contains = "~"
    }

    public var field: String
    public var comparison: Comparison
    public var value: String

    public init(_ field: String, _ comparison: Comparison, _ value: String) {
        self.field = field
        self.comparison = comparison
        self.value = value
    }

    /// `field=value`.
    public init(_ field: String, _ value: String) { self.init(field, .equals, value) }

    /// Parses the form of `description`; nil without a field or a comparison.
    public init?(_ text: some StringProtocol) {
        guard let sign = text.firstIndex(where: { "!=~".contains($0) }) else { return nil }
        let comparison = Comparison.allCases.first { text[sign...].hasPrefix($0.rawValue) }
        guard let comparison, sign > text.startIndex else { return nil }
        self.init(
            String(text[..<sign]), comparison,
            String(text[sign...].dropFirst(comparison.rawValue.count)))
    }

    public var description: String { field + comparison.rawValue + value }

    /// Whether at least one value of the digest fits; for routes.
    public func matches(_ digest: Digest) -> Bool {
        let values = digest.values(of: field, asked: value)
        switch comparison {
        case .equals: return values.contains(value)
        case .differs: return !values.contains(value)
        case .contains: return values.contains { $0.contains(value) }
        }
    }

    /// Whether all values of the digest fit; for silences. A silence for one zone must
    /// not hide the failure of another.
    public func covers(_ digest: Digest) -> Bool {
        let values = digest.values(of: field, asked: value)
        switch comparison {
        case .equals: return !values.isEmpty && values.allSatisfy { $0 == value }
        case .differs: return !values.contains(value)
        case .contains: return !values.isEmpty && values.allSatisfy { $0.contains(value) }
        }
    }

    /// Parses matchers that are separated by spaces: `namespace=prod rollout~pay`. If
    /// not every word is a matcher, the whole text is parsed as one.
    public static func list(_ text: String) -> [Matcher]? {
        let words = text.split(separator: " ").map { Matcher($0) }
        if !words.isEmpty, words.allSatisfy({ $0 != nil }) { return words.compactMap(\.self) }
        return Matcher(text).map { [$0] }
    }
}

extension Digest {
    /// The values that a matcher on `field` compares.
    ///
    /// - Parameter asked: The matcher's value; `kind=failing` holds for every open failure,
    ///   `kind=degraded` for one without an unhealthy place.
    func values(of field: String, asked: String = "") -> [String] {
        if let value = group[field] { return [value] }
        switch field {
        case "kind": return [asked == kindWord ? kindWord : kind.rawValue]
        case "status": return status.map { [$0.rawValue] } ?? []
        case "worst": return worst.map { [$0.rawValue] } ?? []
        case "level": return noticeLevel.map { [$0.rawValue] } ?? []
        case "az": return places.map(\.az) + notices.map(\.place)
        case "node": return places.map(\.node) + notices.map(\.place)
        case "metric": return metrics.map(\.metric)
        case "event": return notices.map(\.event)
        default: return []
        }
    }
}
