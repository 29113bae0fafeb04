import Events
import JSONScan
import Transfer

/// Signals from the instant query API of a Prometheus server (or of anything
/// that speaks it: Thanos, Mimir, VictoriaMetrics), one query for each number.
///
/// Each query must give one number: a scalar, or a vector of one series. Use
/// one for `canary.5xx_rate` and one for `stable.5xx_rate`, with the same window.
public struct PrometheusQueryProbe: Probe {
    public struct Query: Sendable, Hashable {
        enum Form: Sendable, Hashable {
            case number(String)
            case share(failing: String, total: String)
        }

        let signal: SignalDeclaration
        let form: Form

        /// The number that `expression` gives, as the signal of that full name.
        public static func number(
            _ signal: String, unit: MetricUnit? = nil, _ expression: String
        ) -> Query {
            Query(signal: SignalDeclaration(signal, unit: unit), form: .number(expression))
        }

        /// `failing` of `total`, both counts of requests such as
        /// `sum(increase(http_requests_total{…}[2m]))`: a ratio that carries its
        /// counts as evidence. An empty `failing` counts as 0.
        public static func share(_ signal: String, failing: String, total: String) -> Query {
            Query(
                signal: SignalDeclaration(signal, unit: .ratio),
                form: .share(failing: failing, total: total))
        }
    }

    public let name: String
    public let deadline: Duration
    public var signals: [SignalDeclaration] { queries.map(\.signal) }

    private let queries: [Query]
    private let upstreams: [String: Upstream]

    /// - Parameter server: the base address, `http://prometheus:9090`, with the
    ///   credentials and trust to use; its path and method are filled in.
    public init(
        name: String, server: HTTPSource, queries: [Query], engine: TransferEngine,
        deadline: Duration = .milliseconds(1500), policy: UpstreamPolicy = UpstreamPolicy(),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.name = name
        self.deadline = deadline
        self.queries = queries
        var upstreams: [String: Upstream] = [:]
        for expression in queries.flatMap(\.expressions) where upstreams[expression] == nil {
            var source = server
            source.method = "GET"
            // A refused query is answered with its reason, which is worth telling.
            source.expectedStatuses = [200...299, 400...499]
            source.url = Self.url(server.url, expression)
            upstreams[expression] = Upstream(name, source, engine, policy, clock)
        }
        self.upstreams = upstreams
    }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        let answers = await withTaskGroup(of: (String, Result<Double?, Absence>).self) { group in
            for (expression, upstream) in upstreams {
                group.addTask { (expression, await Self.ask(upstream, context.allowance)) }
            }
            return await group.reduce(into: [String: Result<Double?, Absence>]()) {
                $0[$1.0] = $1.1
            }
        }
        return queries.map { query in
            do throws(Absence) {
                return try query.signal(answers)
            } catch {
                return query.signal.absent(error)
            }
        }
    }

    private static func ask(
        _ upstream: Upstream, _ allowance: Duration
    ) async -> Result<Double?, Absence> {
        do throws(Absence) {
            return .success(try value(in: try await upstream.body(within: allowance)))
        } catch {
            return .failure(error)
        }
    }

    /// The number in an answer of `/api/v1/query`; nil for an empty vector.
    static func value(in body: [UInt8]) throws(Absence) -> Double? {
        let document = try JSONValue.document(body)
        guard document["status"]?.string == "success" else {
            guard let words = document["error"]?.string else {
                throw Absence(.garbage, "not an answer to a query")
            }
            throw Absence(.badStatus, words)
        }
        let result = document.resolve(pointer: "/data/result")
        switch document.resolve(pointer: "/data/resultType")?.string {
        case "scalar":
            return try number(result?[1])
        case "vector":
            guard case .array(let series)? = result else { break }
            guard series.count <= 1 else {
                throw Absence(.garbage, "\(series.count) series where one is needed: sum them")
            }
            guard let only = series.first else { return nil }
            return try number(only["value"]?[1])
        default: break
        }
        throw Absence(.garbage, "neither a scalar nor a vector")
    }

    private static func number(_ value: JSONValue?) throws(Absence) -> Double {
        guard let text = value?.string, let number = Double(text) else {
            throw Absence(.garbage, "a sample without a number")
        }
        return number
    }

    private static func url(_ base: String, _ expression: String) -> String {
        var url = base
        while url.hasSuffix("/") { url.removeLast() }
        return url + "/api/v1/query?query=" + percentEncoded(expression)
    }

    /// All but the unreserved characters of RFC 3986 §2.3.
    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                out.append(byte)
            default:
                out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

extension PrometheusQueryProbe.Query {
    fileprivate var expressions: [String] {
        switch form {
        case .number(let expression): [expression]
        case .share(let failing, let total): [failing, total]
        }
    }

    fileprivate func signal(
        _ answers: [String: Result<Double?, Absence>]
    ) throws(Absence) -> Signal {
        func answer(_ expression: String) throws(Absence) -> Double? {
            guard let answer = answers[expression] else { throw Absence(.fault, "never asked") }
            return try answer.get()
        }
        switch form {
        case .number(let expression):
            guard let number = try answer(expression) else {
                throw Absence(.missingField, "the query gives no series")
            }
            // What a quotient of nothing by nothing gives.
            if number.isNaN { throw Absence(.noTraffic, "the query gives NaN") }
            return signal.number(number)
        case .share(let failing, let total):
            guard let total = try answer(total) else {
                throw Absence(.missingField, "the query for the total gives no series")
            }
            let failing = try answer(failing) ?? 0
            guard total > 0 else { throw Absence(.noTraffic, "no request in the window") }
            // increase() extrapolates each query by itself, so the two may disagree a little.
            let bounded = min(max(failing, 0), total)
            return signal.number(
                bounded / total, evidence: .counter(failing: bounded, total: total))
        }
    }
}
