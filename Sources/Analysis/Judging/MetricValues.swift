/// The values of one attempt by metric name.
///
/// A sorted array, which is smaller than a dictionary: thousands of series keep
/// several of these.
public struct MetricValues: Sendable, Equatable {
    public private(set) var entries: [Entry]

    public struct Entry: Sendable, Equatable {
        public let metric: String
        public let value: Double
    }

    public init() { entries = [] }

    /// Keeps the first of several values of a metric; drops values that are not finite.
    public init(_ values: some Sequence<(String, Double)>) {
        var seen: Set<String> = []
        var entries: [Entry] = []
        for (metric, value) in values where value.isFinite && seen.insert(metric).inserted {
            entries.append(Entry(metric: metric, value: value))
        }
        self.entries = entries.sorted { $0.metric < $1.metric }
    }

    public subscript(metric: String) -> Double? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].metric < metric { low = middle + 1 } else { high = middle }
        }
        guard low < entries.count, entries[low].metric == metric else { return nil }
        return entries[low].value
    }
}
