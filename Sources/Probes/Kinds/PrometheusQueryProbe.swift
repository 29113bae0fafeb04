import Events
import Transfer

/// Signals from the instant query API of Prometheus or a compatible server.
///
/// Compatible servers include Thanos, Mimir and VictoriaMetrics. Queries are evaluated at the end
/// of the measurement's window, so repeated measurements of a window ask for the same data. An
/// expression is sent once, even if several signals use it. If a query fails or does not return
/// what its signal needs, only the signals that use it are absent.
public struct PrometheusQueryProbe: Probe {
    public let name: String
    public let deadline: Duration
    public var signals: [SignalDeclaration] { queries.map(\.signal) }
    public var isPerWindow: Bool { true }

    private let queries: [PrometheusQuery]
    /// By expression; each has its own circuit.
    private let upstreams: [String: Upstream]

    /// - Parameter server: The base address, such as `http://prometheus:9090`, with credentials and
    ///   trust; the path and the method are set here.
    public init(
        name: String, server: HTTPSource, queries: [PrometheusQuery], engine: TransferEngine,
        deadline: Duration = .milliseconds(1500), policy: UpstreamPolicy = UpstreamPolicy(),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.name = name
        self.deadline = deadline
        self.queries = queries
        var source = server
        while source.url.hasSuffix("/") { source.url.removeLast() }
        source.url += "/api/v1/query?"
        source.method = "GET"
        // The answer to a rejected query contains the reason.
        source.expectedStatuses = [200...299, 400...499]
        var upstreams: [String: Upstream] = [:]
        for expression in queries.flatMap(\.expressions) where upstreams[expression] == nil {
            upstreams[expression] = Upstream(name, source, engine, policy, clock)
        }
        self.upstreams = upstreams
    }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        let answers = await withTaskGroup(
            of: (String, Result<QueryAnswer, MissingData>).self
        ) { group in
            for (expression, upstream) in upstreams {
                group.addTask { (expression, await Self.ask(upstream, expression, context)) }
            }
            return await group.reduce(into: [String: Result<QueryAnswer, MissingData>]()) {
                $0[$1.0] = $1.1
            }
        }
        return queries.map { query in
            do throws(MissingData) {
                return try query.signal(answers)
            } catch {
                return query.signal.absent(error)
            }
        }
    }

    private static func ask(
        _ upstream: Upstream, _ expression: String, _ context: MeasurementContext
    ) async -> Result<QueryAnswer, MissingData> {
        do throws(MissingData) {
            let body = try await upstream.body(
                parameters(expression, context.window), within: context.allowance)
            return .success(try QueryAnswer(reading: body))
        } catch {
            return .failure(error)
        }
    }

    /// The request's parameters `query=…&time=…`, with the window's length inserted.
    static func parameters(_ expression: String, _ window: MeasurementWindow) -> String {
        let length = (window.end - window.start).wholeMilliseconds
        let query = expression.replacing("$window", with: "\(length)ms")
        let (seconds, rest) = window.end.milliseconds.quotientAndRemainder(dividingBy: 1000)
        let thousandths = String(1000 + abs(rest)).dropFirst()
        return "query=\(percentEncoded(query))&time=\(seconds).\(thousandths)"
    }

    /// Percent-encodes all but the unreserved characters of RFC 3986 §2.3.
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
