import Transfer

/// A failed call of a Slack method.
struct SlackRefusal: Error {
    let attempt: DeliveryAttempt
    /// Whether the message to update does not exist or cannot be changed any more.
    var meansGone = false

    init(attempt: DeliveryAttempt) { self.attempt = attempt }

    /// Maps documented errors of `chat.postMessage` and `chat.update`.
    ///
    /// Errors in `passing` are retried; all others are refusals.
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
                ? .retry(after: reply.retryAfter) : .refused,
            words, for: [""],
            steps: [
                DeliveryStep(
                    "\(method) answered after \(reply.duration.inWords)", succeeded: false,
                    words: word)
            ])
    }
}
