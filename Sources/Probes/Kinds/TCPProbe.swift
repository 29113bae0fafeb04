import Events
import Transfer

/// Checks that a host and port accept TCP connections.
///
/// Reports `<object>.<name>_reachable` and `<object>.<name>_connect_ms`, including name resolution.
/// If the connection is refused or times out, or the name has no address, `reachable` is false and
/// the time is absent with the reason. Any other error makes both absent.
public struct TCPProbe: Probe {
    public let name: String
    public let deadline: Duration
    public let signals: [SignalDeclaration]

    private let host: String
    private let port: Int
    private let engine: TransferEngine

    public init(
        name: String, host: String, port: Int, engine: TransferEngine,
        object: String = "gateway", prefix: String? = nil, deadline: Duration = .milliseconds(500)
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.engine = engine
        self.deadline = deadline
        self.signals = [
            SignalDeclaration("\(object).\(prefix ?? name)_reachable", unit: .flag),
            SignalDeclaration("\(object).\(prefix ?? name)_connect_ms", unit: .milliseconds),
        ]
    }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        do throws(TransferError) {
            let taken = try await engine.connect(
                host: host, port: port, deadline: context.allowance)
            return [signals[0].flag(true), signals[1].number(taken.inSeconds * 1000)]
        } catch {
            let absence = MissingData(error)
            switch absence.reason {
            case .refused, .unresolved, .timeout:
                return [signals[0].flag(false), signals[1].absent(absence)]
            default:
                return allAbsent(absence)
            }
        }
    }
}
