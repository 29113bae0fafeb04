import Yams

/// Reviews AnalysisTemplates: the phase that Argo derives from each verdict, and faults.
public struct TemplateReview: Sendable {
    /// A metric that calls Bellwether.
    public struct Metric: Sendable {
        public let template: String
        public let name: String
        /// Argo's phase for each verdict; nil where it cannot be decided.
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

    /// What is found in one part of a template.
    struct Remarks: Equatable {
        private(set) var all: [(isFault: Bool, words: String)] = []

        mutating func fault(_ words: String) { all.append((true, words)) }
        mutating func warn(_ words: String) { all.append((false, words)) }
        mutating func add(_ others: Remarks) { all += others.all }

        static func == (a: Remarks, b: Remarks) -> Bool {
            a.all.map(\.words) == b.all.map(\.words)
        }
    }

    /// The controller's version; nil if unknown, and then the template is reviewed for 1.7 to 1.10.
    let argo: ArgoVersion?
    public internal(set) var metrics: [Metric] = []
    public private(set) var findings: [Finding] = []
    /// Whether a metric may call Bellwether or something else.
    private var isPartial = false

    public var hasFaults: Bool { findings.contains(where: \.isFault) }

    /// - Parameters:
    ///   - yaml: One or more documents; those that are not an AnalysisTemplate, a
    ///     ClusterAnalysisTemplate or a list of them are skipped.
    ///   - argo: The controller's version, such as `1.9.1`; nil if unknown.
    public init(yaml: String, argo: String? = nil) {
        self.argo = argo.flatMap { ArgoVersion($0) }
        do {
            // Not for-in, which reads a copy: the fault that ends a document is left in the original.
            var documents = try Yams.compose_all(yaml: yaml)
            while let node = documents.next() {
                for template in Self.templates(in: node) { review(template: template) }
            }
            if let fault = documents.error { throw fault }
        } catch {
            findings.append(Finding(isFault: true, place: "", words: "not YAML: \(error)"))
            return
        }
        if metrics.isEmpty, !isPartial {
            findings.append(
                Finding(
                    isFault: true, place: "",
                    words: "no metric calls /rollouts/analysis: there is nothing to review"))
        }
        for (isFault, words) in Self.version(argo).all {
            findings.append(Finding(isFault: isFault, place: "", words: words))
        }
    }

    /// The templates of a document, which may be a list, as `kubectl get -o yaml` prints several.
    private static func templates(in node: Yams.Node) -> [Yams.Node] {
        guard let kind = node["kind"]?.string else { return [] }
        if kind.hasSuffix("List") {
            return (node["items"]?.sequence ?? []).flatMap { templates(in: $0) }
        }
        return kind.hasSuffix("AnalysisTemplate") ? [node] : []
    }

    /// The remarks about a controller's version.
    private static func version(_ argo: String?) -> Remarks {
        var remarks = Remarks()
        guard let argo else { return remarks }
        guard let version = ArgoVersion(argo) else {
            remarks.fault("\(argo): not a version such as 1.9.1")
            return remarks
        }
        if version < .pauses {
            remarks.fault(
                "Argo Rollouts \(argo) promotes the canary after an Inconclusive background run; upgrade to 1.8.2 or later"
            )
        }
        remarks.warn(
            "Argo Rollouts up to 1.10 counts any 2xx that is not JSON as a success: no proxy in between may answer 200 with its own page"
        )
        if version < .oldest || version > .newest {
            remarks.warn(
                "Argo Rollouts \(argo) was not compared with this review; 1.7 to 1.10 were")
        }
        return remarks
    }

