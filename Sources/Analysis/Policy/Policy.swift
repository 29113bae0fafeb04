import Events
import JSON

/// The checks that determine a verdict, and the share of failures that makes it unhealthy.
///
/// The `sha` does not depend on the order or the repetition of the checks.
public struct Policy: Sendable, Equatable {
    /// Ascending by id.
    public let checks: [Check]
    /// Percentage of the counted weight, 0 to 100. The verdict is unhealthy when
    /// the failing checks reach it, even without a critical failure.
    public let failShare: Int
    /// `sha256:` and the SHA-256 of the canonical text; in a `PolicySet`, the hash of the set.
    public let sha: String
    /// The name of the `PolicySet`; not part of the hash.
    public let name: String

    public init(checks: [Check], failShare: Int = 50) {
        self.init(checks: checks, failShare: failShare, name: PolicySet.fallbackName, sha: nil)
    }

    private init(checks: [Check], failShare: Int, name: String, sha: String?) {
        let keyed = Set(checks).map { (check: $0, text: $0.canonicalText) }
        let sorted = keyed.sorted { ($0.check.id, $0.text) < ($1.check.id, $1.text) }
        self.checks = sorted.map(\.check)
        self.failShare = min(max(failShare, 0), 100)
        self.name = name
        self.sha =
            sha
            ?? ContentHash.named(
                Self.canonicalText(sorted.map(\.text), failShare: self.failShare).utf8)
    }

    /// This policy with the name and the hash of its set.
    func named(_ name: String, _ sha: String) -> Policy {
        Policy(checks: checks, failShare: failShare, name: name, sha: sha)
    }

    /// This policy with `nodata: unknown` for every check.
    public var awaitingData: Policy {
        let waiting = checks.map { check in
            var check = check
            check.nodata = .unknown
            return check
        }
        return Policy(checks: waiting, failShare: failShare, name: name, sha: sha)
    }

    /// A signal without a value for each check, for an attempt that measures nothing.
    public func absent(why: String) -> [Signal] {
        checks.map { check in
            Signal(
                check.id, unit: MetricUnit(metricName: check.id),
                value: .absent(why: why, detail: ""))
        }
    }

    /// The hash of a configuration with concerns that have their own checks.
    static func sha(of merged: Policy, and concerns: [(name: String, sha: String)]) -> String {
        var writer = JSONWriter()
        writer.object { w in
            w.member("policy", merged.sha)
            w.member(object: "concerns") { w in
                for concern in concerns { w.member(concern.name, concern.sha) }
            }
        }
        return ContentHash.named(writer.text.utf8)
    }

    private static func canonicalText(_ checks: [String], failShare: Int) -> String {
        var writer = JSONWriter()
        writer.object { w in
            w.member(array: "checks") { w in for check in checks { w.raw(check.utf8) } }
            w.member("fail_share", failShare)
        }
        return writer.text
    }
}

extension Check {
    /// The check as compact JSON: everything that can change a verdict, sorted by key.
    var canonicalText: String {
        var writer = JSONWriter(capacity: 256)
        writer.object { w in
            w.member("advisory", advisory)
            w.member("critical", critical)
            w.member("direction", direction.rawValue)
            w.member("fail", fail)
            w.member("id", id)
            w.member("nodata", nodata.rawValue)
            if let relative {
                w.member(object: "relative") { w in
                    w.member("previous_warn", relative.previousWarn)
                    w.member("stable_fail", relative.stableFail)
                    w.member("stable_warn", relative.stableWarn)
                }
            }
            if let statistics {
                w.member(object: "statistics") { w in
                    w.member("alpha_fail", statistics.alphaFail)
                    w.member("alpha_warn", statistics.alphaWarn)
                    w.member("estimate_phi", statistics.estimatesPhi)
                    w.member("kind", statistics.kind.rawValue)
                    w.member("min_delta", statistics.minDelta)
                    w.member("n_min", statistics.minSample)
                    w.member("phi", statistics.phi)
                    w.member("prev_warn", statistics.growthWarn)
                    w.member("q", statistics.quantile)
                    w.member("rho_fail", statistics.rhoFail)
                    w.member("rho_warn", statistics.rhoWarn)
                    w.member("tau", statistics.slowOver)
                }
            }
            w.member("warn", warn)
            w.member("weight", weight)
        }
        return writer.text
    }
}
