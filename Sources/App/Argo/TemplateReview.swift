import JSON
import Yams

/// Reviews AnalysisTemplates: the phase that Argo derives from each verdict, and faults.
public struct TemplateReview: Sendable {
    /// A metric that calls Bellwether.
    public struct Metric: Sendable {
        public let template: String
        public let name: String
        /// Argo's phase for each verdict; nil where the condition is not supported here.
        public internal(set) var phases: [(verdict: String, phase: ArgoRun.Phase?)] = []
    }

    public struct Finding: Sendable, Equatable, CustomStringConvertible {
        /// Whether Argo would refuse the template or misjudge a verdict; false for a warning.
        public let isFault: Bool
        /// `template`, `template/metric`, or empty for all templates.
        public let place: String
        public let words: String

        public var description: String {
            "\(isFault ? "fault" : "warning"): \(place.isEmpty ? "" : place + ": ")\(words)"
        }
    }

    /// The controller's version; nil if unknown.
    private let argo: String?
    public private(set) var metrics: [Metric] = []
    public private(set) var findings: [Finding] = []

    public var hasFaults: Bool { findings.contains(where: \.isFault) }

    /// The members that every verdict document has.
    private static let documented: Set<String> = [
        "status", "degraded", "rollout", "namespace", "concern", "attempt", "canary", "stable",
        "gateway", "reasons", "score", "window", "policy", "binary", "schema",
    ]

    /// - Parameters:
    ///   - yaml: One or more documents; those that are not an AnalysisTemplate or a
    ///     ClusterAnalysisTemplate are skipped.
    ///   - argo: The controller's version, such as `1.9.1`; nil if unknown.
    public init(yaml: String, argo: String? = nil) {
        self.argo = argo
        do {
            let documents = try Yams.compose_all(yaml: yaml)
            for node in documents {
                guard let kind = node["kind"]?.string, kind.hasSuffix("AnalysisTemplate") else {
                    continue
                }
                review(template: node)
            }
            if let fault = documents.error { throw fault }
        } catch {
            findings.append(Finding(isFault: true, place: "", words: "not YAML: \(error)"))
            return
        }
        if metrics.isEmpty {
            findings.append(
                Finding(
                    isFault: true, place: "",
                    words: "no metric calls /rollouts/analysis: there is nothing to review"))
        }
        findings += Self.version(argo)
    }

    /// The findings about a controller's version.
    static func version(_ argo: String?) -> [Finding] {
        guard let argo else { return [] }
        guard let version = numbers(of: argo) else {
            return [
                Finding(isFault: true, place: "", words: "\(argo): not a version such as 1.9.1")
            ]
        }
        var findings: [Finding] = []
        if version.lexicographicallyPrecedes([1, 8, 2]) {
            findings.append(
                Finding(
                    isFault: true, place: "",
                    words:
                        "Argo Rollouts \(argo) promotes the canary after an Inconclusive background run; upgrade to 1.8.2 or later"
                ))
        }
        if !([1, 9, 1].lexicographicallyPrecedes(version)) {
            findings.append(
                Finding(
                    isFault: false, place: "",
                    words:
                        "Argo Rollouts up to 1.9.1 counts any 2xx that is not JSON as a success: no proxy in between may answer 200 with its own page"
                ))
        }
        return findings
    }

    /// The three numbers of a version, without a leading `v` and a pre-release suffix.
    private static func numbers(of argo: String) -> [Int]? {
        let bare = argo.hasPrefix("v") ? argo.dropFirst() : argo[...]
        let numbers = (bare.split(separator: "-").first ?? "").split(separator: ".").map { Int($0) }
        guard numbers.count == 3, !numbers.contains(nil) else { return nil }
        return numbers.compactMap { $0 }
    }

    // MARK: - One template

    private mutating func review(template: Yams.Node) {
        let name = template["metadata"]?["name"]?.string ?? "template"
        let spec = template["spec"]
        let declared = Set(
            spec?["args"]?.sequence?.compactMap { $0["name"]?.string } ?? [])
        for words in Self.misspelt(spec, in: "spec") {
            findings.append(Finding(isFault: true, place: name, words: words))
        }
        for metric in spec?["metrics"]?.sequence ?? [] {
            guard let web = metric["provider"]?["web"],
                web["url"]?.string?.contains("/rollouts/analysis") == true
            else { continue }
            review(metric, web, of: name, declared: declared)
            let own = metric["name"]?.string ?? "metric"
            if Self.dryRunNames(spec).contains(where: { $0 == own || $0 == ".*" }) {
                findings.append(
                    Finding(
                        isFault: true, place: "\(name)/\(own)",
                        words:
                            "dryRun: Argo measures and ignores the outcome; nothing would stop the canary"
                    ))
            }
        }
    }

