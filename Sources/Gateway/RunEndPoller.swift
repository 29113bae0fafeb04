public import Events
import Core
import JSON
import Logging
import Secrets
public import Telemetry
public import Transfer

/// Polls the notifier for the runs that have ended, and ends them on this gateway.
///
/// The notifier keeps the ends of the last minutes. While it is unreachable the requests go on, at
/// growing intervals; ends are then applied late. Each request names the last answer, so an end
/// is sent once; after a restart of either node it may be sent again, which changes nothing.
///
/// Each request also names this gateway, which is how the notifier notices one that is silent; the
/// last one of a planned stop states that none follows.
public struct RunEndPoller: Sendable {
    private let configuration: Forwarder.Configuration
    private let addresses: NotifierAddresses
    private let presence: GatewayPresence
    private let end: @Sendable (RunEnd) async -> Void
    private let transfer: TransferEngine
    private let telemetry: Telemetry
    private let clock: any Clock<Duration>
    private let pause: Duration
    /// The longest time between two requests while the notifier does not answer. A gateway that
    /// waited longer would be reported as silent when the notifier is back.
    private static let longestPause = Duration.seconds(30)
    /// The most time that a stop waits for the notifier.
    private static let farewell = Duration.seconds(2)

    /// - Parameters:
    ///   - presence: This gateway.
    ///   - pause: The time between two requests that are answered.
    ///   - end: Ends the runs, such as `MeasurementService.end`.
    public init(
        _ configuration: Forwarder.Configuration, as presence: GatewayPresence,
        transfer: TransferEngine, telemetry: Telemetry,
        clock: any Clock<Duration> = ContinuousClock(), every pause: Duration = .seconds(2),
        end: @escaping @Sendable (RunEnd) async -> Void
    ) {
        self.configuration = configuration
        addresses = NotifierAddresses(configuration.to, retry: configuration.retry, clock: clock)
        self.presence = presence
        self.transfer = transfer
        self.telemetry = telemetry
        self.clock = clock
        self.pause = pause
        self.end = end
        RunEndsMissing.count(0, in: telemetry.registry)
    }

    /// Polls until cancelled; then reports to the notifier that this gateway stops.
    public func run() async {
        await poll()
        // Of its own, because this task is cancelled.
        await Task { () async -> Void in
            do throws(PollFault) { _ = try await ask(after: "", isLeaving: true) } catch {
                telemetry.emit(RunEndsMissing(fault: error.description, failures: 1))
            }
        }.value
    }

    private func poll() async {
        var after = ""
        var failures = 0
        while !Task.isCancelled {
            let delay: Duration
            do throws(PollFault) {
                let answer = try await ask(after: after)
                for one in answer.ends { await end(one) }
                after = answer.next
                failures = 0
                delay = pause
            } catch {
                if Task.isCancelled { return }
                failures +|= 1
                var generator = SystemRandomNumberGenerator()
                let wait = configuration.retry.delay(after: failures, using: &generator)
                delay = max(min(wait, Self.longestPause), pause)
                telemetry.emit(RunEndsMissing(fault: error.description, failures: failures))
            }
            try? await clock.sleep(for: delay)
        }
    }

    /// Why the notifier did not answer.
    struct PollFault: Error, CustomStringConvertible {
        let description: String
    }

    private func ask(
        after: String, isLeaving: Bool = false
    ) async throws(PollFault) -> RunEndAnswer {
        guard let choice = addresses.choice else {
            throw PollFault(description: "there is no address of a notifier")
        }
        do throws(PollFault) {
            let answer = try await ask(choice.url, after: after, isLeaving: isLeaving)
            addresses.succeeded(choice)
            return answer
        } catch {
            // The next request goes to the next address.
            addresses.failed(choice, retryAfter: nil, redirect: nil, advances: true)
            throw error
        }
    }

    private func ask(
        _ to: String, after: String, isLeaving: Bool
    ) async throws(PollFault) -> RunEndAnswer {
        let shown = ShownText.url(to)
        let reply: HTTPReply
        do {
            var presence = presence
            presence.isLeaving = isLeaving
            var headers = presence.headers
            if let token = configuration.token {
                headers.append(("Authorization", "Bearer \(try token.read())"))
            }
            reply = try await transfer.http(
                HTTPTransfer(
                    url: "\(to)/v1/run-ends"
                        + (after.isEmpty ? "" : "?after=\(after)"),
                    method: "GET", headers: headers,
                    deadline: isLeaving
                        ? min(configuration.deadline, Self.farewell) : configuration.deadline,
                    maxBody: 1 << 20, tls: configuration.trust))
        } catch { throw PollFault(description: "\(error)") }
        guard reply.status == 200 else {
            throw PollFault(description: "\(shown) answered \(reply.status)")
        }
        guard let answer = RunEndAnswer(reply.body) else {
            throw PollFault(description: "\(shown) answered 200 without a list of ended runs")
        }
        return answer
    }
}

/// The answer of `GET /v1/run-ends`.
struct RunEndAnswer: Equatable {
    var ends: [RunEnd] = []
    /// Names this answer in the next request: letters, digits and hyphens.
    var next: String

    /// Nil if the body is not such an answer. Ends that cannot be read are skipped.
    init?(_ body: [UInt8]) {
        guard
            let tree = try? JSONValue(
                parsing: body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 8)),
            let next = tree["next"]?.string, next.utf8.count <= 64,
            next.utf8.allSatisfy({ $0.isWordByte }),
            case .array(let listed)? = tree["ends"]
        else { return nil }
        self.next = next
        ends = listed.compactMap { one in
            guard let namespace = one["namespace"]?.string, let rollout = one["rollout"]?.string,
                let cause = one["event"]?.string, EventName.runEndings.contains(cause),
                let at = one["at"]?.string.flatMap({ Timestamp(rfc3339: $0) })
            else { return nil }
            return RunEnd(
                namespace: namespace, rollout: rollout, revision: one["revision"]?.string,
                cause: cause, at: at)
        }
    }
}

extension UInt8 {
    fileprivate var isWordByte: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// A request to the notifier for the ended runs failed.
struct RunEndsMissing: CountedEvent {
    let fault: String
    let failures: Int
    var level: Logger.Level { failures == 1 || failures % 20 == 0 ? .warning : .debug }
    var message: String {
        "cannot get the ended runs from the notifier; a run ends after two intervals of silence"
    }
    var fields: [(String, String)] { [("fault", fault), ("failures", "\(failures)")] }

    static let counter = (
        name: "bellwether_run_end_poll_failures_total",
        help: "Requests to the notifier for the ended runs that failed."
    )
}
