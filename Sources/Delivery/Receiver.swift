import Core
import Events
public import Rendering
public import State

/// A destination for digests.
public protocol Receiver: Sendable {
    /// The name in the configuration; unique.
    var name: String { get }
    /// `slack`, `smtp`, `webhook`, `file`, `exec`.
    var kind: String { get }
    /// The recipients of one try; a single empty string if the receiver has none.
    var recipients: [String] { get }
    /// Minimum time between the end of one try and the start of the next.
    var minimumInterval: Duration { get }
    /// The most digests that are sent at the same time; those of one incident never are.
    var parallel: Int { get }

    /// Sends the digest once to these recipients, within the receiver's own deadlines.
    ///
    /// Does not throw: errors are outcomes of the recipients. A repeat has the same ids, so the
    /// destination can recognize it.
    func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt

    /// Sends a digest that follows others of its thread.
    ///
    /// Receivers without a live message use `send(_:to:)`.
    ///
    /// - Parameter mark: The mark recorded with the last sent digest of the thread; nil if there is
    ///   none.
    func send(
        _ digest: RenderedDigest, to recipients: [String], following mark: String?
    ) async -> DeliveryAttempt
}

extension Receiver {
    public var recipients: [String] { [""] }
    public var minimumInterval: Duration { .zero }
    public var parallel: Int { 1 }

    public func send(
        _ digest: RenderedDigest, to recipients: [String], following mark: String?
    ) async -> DeliveryAttempt {
        await send(digest, to: recipients)
    }

    /// The addressees of a digest for this receiver; each is one row in the outbox.
    public var addressees: [Addressee] {
        recipients.map { Addressee(receiver: name, recipient: $0) }
    }

    /// Sends test digests one after another without the outbox; the attempt contains the steps of
    /// all, and the results of the first that failed, else of the last.
    ///
    /// - Parameter digests: Renderings of `SampleDigests.tests(at:)`.
    public func sendTests(_ digests: [RenderedDigest]) async -> DeliveryAttempt {
        var steps: [DeliveryStep] = []
        var results: [DeliveryAttempt.Result] = []
        var marks: [String: String] = [:]
        for (index, digest) in digests.enumerated() {
            if index > 0, minimumInterval > .zero { try? await Task.sleep(for: minimumInterval) }
            let attempt = await send(
                digest, to: recipients, following: marks[digest.thread])
            steps += attempt.steps.map {
                DeliveryStep(
                    "\(digest.kind): \($0.what)", succeeded: $0.succeeded, words: $0.words)
            }
            results = attempt.results
            guard results.allSatisfy({ $0.outcome == .sent }) else { break }
            if let mark = results.first?.mark, !mark.isEmpty { marks[digest.thread] = mark }
        }
        return DeliveryAttempt(results: results, steps: steps)
    }
}

/// Ids in a form that is safe in headers, message ids, environment variables and file names.
enum IdentifierText {
    /// Returns the id itself if `InertText.isIdentifier`; otherwise `sha256-` and its SHA-256.
    static func safe(_ id: String) -> String {
        InertText.isIdentifier(id) ? id : "sha256-" + ContentHash.hex(id.utf8)
    }
}
