import Events

/// The signals of one group of a `RequestMetrics`.
struct RequestReport: Sendable {
    /// Index of the group in `RequestMetrics.groups`.
    let index: Int
    private let group: RequestMetrics.Group
    private let metrics: RequestMetrics
    /// The labels of its series, as in a series' name.
    private let shown: String
    /// Why the series cannot be selected.
    private let missing: MissingData?

    init(
        _ index: Int, _ group: RequestMetrics.Group, _ metrics: RequestMetrics,
        shown: String = "", missing: MissingData? = nil
    ) {
        self.index = index
        self.group = group
        self.metrics = metrics
        self.shown = shown
        self.missing = missing
    }

    private var rate: SignalDeclaration {
        SignalDeclaration("\(group.object).5xx_rate", unit: .ratio)
    }
    private var requests: SignalDeclaration {
        SignalDeclaration("\(group.object).requests", unit: .count)
    }
    private var perSecond: SignalDeclaration {
        SignalDeclaration("\(group.object).rps", unit: .perSecond)
    }
    private var quantiles: [(value: Double, declaration: SignalDeclaration)] {
        metrics.quantiles.map { quantile in
            let field = RequestMetrics.quantileField(quantile)
            return (quantile, SignalDeclaration("\(group.object).\(field)", unit: .milliseconds))
        }
    }

    /// Counter signals if a counter is read, quantiles if a histogram is read.
    var declarations: [SignalDeclaration] {
        (metrics.counter == nil ? [] : [rate, requests, perSecond])
            + (metrics.histogram == nil ? [] : quantiles.map(\.declaration))
    }

    /// Returns all signals as absent: those whose series are missing on the page for that reason,
    /// the others for `absence`.
    func absent(_ absence: MissingData, _ presence: ScrapedPage.Presence) -> [Signal] {
        var signals: [Signal] = []
        if metrics.counter != nil {
            let missing = missingCounter(presence)
            signals += [rate.absent(missing ?? missingStatus(presence) ?? absence)]
            signals += [requests, perSecond].map { $0.absent(missing ?? absence) }
        }
        if metrics.histogram != nil {
            let missing = missingHistogram(presence)
            signals += quantiles.map { $0.declaration.absent(missing ?? absence) }
        }
        return signals
    }

    /// Returns the signals for the increase over `seconds`.
    func signals(
        _ increase: Increase, _ presence: ScrapedPage.Presence, seconds: Double
    ) -> [Signal] {
        var signals: [Signal] = []
        if metrics.counter != nil {
            if let missing = missingCounter(presence) {
                signals += [rate, requests, perSecond].map { $0.absent(missing) }
            } else {
                signals += [
                    rateSignal(increase, presence), requests.number(increase.requests),
                    perSecond.number(increase.requests / seconds),
                ]
            }
        }
        if metrics.histogram != nil { signals += quantileSignals(increase, presence) }
        return signals
    }

    private func rateSignal(_ increase: Increase, _ presence: ScrapedPage.Presence) -> Signal {
        if let missing = missingStatus(presence) { return rate.absent(missing) }
        guard increase.requests > 0 else { return rate.absent(Self.noTraffic) }
        // Requests with an unknown outcome may be failures, so no rate is reported.
        if increase.unknown > 0 {
            // The series may be on an earlier page of the window only.
            return rate.absent(
                presence.unknownStatus.map(notUnderstood) ?? notUnderstoodBefore(increase.unknown))
        }
        return rate.number(
            increase.failing / increase.requests,
            evidence: .counter(failing: increase.failing, total: increase.requests))
    }

    private func quantileSignals(
        _ increase: Increase, _ presence: ScrapedPage.Presence
    ) -> [Signal] {
        if let missing = missingHistogram(presence) {
            return quantiles.map { $0.declaration.absent(missing) }
        }
        guard let (edges, cumulative) = increase.histogram, edges.count > 1 else {
            let absence = MissingData(
                .garbage, "a histogram without a +Inf bucket or with no other")
            return quantiles.map { $0.declaration.absent(absence) }
        }
        if let disorder = HistogramQuantile.disorder(of: increase.buckets) {
            return quantiles.map { $0.declaration.absent(disorder) }
        }
        return quantiles.map { quantile, declaration in
            let value = HistogramQuantile.value(quantile, edges: edges, cumulative: cumulative)
            guard let value else { return declaration.absent(Self.noTraffic) }
            return declaration.number(
                value, evidence: .histogram(edges: edges, cumulative: cumulative))
        }
    }

    private static let noTraffic = MissingData(.noTraffic, "no request since the last look")

    private func missingCounter(_ presence: ScrapedPage.Presence) -> MissingData? {
        if let missing { return missing }
        if let stale = presence.stale { return MissingData(.stale, stale) }
        return presence.hasRequests ? nil : noSeries(metrics.counter ?? "")
    }

    private func missingHistogram(_ presence: ScrapedPage.Presence) -> MissingData? {
        if let missing { return missing }
        if let stale = presence.stale { return MissingData(.stale, stale) }
        return presence.hasBuckets ? nil : noSeries((metrics.histogram ?? "") + "_bucket")
    }

    /// Without the status label, no request would count as failed.
    private func missingStatus(_ presence: ScrapedPage.Presence) -> MissingData? {
        if let missing = missingCounter(presence) { return missing }
        if presence.hasStatus { return nil }
        return MissingData(
            .missingField, "no label \(metrics.statusLabel) on \(metrics.counter ?? "")")
    }

    private func notUnderstood(_ word: String) -> MissingData {
        let counter = metrics.counter ?? ""
        return word.isEmpty
            ? MissingData(
                .missingField, "some series of \(counter) have no label \(metrics.statusLabel)")
            : MissingData(
                .garbage,
                "\(metrics.statusLabel)=\"\(word)\" of \(counter) is no status: say what it means with failing: and ok:"
            )
    }

    private func notUnderstoodBefore(_ requests: Double) -> MissingData {
        MissingData(
            .garbage,
            "\(Int(saturating: requests)) requests of \(metrics.counter ?? "") had a \(metrics.statusLabel) that is no status, on a page before the last: say what it means with failing: and ok:"
        )
    }

    private func noSeries(_ name: String) -> MissingData {
        MissingData(.missingField, "no series \(name){\(shown)}")
    }
}
