import Core
import Events
import JSON

/// The answer to an instant query: `/api/v1/query` of the Prometheus HTTP API.
struct QueryAnswer: Sendable, Equatable {
    struct Sample: Sendable, Equatable {
        /// The label `le`: the upper edge of a histogram bucket.
        let edge: String?
        let value: Double
    }

    /// Maximum number of series.
    static let sampleLimit = 1000

    /// One sample for a scalar; one per series for a vector.
    let samples: [Sample]
    /// The query that it answers.
    private let query: String

    /// Parses the answer.
    ///
    /// - Throws: absent(bad_status) with the server's message if the query failed;
    ///   absent(too_large) for too many series; absent(garbage) for results other than scalars and
    ///   vectors, and if the answer may be incomplete: `warnings`, `infos` (Prometheus, Thanos,
    ///   Mimir), `isPartial` (VictoriaMetrics), these in another spelling or beside the result, or an
    ///   `error` beside a success.
    init(reading body: [UInt8], of query: String = "") throws(MissingData) {
        self.query = query
        let document = try JSONValue.document(body)
        guard document["status"]?.string == "success" else {
            guard let words = document["error"]?.string else {
                throw MissingData(.garbage, "not an answer to a query")
            }
            throw MissingData(.badStatus, words)
        }
        try Self.refusePartial(document)
        if let data = document["data"] { try Self.refusePartial(data) }
        let result = document.resolve(pointer: "/data/result")
        switch document.resolve(pointer: "/data/resultType")?.string {
        case "scalar": samples = [Sample(edge: nil, value: try Self.number(result?[1]))]
        case "vector":
            guard case .array(let series)? = result else {
                throw MissingData(.garbage, "a vector that is no list")
            }
            guard series.count <= Self.sampleLimit else {
                throw MissingData(.tooLarge, "more than \(Self.sampleLimit) series")
            }
            var samples: [Sample] = []
            for one in series {
                if one["value"] == nil, one["histogram"] != nil {
                    throw MissingData(
                        .garbage,
                        "a native histogram, which is not supported: ask for histogram_quantile or histogram_count of it"
                    )
                }
                samples.append(
                    Sample(
                        edge: one["metric"]?["le"]?.string,
                        value: try Self.number(one["value"]?[1])))
            }
            self.samples = samples
        case let type:
            throw MissingData(
                .garbage,
                "neither a scalar nor a vector, but \(type.map { JSONValue.string($0).shown } ?? "no type")"
            )
        }
    }

    /// Throws unless the members that report incomplete data are missing, null, false or empty.
    private static func refusePartial(_ object: JSONValue) throws(MissingData) {
        for member in object.members ?? [] {
            let name = member.key.lowercased().filter { $0 != "_" && $0 != "-" }
            guard let words = partial[name] else { continue }
            switch member.value {
            case .null, .bool(false), .array([]), .object([]), .string(""): continue
            case .array(let items):
                throw MissingData(.garbage, "\(words): \(text(items[0]))")
            case .bool(true):
                throw MissingData(
                    .garbage, "\(words): \(InertText.line(member.key, limit: 40)) is true")
            default: throw MissingData(.garbage, "\(words): \(text(member.value))")
            }
        }
    }

    /// The members that report incomplete data, in lower case and without `_` and `-`.
    private static let partial: [String: String] = [
        "warnings": "the server warns", "warning": "the server warns",
        "infos": "the server notes", "info": "the server notes",
        "ispartial": "the answer is partial", "partial": "the answer is partial",
        "partialresponse": "the answer is partial", "partialdata": "the answer is partial",
        "error": "the server reports an error", "errors": "the server reports an error",
        "errortype": "the server reports an error",
    ]

    /// Returns strings unchanged and other values as JSON.
    private static func text(_ value: JSONValue) -> String {
        if let text = value.string { return text }
        var writer = JSONWriter()
        writer.value(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The single number. Throws if there is none or several, and for NaN, the result of 0/0 in
    /// PromQL.
    func number() throws(MissingData) -> Double {
        guard let first = samples.first else {
            throw noSeries
        }
        guard samples.count == 1 else {
            throw MissingData(.garbage, "\(samples.count) series where one is needed: sum them")
        }
        if first.value.isNaN { throw MissingData(.noTraffic, "the query gives NaN") }
        return first.value
    }

    private var noSeries: MissingData {
        let selector = Self.selector(in: query)
        return MissingData(
            .missingField,
            "the query gives no series" + (selector.isEmpty ? "" : " \(selector)"))
    }

    /// The first `metric{…}` of an expression, without a full parse: for people only.
    private static func selector(in query: String) -> String {
        guard let brace = query.firstIndex(of: "{"),
            let end = query[brace...].firstIndex(of: "}")
        else { return query }
        let name = query[..<brace].reversed().prefix {
            $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" || $0 == ":"
        }
        return String(name.reversed()) + query[brace...end]
    }

    /// The single number as a count of requests: not negative, rounded to a whole number.
    ///
    /// `increase()` of a counter is 0 or at least 1, so that a smaller number is a rate, which would
    /// be rounded to no request.
    func count() throws(MissingData) -> Double {
        let number = try number()
        guard number.isFinite, number >= 0 else {
            throw MissingData(.garbage, "\(number) is no count")
        }
        return try Self.whole(number)
    }

    /// The count that `increase()`, which extrapolates to fractions, gives.
    private static func whole(_ number: Double) throws(MissingData) -> Double {
        guard number == 0 || number > leastIncrease else {
            throw MissingData(
                .garbage,
                "\(number) is no count of requests: use increase() over the window, not rate()")
        }
        return number.rounded()
    }

    /// Below 1, for the rounding of a product such as `rate(…) * 60`.
    private static let leastIncrease = 0.9

    /// Returns cumulative counts by ascending, distinct edges; the last edge is +infinity.
    ///
    /// Edges are multiplied by `scale`. A count lower than the one before by rounding is raised to it,
    /// as Prometheus does.
    func histogram(scale: Double) throws(MissingData) -> (edges: [Double], cumulative: [Double]) {
        guard !samples.isEmpty else {
            throw noSeries
        }
        var counts: [Double: Double] = [:]
        for sample in samples {
            guard let text = sample.edge else {
                throw MissingData(.garbage, "a series without the label le: sum by (le)")
            }
            guard let edge = ExpositionScanner.number(text), !edge.isNaN else {
                throw MissingData(
                    .garbage, "the label le is no number, but \(JSONValue.string(text).shown)")
            }
            guard sample.value.isFinite, sample.value >= 0 else {
                throw MissingData(.garbage, "\(sample.value) is no count")
            }
            // Two spellings of an edge (1 and 1.0) are one bucket, as in `histogram_quantile`.
            counts[edge * scale, default: 0] += try Self.whole(sample.value)
        }
        let edges = counts.keys.sorted()
        guard edges.count > 1, edges.last == .infinity else {
            throw MissingData(.garbage, "a histogram without a +Inf bucket or with no other")
        }
        if let disorder = HistogramQuantile.disorder(of: counts) { throw disorder }
        var highest = 0.0
        let cumulative = edges.map { edge -> Double in
            highest = max(highest, counts[edge] ?? 0)
            return highest
        }
        return (edges, cumulative)
    }

    private static func number(_ value: JSONValue?) throws(MissingData) -> Double {
        guard let value else { throw MissingData(.garbage, "a sample without a number") }
        guard let text = value.string, let number = ExpositionScanner.number(text) else {
            throw MissingData(.garbage, "a sample that is no number, but \(value.shown)")
        }
        return number
    }
}
