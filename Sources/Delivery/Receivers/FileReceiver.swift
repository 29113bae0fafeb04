import Core
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
    private let executor: BlockingExecutor

    /// - Parameter directory: Created with mode 0700 at the first digest if it is missing.
    public init(name: String, directory: String) {
        self.name = name
        self.directory = directory
        composer = (try? Mailbox("Bellwether <bellwether@localhost>")).map {
            MailComposer(from: $0, to: [], list: name)
        }
        executor = BlockingExecutor("outgoing.\(name)")
    }

    public func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt {
        let base = directory + "/" + IdentifierText.safe(digest.id)
        var files = [
            (base + ".json", Array(digest.model.utf8) + [0x0A]),
            (base + ".txt", Array(digest.text.utf8)),
        ]
        if let composer { files.append((base + ".eml", composer.compose(digest))) }
        let written = files
        do throws(FileFault) {
            try await executor.run { () throws(FileFault) in
                try AtomicFile.prepare(directory)
                for (path, bytes) in written { try AtomicFile.write(bytes, to: path, mode: 0o640) }
            }
        } catch {
            return DeliveryAttempt(
                .retry(after: nil), "\(error)", for: recipients,
                steps: [DeliveryStep("write", succeeded: false, words: "\(error)")])
        }
        return DeliveryAttempt(
            .sent, base + ".txt", for: recipients,
            steps: written.map { DeliveryStep("write", succeeded: true, words: $0.0) })
    }
}
