import Arguments
import Events

/// The values of the labels in `RequestMetrics.selecting` of one series, in that order; empty for
/// a label that the series lacks.
struct SelectedLabels: Sendable, Hashable {
    let values: [[UInt8]]
}

/// Which series belong to which group, for one set of arguments.
///
/// A series belongs to the first group that it matches. A group whose arguments are missing takes
/// every series that may be its own, so that none of them counts for a later group. The later
/// groups then lack series, and have no data for the same reason.
struct SeriesSelection {
    private struct Rule {
        /// By index into `RequestMetrics.selecting`.
        let labels: [(place: Int, value: [UInt8])]
    }

    private let rules: [Rule]
    /// One for each group.
    let reports: [RequestReport]

    init(_ metrics: RequestMetrics, _ arguments: MeasurementArguments) {
        let places = Dictionary(
            metrics.selecting.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first }
        )
        var rules: [Rule] = []
        var reports: [RequestReport] = []
        var fault: ArgumentFault?
        for (index, group) in metrics.groups.prefix(RequestMetrics.groupLimit).enumerated() {
            var labels: [(Int, [UInt8])] = []
            var shown: [String] = []
            for label in group.labels + metrics.common {
                do throws(ArgumentFault) {
                    let value = try label.value.filled(with: arguments, in: .exact)
                    let pair = "\(label.name)=\"\(value)\""
                    if !shown.contains(pair) { shown.append(pair) }
                    if let place = places[label.name] { labels.append((place, Array(value.utf8))) }
                } catch {
                    fault = fault ?? error
                }
            }
            rules.append(Rule(labels: labels))
            reports.append(
                RequestReport(
                    index, group, metrics, shown: shown.joined(separator: ","),
                    missing: fault.map(MissingData.init)))
        }
        self.rules = rules
        self.reports = reports
    }

    /// The index of the series' group; nil if it belongs to none.
    func group(of labels: SelectedLabels) -> Int? {
        rules.firstIndex { rule in
            rule.labels.allSatisfy { labels.values[$0.place] == $0.value }
        }
    }

    /// What a page contains, for each group.
    func presence(
        in places: [SelectedLabels: ScrapedPage.Presence]
    ) -> [ScrapedPage.Presence] {
        var presence = Array(repeating: ScrapedPage.Presence(), count: rules.count)
        for (labels, found) in places {
            if let group = group(of: labels) { presence[group].merge(found) }
        }
        return presence
    }
}

extension MissingData {
    /// Why a text could not be filled with the arguments of a request.
    init(_ fault: ArgumentFault) {
        self.init(fault.isMissing ? .missingArgument : .unusableArgument, fault.description)
    }
}
