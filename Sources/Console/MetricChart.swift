import Events

/// Draws one metric of a rollout over its attempts as SVG.
///
/// The chart shows canary and stable values with one line per zone, and the limit.
struct MetricChart {
    struct Point {
        let number: Int
        let value: Double
    }

    struct Line {
        let name: String
        var canary: [Point] = []
        var stable: [Point] = []
    }

    let metric: String
    let unit: MetricUnit
    var lines: [Line]
    /// The limit in the last lane's latest attempt that has one.
    var limit: Double?
    /// The worst state of the lanes' latest attempts.
    var state: CheckState
    let attempts: ClosedRange<Int>

    /// Most lanes of a chart; more would be unreadable.
    private static let linesShown = 6
    private static let metricsShown = 12

    /// Returns the charts of a rollout, at most 12, worst metric first, then by name.
    static func of(_ rollout: RolloutBoard.Rollout) -> [MetricChart] {
        let numbers = rollout.lanes.flatMap { $0.attempts.map(\.number) }
        guard let first = numbers.min(), let last = numbers.max() else { return [] }
        var charts: [String: MetricChart] = [:]
        for lane in rollout.lanes.prefix(linesShown) {
            let name = lane.az.isEmpty ? lane.node : lane.az
            for attempt in lane.attempts {
                let isLatest = attempt.number == lane.attempts.last?.number
                for delta in attempt.deltas where delta.unit != .flag {
                    guard let value = delta.value, value.isFinite else { continue }
                    var chart =
                        charts.removeValue(forKey: delta.metric)
                        ?? MetricChart(
                            metric: delta.metric, unit: delta.unit, lines: [], state: .pass,
                            attempts: first...last)
                    if chart.lines.last?.name != name { chart.lines.append(Line(name: name)) }
                    let place = chart.lines.count - 1
                    chart.lines[place].canary.append(Point(number: attempt.number, value: value))
                    if let stable = delta.stable, stable.isFinite {
                        chart.lines[place].stable.append(
                            Point(number: attempt.number, value: stable))
                    }
                    if let limit = delta.limit, limit.isFinite { chart.limit = limit }
                    if isLatest, rank(delta.state) > rank(chart.state) { chart.state = delta.state }
                    charts[delta.metric] = chart
                }
            }
        }
        return charts.values.sorted {
            (rank($1.state), $0.metric) < (rank($0.state), $1.metric)
        }.prefix(metricsShown).map(\.self)
    }

    private static func rank(_ state: CheckState) -> Int {
        switch state {
        case .pass: 0
        case .warn: 1
        case .nodata: 2
        case .fail: 3
        }
    }

    // MARK: - Drawing

    // Coordinates in the view box, which is large enough for whole numbers.
    private static let width = 2900
    private static let height = 1000
    private static let left = 90
    private static let right = 1750
    private static let top = 90
    private static let bottom = 830

    /// The lowest and highest value of the chart, already divided by `divisor`.
    ///
    /// Values are divided first, because the difference of two values near the largest `Double`
    /// is infinite.
    private var scale: (floor: Double, top: Double, divisor: Double) {
        let values = lines.flatMap { $0.canary.map(\.value) + $0.stable.map(\.value) }
        let most = (values + [limit ?? 0]).max() ?? 0
        let least = min(0, values.min() ?? 0)
        let divisor = max(1, most.magnitude, least.magnitude)
        return (least / divisor, most > 0 ? most / divisor * 1.08 : 1 / divisor, divisor)
    }

