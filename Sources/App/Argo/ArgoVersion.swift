/// A version of Argo Rollouts, such as `1.9.1`.
struct ArgoVersion: Sendable, Equatable, Comparable {
    let major: Int
    let minor: Int
    let patch: Int

    /// With or without a leading `v`; a pre-release counts as its release.
    init?(_ text: String) {
        let bare = text.hasPrefix("v") ? text.dropFirst() : text[...]
        let numbers = (bare.split(separator: "-").first ?? "")
            .split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard (2...3).contains(numbers.count), !numbers.contains(nil) else { return nil }
        let known = numbers.compactMap { $0 }
        guard known.allSatisfy({ (0...9999).contains($0) }) else { return nil }
        (major, minor, patch) = (known[0], known[1], known.count > 2 ? known[2] : 0)
    }

    private init(_ major: Int, _ minor: Int, _ patch: Int) {
        (self.major, self.minor, self.patch) = (major, minor, patch)
    }

    static func < (a: ArgoVersion, b: ArgoVersion) -> Bool {
        (a.major, a.minor, a.patch) < (b.major, b.minor, b.patch)
    }

    /// Adds `consecutiveSuccessLimit`, and `failureLimit: -1` with it.
    static let consecutiveSuccess = ArgoVersion(1, 8, 0)
    /// From here on, an Inconclusive background run pauses.
    static let pauses = ArgoVersion(1, 8, 2)
    static let backticks = ArgoVersion(1, 10, 0)
    /// The oldest and newest versions whose behaviour was compared.
    static let oldest = ArgoVersion(1, 7, 0)
    static let newest = ArgoVersion(1, 10, 9999)

    var dialect: ArgoDialect { self < .backticks ? .before110 : .since110 }
}