    private mutating func review(
        _ metric: Yams.Node, _ web: Yams.Node, of template: String, declared: Set<String>
    ) {
        let name = metric["name"]?.string ?? "metric"
        let place = "\(template)/\(name)"
        var reviewed = Metric(template: template, name: name)
        func add(_ isFault: Bool, _ words: String) {
            findings.append(Finding(isFault: isFault, place: place, words: words))
        }
        do throws(ArgoExpression.Fault) {
            let conditions = try ArgoConditions(
                success: metric["successCondition"]?.string,
                failure: metric["failureCondition"]?.string)
            for status in VerdictStatusNames.all {
                let answer = try Self.answer(status, jsonPath: web["jsonPath"]?.string)
                reviewed.phases.append((status, try conditions.phase(of: answer)))
            }
            if web["jsonPath"]?.string == nil {
                for member in conditions.members.subtracting(Self.documented).sorted() {
                    add(
                        true,
                        "no answer contains result.\(member), so it is nil and `!=` is always true")
                }
            }
            judge(reviewed, place)
        } catch {
            switch error {
            case .syntax(let words):
                add(true, "Argo cannot compile the condition: \(words)")
            case .unsupported(let words):
                add(false, "the condition cannot be reviewed (\(words)); test it with Argo")
            }
            reviewed.phases = VerdictStatusNames.all.map { ($0, nil) }
        }
        metrics.append(reviewed)
        for (isFault, words) in Self.limits(of: metric, web) { add(isFault, words) }
        let conditions = [metric["successCondition"]?.string, metric["failureCondition"]?.string]
        if conditions.contains(where: { $0?.contains("`") == true }),
            let version = argo.flatMap(Self.numbers(of:)),
            version.lexicographicallyPrecedes([1, 10, 0])
        {
            add(
                true,
                "a condition has backticks, which Argo supports since 1.10: write double quotes")
        }
        if let text = web["timeoutSeconds"]?.int ?? Optional(10), text < 5 {
            add(true, "timeoutSeconds \(text): probes may take longer, and a time-out is an Error")
        }
        if metric["inconclusiveLimit"] == nil {
            add(false, "inconclusiveLimit is 0 by default: the first Inconclusive answer pauses")
        }
        if metric["interval"] != nil, metric["count"] == nil {
            add(false, "a metric with interval and without count never ends")
        }
        if web["url"]?.string?.hasPrefix("http://") == true {
            add(false, "http:// sends the token unencrypted")
        }
        let used = Self.arguments(in: metric)
        for argument in used.subtracting(declared).sorted() {
            add(true, "args.\(argument) is not declared below spec.args: Argo refuses the run")
        }
    }

    private mutating func judge(_ metric: Metric, _ place: String) {
        func add(_ isFault: Bool, _ words: String) {
            findings.append(Finding(isFault: isFault, place: place, words: words))
        }
        for (verdict, phase) in metric.phases {
            switch (verdict, phase) {
            case ("healthy", let phase?) where phase != .successful:
                add(true, "healthy becomes \(phase.rawValue): no canary would ever be promoted")
            case ("unhealthy", let phase?) where phase != .failed:
                add(true, "unhealthy becomes \(phase.rawValue): a failing canary continues")
            case ("unknown", .successful?):
                add(true, "unknown becomes Successful: an outage of monitoring promotes the canary")
            case ("unknown", .failed?):
                add(false, "unknown becomes Failed: an outage of monitoring rolls back")
            case ("degraded", .failed?):
                add(false, "degraded becomes Failed: a warning rolls back")
            default: break
            }
        }
    }

    /// The value of `result` for an answer with `status`.
    ///
    /// - Throws: `unsupported` for other JSON paths than those of the whole document, `status`
    ///   and `degraded`.
    private static func answer(
        _ status: String, jsonPath: String?
    ) throws(ArgoExpression.Fault) -> JSONValue {
        var members: [JSONValue.Member] = documented.sorted().map { .init($0, .object([])) }
        members.removeAll { ["status", "degraded"].contains($0.key) }
        members.append(.init("status", .string(status)))
        members.append(.init("degraded", .bool(status != "healthy")))
        let document = JSONValue.object(members)
        switch jsonPath {
        case nil, "{$}": return document
        case "{$.status}": return .string(status)
        case "{$.degraded}": return .bool(status != "healthy")
        case let other?: throw .unsupported("jsonPath \(other)")
        }
    }

    /// Names in `{{args.NAME}}` anywhere in a metric.
    private static func arguments(in node: Yams.Node) -> Set<String> {
        switch node {
        case .scalar(let scalar):
            var names: Set<String> = []
            var rest = scalar.string[...]
            while let open = rest.firstRange(of: "{{") {
                rest = rest[open.upperBound...]
                guard let close = rest.firstRange(of: "}}") else { break }
                let inside = rest[..<close.lowerBound].filter { $0 != " " }
                if inside.hasPrefix("args.") { names.insert(String(inside.dropFirst(5))) }
                rest = rest[close.upperBound...]
            }
            return names
        case .sequence(let sequence):
            return sequence.reduce(into: []) { $0.formUnion(arguments(in: $1)) }
        case .mapping(let mapping):
            return mapping.reduce(into: []) { $0.formUnion(arguments(in: $1.value)) }
        case .alias: return []
        }
    }
}

/// The verdicts in display order.
private enum VerdictStatusNames {
    static let all = ["healthy", "degraded", "unknown", "unhealthy"]
}
