import Synchronization
import Telemetry
import TestSupport
import Transfer

/// The running processes of a test by node name.
final class Fleet: Sendable {
    private let children = Mutex<[String: ChildProcess]>([:])

    func start(_ node: NodeProcess, environment: [String: String?] = [:]) throws {
        let child = try node.start(environment: environment)
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

/// The one running node of a test, with the engine of the test's requests.
struct SingleNode {
    let node: NodeProcess
    let engine: TransferEngine
    private let fleet: Fleet

    /// Starts a node with this configuration and waits until it is ready.
    static func start(
        _ name: String = "gw-a1", yaml: String, environment: [String: String?] = [:]
    ) async throws -> SingleNode {
        let (engine, fleet) = (TransferEngine(telemetry: .silent), Fleet())
        do {
            let node = try NodeProcess(name, engine: engine, yaml: yaml)
            try fleet.start(node, environment: environment)
            try await node.untilReady()
            return SingleNode(node: node, engine: engine, fleet: fleet)
        } catch {
            fleet.killAll()
            engine.shutdown()
            throw error
        }
    }

    /// Kills the node.
    func end() {
        fleet.killAll()
        engine.shutdown()
    }
}
