import Dispatch
public import Rendering

/// Writes digests to files: `<id>.txt`, `<id>.eml` for mail programs, and `<id>.json`.
///
/// The receiver of a fresh installation. Each file is written atomically and is durable before the
/// digest counts as sent. A repeat writes the same bytes again.
public struct FileReceiver: Receiver {
    public let name: String
    public var kind: String { "file" }
    private let directory: String
    private let composer: MailComposer?
    private let queue: DispatchQueue

    /// - Parameter directory: Created with mode 0700 at the first digest if it is missing.
    public init(name: String, directory: String) {
        self.name = name
        self.directory = directory
        composer = (try? Mailbox("Bellwether <bellwether@localhost>")).map {
            MailComposer(from: $0, to: [], list: name)
        }
        queue = DispatchQueue(label: "bellwether.outgoing.\(name)")
    }

    public func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt {
        let base = directory + "/" + IdentifierText.safe(digest.id)
        var files = [
            (base + ".json", Array(digest.model.utf8) + [0x0A]),
            (base + ".txt", Array(digest.text.utf8)),
        ]
        if let composer { files.append((base + ".eml", composer.compose(digest))) }
        let written = files
        let fault = await withCheckedContinuation { continuation in
            queue.async {
                do throws(AtomicFileError) {
                    try AtomicFile.prepare(directory)
                    for (path, bytes) in written { try AtomicFile.write(bytes, to: path) }
                    continuation.resume(returning: AtomicFileError?.none)
                } catch {
                    continuation.resume(returning: error)
                }
            }
        }
        if let fault {
            return DeliveryAttempt(
                .retry(after: nil), "\(fault)", for: recipients,
                steps: [DeliveryStep("write", succeeded: false, words: "\(fault)")])
        }
        return DeliveryAttempt(
            .sent, base + ".txt", for: recipients,
            steps: written.map { DeliveryStep("write", succeeded: true, words: $0.0) })
    }
}
