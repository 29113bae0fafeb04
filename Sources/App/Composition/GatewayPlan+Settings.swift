import Analysis
import Gateway
import Probes
import Settings
import Transfer

extension GatewayPlan {
    /// Creates the plan of a validated configuration.
    ///
    /// - Parameter probes: Running probes to keep; nil creates those of the configuration.
    init(_ settings: Settings, upstreams: Upstreams, probes: ProbeSet? = nil) {
        let analysis = settings.analysis
        // A rollout's sources outlive the silence that ends its run.
        let idle = max(analysis.interval * 3, .seconds(900))
        var names = Dictionary(
            analysis.policies.map { ($0.name, Set($0.probes)) },
            uniquingKeysWith: { first, _ in first })
        names[PolicySet.fallbackName] = Set(analysis.probes.map(\.name))
        self.init(
            probes: probes
                ?? ProbeSet(analysis.allProbes.map { $0.made(with: upstreams, idle: idle) }),
            policies: PolicyTable(analysis), probesByPolicy: names, budget: analysis.budget,
            interval: analysis.interval,
            window: analysis.window, settle: analysis.settle,
            appliesMidRun: settings.policy.midRun == .apply)
    }

    /// State shared by all probes that use the network.
    struct Upstreams: Sendable {
        let engine: TransferEngine
        /// One retry budget for all probes of the node, kept across reloads.
        let policy = UpstreamPolicy()
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
    /// - Parameter slowOver: The threshold of a slow request where `tau` is not configured.
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
