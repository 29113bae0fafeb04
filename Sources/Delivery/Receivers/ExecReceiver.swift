import Core
public import Rendering
import Transfer

/// Runs a configured program with the digest's JSON on its standard input.
///
/// The program is started directly, without a shell, and its arguments contain nothing of the
/// digest. Its environment has `PATH`, and `BELLWETHER_DIGEST`, `BELLWETHER_THREAD` and
/// `BELLWETHER_KIND` as safe identifiers. `BELLWETHER_COMMAND` marks the processes that it starts,
/// which are killed at the deadline and when the program ends.
///
/// Exit code 0 means sent. 75 (EX_TEMPFAIL), codes above 128 (signals), the deadline, a failed
/// start and more than 64 KiB of output are retried. Any other code is a refusal. The last line of
/// output is the answer.
public struct ExecReceiver: Receiver {
    public let name: String
    public var kind: String { "exec" }

    private let command: [String]
    private let deadline: Duration
    private let executor: BlockingExecutor

    /// - Parameter command: the absolute path of the executable, then its arguments.
    public init(name: String, command: [String], deadline: Duration = .seconds(10)) {
        self.name = name
        self.command = command
        self.deadline = deadline
        executor = BlockingExecutor("exec.\(name)")
    }

    public func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt {
        let run = BoundedCommand(
            arguments: command,
            environment: [
                "PATH=/usr/local/bin:/usr/bin:/bin",
                "BELLWETHER_DIGEST=\(IdentifierText.safe(digest.id))",
                "BELLWETHER_THREAD=\(IdentifierText.safe(digest.thread))",
                "BELLWETHER_KIND=\(IdentifierText.safe(digest.kind))",
            ],
            input: Array(digest.model.utf8) + [0x0A], maxOutput: 64 * 1024, keepsErrors: true)
        let deadline = deadline
        let end = await executor.run { run.run(within: deadline) }
        let outcome: DeliveryAttempt.Outcome
        let words: String
        switch end {
        case .success(let end):
            let text = String(decoding: end.output, as: UTF8.self)
            let last = text.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
            words = "exit code \(end.code)\(last.isEmpty ? "" : ": \(last)")"
            outcome =
                end.code == 0
                ? .sent : end.code == 75 || end.code > 128 ? .retry(after: nil) : .refused
        case .failure(let fault):
            words = fault.description
            // A missing program may be installed later, and a slow one may be faster next time.
            outcome = .retry(after: nil)
        }
        return DeliveryAttempt(
            outcome, words, for: recipients,
            steps: [
                DeliveryStep(
                    "run \(command.first ?? "")", succeeded: outcome == .sent, words: words)
            ])
    }
}
