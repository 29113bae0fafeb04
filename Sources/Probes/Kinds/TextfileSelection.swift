import Arguments
import Events

/// Selects the series of a file in the Prometheus text format that become signals.
///
/// The node exporter's textfile collector reads such files.
public struct TextfileSelection: Sendable, Hashable {
    public struct Field: Sendable, Hashable {
        public let name: String
        public let metric: String
        /// Labels that the series must have; it may have more.
        public let labels: [RequestMetrics.Label]

        /// - Parameter name: With a dot, the full name of the signal; without one, the part after
        ///   the probe's prefix.
        public init(_ name: String, metric: String, labels: [RequestMetrics.Label] = []) {
            self.name = name
            self.metric = metric
            self.labels = labels
        }

        func declaration(prefix: String) -> SignalDeclaration {
            SignalDeclaration(name.utf8.contains(UInt8(ascii: ".")) ? name : prefix + name)
        }
    }

    public let fields: [Field]

    public init(_ fields: [Field]) { self.fields = fields }

    func declarations(prefix: String) -> [SignalDeclaration] {
        fields.map { $0.declaration(prefix: prefix) }
    }

    /// Returns one signal per field: absent(missing_field) without a matching series,
    /// absent(garbage) with several, absent(stale) for a sample whose own timestamp is older than
    /// `maxAge` before `now`. Throws if the file does not have the format.
    func signals(
        of page: [UInt8], prefix: String, at now: Timestamp, maxAge: Duration
    ) throws(MissingData) -> [Signal] {
        let names = Array(Set(fields.map(\.metric))).sorted()
        var found: [Int: [Double]] = [:]
        var ages: [Int: Duration] = [:]
        try ExpositionScanner.scan(page, names: names) {
            (name, labels, value) throws(MissingData) in
            for (index, field) in fields.enumerated()
            where field.metric == names[name]
                && field.labels.allSatisfy({
                    labels.matches(Array($0.name.utf8), Array($0.value.beginning.utf8))
                })
            {
                found[index, default: []].append(value)
                if let age = labels.age(at: now), age > maxAge { ages[index] = age }
            }
        }
        return fields.enumerated().map { index, field in
            let declaration = field.declaration(prefix: prefix)
            let values = found[index] ?? []
            guard let value = values.first else {
                return declaration.absent(
                    MissingData(.missingField, "no series \(field.metric) with these labels"))
            }
            guard values.count == 1 else {
                return declaration.absent(
                    MissingData(.garbage, "\(values.count) series \(field.metric): add labels"))
            }
            if let age = ages[index] {
                let words = "\(age.wholeMilliseconds / 1000) s old, by its timestamp"
                return declaration.absent(MissingData(.stale, words))
            }
            return declaration.number(value)
        }
    }
}
