import Arguments
import Events
import JSON
import Secrets
import Transfer

/// Checks that a dependency answers over HTTP, how fast, and reads fields of its answer.
///
/// Reports `<object>.<name>_ok`, `<object>.<name>_ms` (from the call to the last byte) and the
/// selected fields of a JSON answer. For an unexpected status, `ok` is false and the fields are
/// absent(bad_status); for 404 and 410 from the address of one rollout absent(missing_field). If there is no usable answer (refused, timeout, too large, not the JSON that
/// the fields need), `ok` is absent with the reason.
public struct HTTPProbe: Probe {
    public let name: String
    public let deadline: Duration
    public let signals: [SignalDeclaration]

    private let upstream: Upstream
    private let fields: FieldSelection
    private let prefix: String

    /// - Parameter fields: Names without a dot become `<object>.<name>_<field>`.
    public init(
        name: String, source: HTTPSource, fields: FieldSelection = .pointers([]),
        engine: TransferEngine, object: String = "dependency", prefix: String? = nil,
        deadline: Duration = .milliseconds(1500), policy: UpstreamPolicy = UpstreamPolicy(),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.name = name
        self.upstream = Upstream(name, source, engine, policy, clock)
        self.fields = fields
        self.prefix = "\(object).\(prefix ?? name)_"
        self.deadline = deadline
        self.signals =
            [
                SignalDeclaration(self.prefix + "ok", unit: .flag),
                SignalDeclaration(self.prefix + "ms", unit: .milliseconds),
            ] + fields.declarations(prefix: self.prefix)
    }

    public func address(for arguments: MeasurementArguments) -> String {
        ShownText.url(upstream.source.url)
    }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        let reply: HTTPReply
        do throws(MissingData) {
            reply = try await upstream.reply(within: context.allowance)
        } catch {
            return allAbsent(error)
        }
        let ok = signals[0]
        let taken = signals[1].number(reply.duration.inSeconds * 1000)
        guard upstream.source.accepts(reply.status) else {
            let absence = upstream.refusal(of: reply)
            return [ok.flag(false), taken] + signals.dropFirst(2).map { $0.absent(absence) }
        }
        if case .pointers(let pointers) = fields, pointers.isEmpty {
            return [ok.flag(true), taken]
        }
        do throws(MissingData) {
            let document = try JSONValue.document(try upstream.content(of: reply))
            let read = try fields.signals(of: document, prefix: prefix)
            return [ok.flag(true), taken] + read
        } catch {
            return [ok.absent(error), taken] + signals.dropFirst(2).map { $0.absent(error) }
        }
    }
}
