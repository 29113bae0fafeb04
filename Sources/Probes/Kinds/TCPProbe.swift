import Events
import Transfer

/// Whether something accepts TCP connections at a host and port.
///
/// Reports `<object>.<name>_reachable` and `<object>.<name>_connect_ms`, the
/// name's look-up included. No connection is itself the finding: `reachable` is
/// then false, and the time is absent with the reason.
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
