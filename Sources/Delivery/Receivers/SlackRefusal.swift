import Transfer

/// What one of Slack's methods said instead of "ok".
struct SlackRefusal: Error {
    let attempt: DeliveryAttempt
    /// The message to be updated is not there, or not to be changed any more.
    var meansGone = false

    init(attempt: DeliveryAttempt) { self.attempt = attempt }

    /// The errors of `chat.postMessage` and `chat.update`, as documented: those
    /// below may pass, every other would come again.
    init(_ method: String, _ word: String, _ reply: HTTPReply) {
        let passing = [
            "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable",
            "request_timeout", "rollup_error", "team_added_to_org",
        ]
        let gone = ["message_not_found", "cant_update_message", "edit_window_closed"]
        meansGone = method == "chat.update" && gone.contains(word)
        let words = "\(method): \(word)"
        attempt = DeliveryAttempt(
            passing.contains(word)
                ? .retry(after: RetryPolicy.retryAfter(reply.header("retry-after"))) : .refused,
            words, for: [""],
            steps: [
                DeliveryStep(
                    "\(method) answered after \(reply.duration.inWords)", succeeded: false,
                    words: word)
            ])
    }
}
