/// A transfer as it travels to the loop: how to set it up, whom to tell.
struct TransferOrder: Sendable {
    /// Names the protocol in metrics: `http`, `mail`, `connect`.
    let kind: String
    let target: String
    /// Set when the caller no longer wants it, maybe before it arrives.
    let called: CallOff
    /// Runs in the loop's thread.
    let prepare: @Sendable (EasyTransfer) throws(TransferError) -> Void
    /// Runs once, in the loop's thread or the caller's.
    let settle: @Sendable (Result<Finished, TransferError>) -> Void
}
