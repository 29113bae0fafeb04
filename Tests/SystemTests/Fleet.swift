import Synchronization
import TestSupport

/// The running processes of a test by node name.
final class Fleet: Sendable {
    private let children = Mutex<[String: ChildProcess]>([:])

    func start(_ node: NodeProcess) throws {
        let child = try node.start()
        children.withLock { $0[node.name] = child }
    }

    /// Sends SIGKILL and waits until the process has ended.
    func kill(_ node: NodeProcess) async throws {
        let child = children.withLock { $0.removeValue(forKey: node.name) }
        child?.kill()
        _ = try await child?.waitForExit()
    }

    func killAll() { children.withLock { $0 = [:] } }
}
