/// A service with increasing request counters; see `metrics_double.py`.
public struct MetricsDouble: Sendable {
    private let double: PythonDouble

    public static func start() async throws -> MetricsDouble {
        MetricsDouble(double: try await PythonDouble.start("metrics_double.py", []))
    }

    public var port: Int { double.port }
    public var page: String { "http://127.0.0.1:\(port)/metrics" }

    /// The address that sets these proportions from now on, such as `canary_failing=0.1`.
    public func setting(_ shares: String) -> String { "http://127.0.0.1:\(port)/set?\(shares)" }

    public func kill() { double.process.kill() }
}
