import Dispatch
public import Rendering
import Transfer

/// A program of one's own that takes the digest's JSON on its standard input.
///
/// Started directly, no shell reads its arguments; nothing of the digest is
/// among them. In its environment: `PATH`, and `BELLWETHER_DIGEST`,
/// `BELLWETHER_THREAD` and `BELLWETHER_KIND`, cleaned to one plain word each, and the mark
/// `BELLWETHER_COMMAND` by which all that it started is found at the deadline.
/// Exit code 0 is sent, 75 (EX_TEMPFAIL) and an end by a signal or at the
/// deadline are tried again, any other is a refusal, in its last line's words.
public struct ExecReceiver: Receiver {
    public let name: String
    public var kind: String { "exec" }

    private let command: [String]
    private let deadline: Duration
    private let queue: DispatchQueue

    /// - Parameter command: the absolute path of the executable, then its arguments.
    public init(name: String, command: [String], deadline: Duration = .seconds(10)) {
        self.name = name
        self.command = command
        self.deadline = deadline
        queue = DispatchQueue(label: "bellwether.exec.\(name)")
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
        let end = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: run.run(within: deadline)) }
        }
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
            // A program that is being installed, or is slow today, may be there tomorrow.
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
