import Arguments
import Core
import Events
import Secrets
import Transfer

/// Signals from the instant query API of Prometheus or a compatible server.
///
/// Compatible servers include Thanos, Mimir and VictoriaMetrics. Queries are evaluated at the end
/// of the measurement's window, so repeated measurements of a window ask for the same data. An
/// expression is sent once, even if several signals use it. If a query fails, lacks an argument or
/// does not return what its signal needs, only the signals that use it are absent.
public struct PrometheusQueryProbe: Probe {
    public let name: String
    public let deadline: Duration
    public var signals: [SignalDeclaration] { queries.map(\.signal) }
    public var isPerWindow: Bool { true }
    public let arguments: Set<MeasurementArgument>

    private let queries: [PrometheusQuery]
    private struct Query: Sendable {
        /// nil if the expression's arguments have a fault, which the configuration reports.
        let text: QueryText?
        /// Each has its own circuit.
        let upstream: Upstream
    }

    /// By expression, as configured.
    private let asked: [String: Query]
    private let shownAddress: String

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
        var asked: [String: Query] = [:]
        for expression in queries.flatMap(\.expressions) where asked[expression] == nil {
            asked[expression] = Query(
                text: try? QueryText(expression),
                upstream: Upstream(name, source, engine, policy, clock))
        }
        self.asked = asked
        arguments = asked.values.reduce(into: []) { $0.formUnion($1.text?.arguments ?? []) }
        shownAddress = ShownText.url(server.url)
    }

    public func address(for arguments: MeasurementArguments) -> String { shownAddress }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        let answers = await withTaskGroup(
            of: (String, Result<QueryAnswer, MissingData>).self
        ) { group in
            for (expression, query) in asked {
                group.addTask { (expression, await Self.ask(query, context)) }
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
        _ query: Query, _ context: MeasurementContext
    ) async -> Result<QueryAnswer, MissingData> {
        do throws(MissingData) {
            let expression = try filled(query.text, context.arguments)
            let body = try await query.upstream.body(
                parameters(expression, context.window), within: context.allowance)
            return .success(try QueryAnswer(reading: body, of: expression))
        } catch {
            return .failure(error)
        }
    }

    private static func filled(
        _ text: QueryText?, _ arguments: MeasurementArguments
    ) throws(MissingData) -> String {
        guard let text else { throw MissingData(.fault, "an expression with unknown arguments") }
        do throws(ArgumentFault) { return try text.filled(with: arguments) } catch {
            throw MissingData(error)
        }
    }

    /// The request's parameters `query=…&time=…`.
    static func parameters(_ expression: String, _ window: MeasurementWindow) -> String {
        let (seconds, rest) = window.end.milliseconds.quotientAndRemainder(dividingBy: 1000)
        let thousandths = String(1000 + abs(rest)).dropFirst()
        return "query=\(PercentCoding.encode(expression))&time=\(seconds).\(thousandths)"
    }
}