    private mutating func review(template: Yams.Node) {
        let name = template["metadata"]?["name"]?.string ?? "template"
        let spec = template["spec"]
        func add(_ remarks: Remarks, _ metric: String? = nil) {
            let place = metric.map { "\(name)/\($0)" } ?? name
            for (isFault, words) in remarks.all {
                findings.append(Finding(isFault: isFault, place: place, words: words))
            }
        }
        add(Self.schema(of: template, as: "template", argo))
        add(Self.arguments(of: spec))
        let own = (spec?["metrics"]?.sequence ?? []).map { $0 }
        add(Self.names(of: own, spec))
        for metric in own {
            guard let web = metric["provider"]?["web"], let url = web["url"]?.string else {
                continue
            }
            let metricName = metric["name"]?.string ?? "metric"
            guard Self.isMeant(url) else {
                var remarks = Remarks()
                if url.contains("{{") {
                    isPartial = true
                    remarks.warn(
                        "url is \(url): not known before the run, so not reviewed; to have the metric reviewed, write the path: {{args.url}}/rollouts/analysis"
                    )
                } else if web["jsonBody"]?["rollout"] != nil {
                    remarks.warn(
                        "url \(url): jsonBody names a rollout, but the path of a gateway is /rollouts/analysis; if this is one, every measurement is an Error"
                    )
                }
                add(remarks, metricName)
                continue
            }
            let (phases, remarks) = conditions(of: metric, web)
            metrics.append(Metric(template: name, name: metricName, phases: phases))
            add(remarks, metricName)
            add(limits(of: metric), metricName)
            add(Self.request(of: web), metricName)
            add(Self.dryRun(of: spec, metricName), metricName)
        }
    }

    // MARK: - Arguments and names

    /// Arguments that are used without being declared, and values that are no arguments.
    private static func arguments(of spec: Yams.Node?) -> Remarks {
        var remarks = Remarks()
        let declared = spec?["args"]?.sequence?.compactMap { $0["name"]?.string } ?? []
        for name in Set(declared.filter { name in declared.count { $0 == name } > 1 }).sorted() {
            remarks.fault(
                "args.\(name) is declared twice: Argo keeps one, and refuses two different values")
        }
        var used: Set<String> = []
        for metric in spec?["metrics"]?.sequence ?? [] { collectTags(in: metric, into: &used) }
        for tag in used.sorted() {
            guard tag.hasPrefix("args.") else {
                remarks.fault(
                    "{{\(tag)}} is no argument of the template: Argo ends the run with an Error")
                continue
            }
            if !declared.contains(String(tag.dropFirst(5))) {
                remarks.fault("\(tag) is not declared below spec.args: Argo refuses the run")
            }
        }
        return remarks
    }

    /// What stands in `{{…}}` anywhere in a metric.
    private static func collectTags(in node: Yams.Node, into names: inout Set<String>) {
        switch node {
        case .scalar(let scalar):
            var rest = scalar.string[...]
            while let open = rest.firstRange(of: "{{") {
                rest = rest[open.upperBound...]
                guard let close = rest.firstRange(of: "}}") else { break }
                names.insert(String(rest[..<close.lowerBound]).trimmingBlanks)
                rest = rest[close.upperBound...]
            }
        case .sequence(let sequence): for one in sequence { collectTags(in: one, into: &names) }
        case .mapping(let mapping):
            for pair in mapping { collectTags(in: pair.value, into: &names) }
        case .alias: break
        }
    }

    /// Names that Argo refuses: a metric's that exists twice, rules that match no metric.
    private static func names(of metrics: [Yams.Node], _ spec: Yams.Node?) -> Remarks {
        var remarks = Remarks()
        let names = metrics.compactMap { $0["name"]?.string }
        for name in Set(names.filter { name in names.count { $0 == name } > 1 }).sorted() {
            remarks.fault("two metrics are named \(name): Argo refuses the run")
        }
        for key in ["dryRun", "measurementRetention"] {
            let rules = spec?[key]?.sequence?.compactMap { $0["metricName"]?.string } ?? []
            for rule in Set(rules.filter { rule in rules.count { $0 == rule } > 1 }).sorted() {
                remarks.fault("\(key) has two rules \(rule): Argo refuses the run")
            }
            for rule in rules {
                guard let regex = try? Regex(rule) else {
                    remarks.fault(
                        "\(key): \(rule) is no regular expression, so it matches no metric and Argo ends the run with an Error; .* matches all"
                    )
                    continue
                }
                if !names.contains(where: { $0.contains(regex) }) {
                    remarks.fault(
                        "\(key): \(rule) matches no metric, and Argo ends the run with an Error")
                }
            }
        }
        return remarks
    }

    /// A rule is a regular expression that may match anywhere in the metric's name.
    private static func dryRun(of spec: Yams.Node?, _ metric: String) -> Remarks {
        var remarks = Remarks()
        for rule in spec?["dryRun"]?.sequence?.compactMap({ $0["metricName"]?.string }) ?? [] {
            if let regex = try? Regex(rule), metric.contains(regex) {
                remarks.fault(
                    "dryRun: Argo measures and ignores the outcome; nothing would stop the canary")
                break
            }
        }
        return remarks
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}
