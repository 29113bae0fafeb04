import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

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
        let traffic = traffic
        let channel = HTTP1Channel { (request, writer: consuming ResponseWriter, _) in
            let answer = Self.answer(to: request.head, traffic)
            try await writer.write(response: answer.head, body: answer.body)
        }
        var silent = Logger(label: "demo")
        silent.logLevel = .critical
        try await channel.server(
            configuration: ServerConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { _ in await onRunning() },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: silent
        ).run()
    }

    private static func answer(to head: HTTPRequest, _ traffic: SimulatedTraffic) -> Response {
        guard head.method == .get, head.path == "/metrics" else {
            return Response(status: .notFound, body: ResponseBody(byteBuffer: ByteBuffer()))
        }
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: traffic.page())))
    }
}
