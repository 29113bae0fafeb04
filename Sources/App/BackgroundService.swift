import ServiceLifecycle

/// Work that goes on until the node stops: cancelled by a graceful shutdown.
struct BackgroundService: Service {
    let work: @Sendable () async throws -> Void

    init(_ work: @escaping @Sendable () async throws -> Void) { self.work = work }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do { try await work() } catch is CancellationError {}
        }
    }
}
