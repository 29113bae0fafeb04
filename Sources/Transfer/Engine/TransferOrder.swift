/// A transfer on its way to the loop: its setup and its completion handler.
struct TransferOrder: Sendable {
    /// The label in metrics: `http`, `mail`, `connect`, `certificate`.
    let kind: String
    let target: String
    /// Set when the caller cancels the transfer, possibly before the order arrives.
    let called: CallOff
    /// Runs on the loop's thread.
    let prepare: @Sendable (EasyTransfer) throws(TransferError) -> Void
    /// Runs once, on the loop's thread or the caller's.
    let settle: @Sendable (Result<Finished, TransferError>) -> Void
}