    var html: HTML {
        let scale = scale
        func y(_ value: Double) -> Int {
            let share = (value / scale.divisor - scale.floor) / (scale.top - scale.floor)
            let shown = min(max(share, 0), 1) * Double(Self.bottom - Self.top)
            return Self.bottom - Int(saturating: shown)
        }
        func x(_ number: Int) -> Int {
            let span = attempts.upperBound -| attempts.lowerBound
            guard span > 0 else { return (Self.left + Self.right) / 2 }
            let place = (number -| attempts.lowerBound) *| (Self.right - Self.left)
            return Self.left + place / span
        }
        func path(_ points: [Point]) -> String {
            var path = ""
            for point in points {
                path += "\(path.isEmpty ? "M" : "L")\(x(point.number)) \(y(point.value))"
            }
            return path
        }
        var drawn = HTML.empty
        for line in lines where !line.stable.isEmpty {
            drawn += "<path class=\"stable\" d=\"\(path(line.stable))\"/>"
        }
        for (place, line) in lines.enumerated() {
            drawn += "<path class=\"canary l\(place)\" d=\"\(path(line.canary))\"/>"
            if let last = line.canary.last {
                drawn +=
                    "<circle class=\"dot l\(place)\" cx=\"\(x(last.number))\" cy=\"\(y(last.value))\" r=\"42\"/>"
            }
        }
        let labels = labels(y)
        if let limit {
            drawn += "<path class=\"limit\" d=\"M\(Self.left) \(y(limit))H\(Self.right)\"/>"
        }
        let written = Self.spread(labels).markup { label in
            "<text class=\"\(label.kind)\" x=\"\(Self.right + 70)\" y=\"\(label.y + 36)\">\(label.words)</text>"
        }
        return """
            <figure class="chart \(state.rawValue)"><figcaption>\(metric) <b>\(stateWords)</b></figcaption>
            <svg viewBox="0 0 \(Self.width) \(Self.height)" role="img" aria-label="\(summary)">
            <path class="axis" d="M\(Self.left) \(Self.bottom)H\(Self.right)"/>\(drawn)
            <text class="tick" x="\(Self.left)" y="955">#\(attempts.lowerBound)</text><text class="tick end" x="\(Self.right)" y="955">#\(attempts.upperBound)</text>\(written)
            </svg></figure>
            """
    }

    private var stateWords: String {
        switch state {
        case .pass: ""
        case .warn: "warns"
        case .nodata: "no data"
        // Not "over the limit": a check also fails against stable, or below its limit.
        case .fail: "fails"
        }
    }

    private func labels(_ y: (Double) -> Int) -> [(y: Int, words: String, kind: String)] {
        var labels: [(value: Double, before: String, after: String, kind: String)] = []
        for (place, line) in lines.enumerated() {
            guard let last = line.canary.last else { continue }
            let name = lines.count > 1 ? " \(line.name.prefix(10))" : ""
            labels.append((last.value, "", name, "value l\(place)"))
        }
        if let stable = lines.first(where: { !$0.stable.isEmpty })?.stable.last {
            labels.append((stable.value, "stable ", "", "base"))
        }
        let words = unit.words(for: labels.map(\.value), limit: limit)
        var written = zip(labels, words.values).map { label, words in
            (y: y(label.value), words: "\(label.before)\(words)\(label.after)", kind: label.kind)
        }
        if let limit, let words = words.limit {
            written.append((y(limit), "limit \(words)", "limit"))
        }
        return written
    }

    /// Moves labels apart that would overlap.
    private static func spread(
        _ labels: [(y: Int, words: String, kind: String)]
    ) -> [(y: Int, words: String, kind: String)] {
        let apart = 112
        var placed = labels.sorted { $0.y < $1.y }
        for place in placed.indices.dropFirst() {
            placed[place].y = max(placed[place].y, placed[place - 1].y + apart)
        }
        var limit = height - 60
        for place in placed.indices.reversed() {
            placed[place].y = min(placed[place].y, limit)
            limit = placed[place].y - apart
        }
        return placed
    }

    /// The chart as text, for screen readers.
    private var summary: String {
        let ends = lines.map { [$0.canary.first, $0.canary.last, $0.stable.last] }
        let shown = unit.words(
            for: ends.flatMap { $0.compactMap(\.self) }.map(\.value), limit: limit)
        var rest = shown.values[...]
        var words = zip(lines, ends).map { line, ends in
            let words = ends.map { end in end.map { _ in rest.removeFirst() } }
            let stable = words[2].map { ", stable \($0)" } ?? ""
            return "\(line.name) from \(words[0] ?? "?") to \(words[1] ?? "?")\(stable)"
        }.joined(separator: "; ")
        if let limit = shown.limit { words += "; limit \(limit)" }
        return "\(metric), attempts \(attempts.lowerBound) to \(attempts.upperBound): \(words)"
    }
}
