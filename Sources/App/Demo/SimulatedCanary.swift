import Hummingbird
import Logging
import Synchronization

/// Serves the simulated traffic's `/metrics` page on the loopback address that
/// the default configuration scrapes.
struct SimulatedCanary: Sendable {
    /// The address of `http://127.0.0.1:9102/metrics` in the defaults.
    static let defaultPort = 9102

    let traffic: SimulatedTraffic
    var host = "127.0.0.1"
    let port: Int

    /// Serves until cancelled; calls `onRunning` once the port is bound.
    /// Throws if the port is in use.
    func run(onRunning: @escaping @Sendable () async -> Void) async throws {
        let router = Router()
        let traffic = traffic
        router.get("metrics") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4"],
                body: .init(byteBuffer: ByteBuffer(string: traffic.page())))
        }
        var silent = Logger(label: "demo")
        silent.logLevel = .critical
        let application = Application(
            router: router,
            configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { _ in await onRunning() },
            logger: silent)
        try await application.run()
    }
}
