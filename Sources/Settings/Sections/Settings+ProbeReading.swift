import Core
import Events

extension Settings.Probe {
    /// The names of the kinds in the configuration.
    private enum KindName: String, CaseIterable {
        case disk
        case process
        case tcp
        case http
        case prometheus
        case prometheusQuery = "prometheus_query"
        case file
        case queue
        case command
        case certificate
    }

    /// Members of the verdict document that a report's name must not replace.
    private static let reserved: Set<String> = [
        "status", "degraded", "rollout", "namespace", "concern", "attempt", "reasons", "score",
        "window", "summary", "event", "policy", "policy_name", "scope", "binary", "schema",
        "canary",
        "stable",
    ]

    /// Returns nil if the kind is missing or unknown.
    init?(reading r: MappingReader, budget: Duration) {
        let name = r.name("name")
        guard let kind = r.kind(of: "probe", KindName.self) else { return nil }
        let isLocal = [.disk, .process, .file].contains(kind) || kind == .queue && !r.has("url")
        let standard = Duration.milliseconds(isLocal ? 200 : 800)
        let longest = Duration.seconds(60)
        let timeout = r.duration(
            "timeout", min(standard, budget / 2), in: .milliseconds(10)...longest)
        if timeout >= budget {
            r.fault(
                "timeout", "not shorter than analysis.budget (\(DurationText.text(budget)))",
                "shorten it, so that one slow probe leaves time to answer")
        }
        switch kind {
        case .disk: self.init(name: name, timeout: timeout, kind: .disk(Disk(reading: r)))
        case .process:
            self.init(name: name, timeout: timeout, kind: .process(ProcessLife(reading: r)))
        case .tcp:
            self.init(name: name, timeout: timeout, kind: .tcp(address: r.requiredAddress()))
        case .http: self.init(name: name, timeout: timeout, kind: .http(HTTP(reading: r)))
        case .prometheus:
            self.init(name: name, timeout: timeout, kind: .prometheus(Prometheus(reading: r)))
        case .file:
            if Self.reserved.contains(name) {
                r.fault(
                    "name", "\(InertText.quoted(name)) has its own place in the verdict document",
                    "its fields appear under the name: give it another")
            }
            self.init(name: name, timeout: timeout, kind: .file(Report(reading: r)))
        case .prometheusQuery:
            self.init(name: name, timeout: timeout, kind: .prometheusQuery(Query(reading: r)))
        case .queue: self.init(name: name, timeout: timeout, kind: .queue(Queue(reading: r)))
        case .command:
            self.init(name: name, timeout: timeout, kind: .command(Command(reading: r)))
        case .certificate:
            self.init(name: name, timeout: timeout, kind: .certificate(Certificate(reading: r)))
        }
        r.finish()
    }
}

extension Settings.Probe.Disk {
    fileprivate init(reading r: MappingReader) {
        self.init()
        path = r.withArguments("path", path)
        minFreeRatio = r.number("min_free_ratio", minFreeRatio, in: 0...0.99)
    }
}

extension Settings.Probe.ProcessLife {
    fileprivate init(reading r: MappingReader) {
        self.init()
        // The process may create the file later, so its existence is not checked here.
        pidFile = r.withArguments("pid_file", "")
        process = r.withArguments("process", "")
        if pidFile.isEmpty, process.isEmpty {
            r.lacks(
                "neither pid_file nor process is given",
                "name the pid file, the process as ps shows it, or both")
        }
    }
}

extension Settings.Probe.HTTP {
    fileprivate init(reading r: MappingReader) {
        self.init()
        access = Settings.Probe.Access(reading: r)
        expect = r.statuses("expect", expect)
        fields = r.fields()
        maxBody = r.size("max_body", maxBody, in: 1024...(16 << 20))
    }
}

extension Settings.Probe.Prometheus {
    fileprivate init(reading r: MappingReader) {
        self.init()
        access = Settings.Probe.Access(reading: r)
        let presets = Preset.allCases.map(\.rawValue)
        r.declare("preset", "word", range: presets.joined(separator: ", "))
        if r.has("preset") { apply(r.choice("preset", Preset.grpc)) }
        requests = r.metricName("requests", requests)
        statusLabel = r.labelName("status_label", statusLabel)
        failing = r.texts("failing", failing)
        ok = r.texts("ok", ok)
        latency = r.metricName("latency", latency)
        latencyUnit = r.choice("latency_unit", latencyUnit)
        if let named = Self.unit(named: latency), named != latencyUnit {
            r.warn(
                "latency_unit",
                "\(latencyUnit.rawValue), but \(latency) is named for \(named.rawValue)",
                "write latency_unit: \(named.rawValue)")
        }
        readVersions(r)
        if failing.isEmpty {
            r.fault("failing", "is empty", "name at least one status, or leave the key out")
        }
        for (key, texts) in [("failing", failing), ("ok", ok)] {
            for (index, text) in texts.enumerated() {
                if text.isEmpty || text.utf8.count > 64 {
                    r.fault(
                        "\(key)[\(index)]", "\(InertText.quoted(text)) is no value of a label",
                        "write a word of 1 to 64 bytes, 503, 5xx or 500-599")
                } else if Self.isAlmostStatus(text) {
                    r.fault(
                        "\(key)[\(index)]",
                        "\(InertText.quoted(text)) is no status and no range of statuses",
                        "write 503, 5xx, 50x or 500-599, from 100 to 599")
                } else if key == "ok", failing.contains(text) {
                    r.fault(
                        "ok[\(index)]", "\(InertText.quoted(text)) is in failing, too",
                        "keep it in one of them")
                }
            }
        }
    }

