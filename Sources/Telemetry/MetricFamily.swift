/// All series of one metric name.
struct MetricFamily {
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    /// A histogram's observations per bucket, not cumulative. The last bucket is above every
    /// edge.
    struct Distribution {
        var counts: [UInt64]
        var sum: Double = 0

        init(edges: Int) { counts = Array(repeating: 0, count: edges + 1) }
    }

    enum Sample {
        case number(Double)
        case distribution(Distribution)
    }

    let kind: Kind
    let help: String
    /// Upper bucket edges of a histogram, ascending, without +infinity.
    let edges: [Double]
    /// Samples by the label text of the exposition.
    var series: [String: Sample] = [:]

    init(kind: Kind, help: String, edges: [Double] = []) {
        self.kind = kind
        self.help = help
        self.edges = edges
    }

    mutating func add(_ amount: Double, to labels: String) {
        series[labels, default: .number(0)].add(amount)
    }

    mutating func set(_ value: Double, of labels: String) {
        series[labels] = .number(value)
    }

    mutating func observe(_ value: Double, in labels: String) {
        let empty = empty
        let bucket = edges.firstIndex { value <= $0 } ?? edges.count
        series[labels, default: empty].observe(value, bucket: bucket)
    }

    /// Adds observations that were made with the same edges; ignores others.
    mutating func merge(_ other: Distribution, in labels: String) {
        guard other.counts.count == edges.count + 1 else { return }
        let empty = empty
        series[labels, default: empty].merge(other)
    }

    private var empty: Sample { .distribution(Distribution(edges: edges.count)) }
}

extension MetricFamily.Sample {
    fileprivate mutating func add(_ amount: Double) {
        if case .number(let number) = self { self = .number(number + amount) }
    }

    fileprivate mutating func observe(_ value: Double, bucket: Int) {
        guard case .distribution(var distribution) = self else { return }
        distribution.counts[bucket] += 1
        distribution.sum += value
        self = .distribution(distribution)
    }

    fileprivate mutating func merge(_ other: MetricFamily.Distribution) {
        guard case .distribution(var distribution) = self else { return }
        for (bucket, count) in other.counts.enumerated() { distribution.counts[bucket] += count }
        distribution.sum += other.sum
        self = .distribution(distribution)
    }

    /// The value, or the number of observations of a histogram.
    var number: Double {
        switch self {
        case .number(let number): number
        case .distribution(let distribution): Double(distribution.counts.reduce(0, +))
        }
    }
}
