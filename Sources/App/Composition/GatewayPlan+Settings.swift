import Analysis
import Gateway
import Probes
import Settings
import Transfer

extension GatewayPlan {
    /// The plan of a configuration that was found without fault.
    ///
    /// - Parameter probes: nil to make those of the configuration.
    init(_ settings: Settings, upstreams: Upstreams, probes: ProbeSet? = nil) {
        let analysis = settings.analysis
        self.init(
            probes: probes ?? ProbeSet(analysis.probes.map { Self.probe($0, upstreams) }),
            policies: PolicySet(analysis), budget: analysis.budget, interval: analysis.interval,
            window: analysis.window, settle: analysis.settle,
            appliesMidRun: settings.policy.midRun == .apply)
    }

    /// What every probe that asks over the network shares.
    struct Upstreams: Sendable {
        let engine: TransferEngine
        /// One retry budget for all probes of the node, also over reloads.
        let policy = UpstreamPolicy()
    }

    private static func probe(_ probe: Settings.Probe, _ upstreams: Upstreams) -> any Probe {
        let engine = upstreams.engine
        switch probe.kind {
        case .disk(let disk):
            return DiskProbe(
                name: probe.name, path: disk.path, minFreeRatio: disk.minFreeRatio,
                deadline: probe.timeout)
        case .process(let process):
            return ProcessProbe(
                name: probe.name,
                target: process.pidFile.isEmpty
                    ? .processName(process.process)
                    : .pidFile(
                        process.pidFile, named: process.process.isEmpty ? nil : process.process),
                deadline: probe.timeout)
        case .tcp(let address):
            let colon = address.lastIndex(of: ":") ?? address.endIndex
            return TCPProbe(
                name: probe.name,
                host: address[..<colon].trimmingPrefix("[").filter { $0 != "]" },
                port: Int(address[colon...].dropFirst()) ?? 0, engine: engine,
                deadline: probe.timeout)
        case .http(let http):
            var headers = http.headers.sorted { $0.key < $1.key }.map { name, value in
                HTTPSource.Header(name, Secret(value))
            }
            if http.token.isSet { headers.append(bearer(http.token)) }
            return HTTPProbe(
                name: probe.name,
                source: HTTPSource(
                    url: http.url, headers: headers, expectedStatuses: http.expect,
                    maxBody: http.maxBody, tls: trust(http.trust)),
                fields: .pointers(
                    http.fields.sorted { $0.key < $1.key }
                        .map { FieldSelection.Field($0.key, $0.value) }),
                engine: engine, deadline: probe.timeout, policy: upstreams.policy)
        case .prometheus(let page):
            return PrometheusProbe(
                name: probe.name,
                source: HTTPSource(
                    url: page.url,
                    headers: page.token.isSet ? [bearer(page.token)] : [],
                    tls: trust(page.trust)),
                metrics: RequestMetrics(
                    counter: page.requests, statusLabel: page.statusLabel,
                    failingStatuses: page.failing, histogram: page.latency,
                    histogramUnit: page.latencyUnit == .seconds ? .seconds : .milliseconds,
                    groups: RequestMetrics.groups(
                        label: page.roleLabel, canary: page.canary, stable: page.stable),
                    common: page.labels.sorted { $0.key < $1.key }
                        .map { RequestMetrics.Label($0.key, $0.value) }),
                engine: engine, deadline: probe.timeout, policy: upstreams.policy)
        case .file(let report):
            return FileProbe(
                name: probe.name, path: report.path, maxAge: report.maxAge,
                fields: report.fields.isEmpty
                    ? .topLevel()
                    : .pointers(
                        report.fields.sorted { $0.key < $1.key }
                            .map { FieldSelection.Field($0.key, $0.value) }),
                deadline: probe.timeout)
        }
    }

    private static func bearer(_ token: Settings.Secret) -> HTTPSource.Header {
        HTTPSource.Header("Authorization", prefix: "Bearer ", Secret(token))
    }

    private static func trust(_ trust: Settings.Probe.Trust) -> TLSTrust {
        trust.insecure ? .insecure : trust.caFile.isEmpty ? .system : .file(trust.caFile)
    }
}

extension Check {
    init(_ check: Settings.Check) {
        self.init(
            id: check.id, warn: check.warn, fail: check.fail,
            direction: check.direction == .above ? .above : .below, critical: check.critical,
            weight: check.weight,
            nodata: MissingData(rawValue: check.nodata.rawValue) ?? .unknown,
            advisory: check.advisory,
            relative: check.isRelative
                ? RelativeLimits(
                    stableWarn: check.stableWarn, stableFail: check.stableFail,
                    previousWarn: check.previousWarn) : nil,
            statistics: check.statistics.map {
                StatisticalSpec($0, slowOver: check.warn ?? check.fail)
            })
    }
}

extension StatisticalSpec {
    /// - Parameter slowOver: The edge where none is configured.
    fileprivate init(_ statistics: Settings.Statistics, slowOver: Double?) {
        self.init(
            statistics.kind == .counter ? .counter : .latency,
            rhoWarn: statistics.rhoWarn, rhoFail: statistics.rhoFail,
            alphaWarn: statistics.alphaWarn, alphaFail: statistics.alphaFail,
            minDelta: statistics.minDelta, minSample: Double(statistics.minSample),
            growthWarn: statistics.growth, phi: statistics.phi ?? 1,
            estimatesPhi: statistics.phi == nil, quantile: statistics.quantile,
            slowOver: statistics.kind == .latency ? statistics.tau ?? slowOver : nil)
    }
}
