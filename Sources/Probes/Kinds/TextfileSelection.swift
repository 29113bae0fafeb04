import Events

/// Which series of a file in the Prometheus text format become signals, such
/// as the node exporter's textfile collector reads.
public struct TextfileSelection: Sendable, Hashable {
    public struct Field: Sendable, Hashable {
        public let name: String
        public let metric: String
        /// All of them must be on the series, which may carry more.
        public let labels: [RequestMetrics.Label]

        /// - Parameter name: with a dot, the whole name of the signal; without
        ///   one, the part that follows the probe's own prefix.
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

    /// One series for each field, or absent: missing_field without any, garbage
    /// with several. Throws for a file that is not in the format.
    func signals(of page: [UInt8], prefix: String) throws(MissingData) -> [Signal] {
        let names = Array(Set(fields.map(\.metric))).sorted()
        var found: [Int: [Double]] = [:]
        try ExpositionScanner.scan(page, names: names) {
            (name, labels, value) throws(MissingData) in
            for (index, field) in fields.enumerated()
            where field.metric == names[name]
                && field.labels.allSatisfy({
                    labels.matches(Array($0.name.utf8), Array($0.value.utf8))
                })
            {
                found[index, default: []].append(value)
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
            return declaration.number(value)
        }
    }
}