    /// Whether a text is meant as statuses, but stands for none: `5x`, `6xx`, `599-500`.
    private static func isAlmostStatus(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let isDigit = { (byte: UInt8) in byte &- 0x30 < 10 }
        let isX = { (byte: UInt8) in byte | 0x20 == UInt8(ascii: "x") }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        if parts.count == 2, parts.contains(where: { $0.utf8.count == 3 }),
            parts.allSatisfy({ $0.isEmpty || $0.utf8.count == 3 }),
            text.utf8.allSatisfy({ isDigit($0) || isX($0) || $0 == UInt8(ascii: "-") })
        {
            let ends = parts.compactMap { Int($0) }.filter { (100...599).contains($0) }
            return ends.count != 2 || ends[0] > ends[1]
        }
        guard bytes.contains(where: isX), bytes.contains(where: isDigit),
            bytes.allSatisfy({ isDigit($0) || isX($0) })
        else { return false }
        return bytes.count != 3 || isDigit(bytes[0]) && !(0x31...0x35).contains(bytes[0])
    }

    /// The unit that the end of a histogram's name says; nil if it says none.
    private static func unit(named name: String) -> LatencyUnit? {
        let ends: [(end: String, unit: LatencyUnit)] = [
            ("_milliseconds", .milliseconds), ("_ms", .milliseconds), ("_seconds", .seconds),
        ]
        return ends.first { name.hasSuffix($0.end) }?.unit
    }

    /// Reads which series are used, and which of them are canary's and stable's.
    private mutating func readVersions(_ r: MappingReader) {
        let roleLabel = r.labelName("role_label", "role")
        canary = Self.version("canary", roleLabel, r)
        stable = Self.version("stable", roleLabel, r)
        if canary == stable {
            r.fault(
                "canary", "the same value as stable",
                "name the two values of the role label, or labels that differ")
        }
        let isMapping = ["canary", "stable"].map { key in
            if case .mapping? = r.value(key) { true } else { false }
        }
        if isMapping[0] != isMapping[1] {
            let (given, other) = isMapping[0] ? ("canary", "stable") : ("stable", "canary")
            r.fault(
                given, "labels, where \(other) is a value of \(roleLabel)",
                "write both as labels, like \(other): {rollouts_pod_template_hash: $\(other)_hash}")
        } else if isMapping[0], r.has("role_label") {
            r.fault(
                "role_label", "never used: canary and stable name their labels", "leave it out",
                atKey: true)
        }
        // The former name of `select`.
        let selectKey = r.has("labels") ? "labels" : "select"
        select = r.pairsWithArguments(selectKey)
        if r.has("labels"), r.has("select") {
            r.fault("labels", "given beside select", "keep one of the two", atKey: true)
        }
        let isLabels = isMapping[0] && isMapping[1]
        let given = isLabels ? [("canary", canary), ("stable", stable)] : []
        for (key, labels) in given + [(selectKey, select)] {
            for name in labels.keys {
                r.checkLabelName(name, at: "\(key).\(name)", atKey: true)
            }
        }
    }

    /// Reads the labels of one version: a mapping, or a value of the role label.
    private static func version(
        _ key: String, _ roleLabel: String, _ r: MappingReader
    ) -> [String: String] {
        guard case .mapping? = r.value(key) else {
            return [roleLabel: r.withArguments(key, key)]
        }
        let labels = r.pairsWithArguments(key)
        if r.mapping(key).keys.isEmpty {
            r.fault(key, "names no label", "name at least one, like {role: \(key)}")
        }
        return labels
    }

    /// Sets the names of a preset, before individual keys override them.
    ///
    /// Sources: go-grpc-middleware's metrics, Envoy's and Istio's standard metrics, Linkerd's proxy
    /// metrics, and the metrics pages of ingress-nginx and Traefik.
    private mutating func apply(_ preset: Preset) {
        switch preset {
        case .grpc:
            requests = "grpc_server_handled_total"
            statusLabel = "grpc_code"
            // Only server-side errors; the other codes are responses to client errors.
            failing = [
                "Unknown", "DeadlineExceeded", "Unimplemented", "Internal", "Unavailable",
                "DataLoss",
            ]
            latency = "grpc_server_handling_seconds"
        case .envoy:
            requests = "envoy_cluster_upstream_rq_xx"
            statusLabel = "envoy_response_code_class"
            failing = ["5"]
            latency = "envoy_cluster_upstream_rq_time"
            latencyUnit = .milliseconds
        case .linkerd:
            requests = "response_total"
            statusLabel = "classification"
            failing = ["failure"]
            ok = ["success"]
            latency = "response_latency_ms"
            latencyUnit = .milliseconds
        case .istio:
            requests = "istio_requests_total"
            statusLabel = "response_code"
            // 0 means that there was no response.
            failing = ["5xx", "0"]
            latency = "istio_request_duration_milliseconds"
            latencyUnit = .milliseconds
        case .nginx:
            requests = "nginx_ingress_controller_requests"
            statusLabel = "status"
            latency = "nginx_ingress_controller_request_duration_seconds"
        // The Gateway API defines no metrics: these are Envoy Gateway's, with a series for each
        // HTTPRoute's backend and each status.
        case .gatewayAPI:
            requests = "envoy_cluster_upstream_rq"
            statusLabel = "envoy_response_code"
            // 0 means that there was no response.
            failing = ["5xx", "0"]
            latency = "envoy_cluster_upstream_rq_time"
            latencyUnit = .milliseconds
        case .traefik:
            requests = "traefik_service_requests_total"
            latency = "traefik_service_request_duration_seconds"
        }
    }
}
