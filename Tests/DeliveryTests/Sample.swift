import Events
import Rendering

/// Digests as `Rendering` returns them.
enum Sample {
    static func digest(
        _ id: String = "g7f3a.4", thread: String = "g7f3a",
        subject: String = "payments-api canary failing in prod",
        slack: String = #"{"text":"payments-api failing","blocks":[{"type":"divider"}]}"#,
        text: String = "payments-api canary failing\n5xx_rate 0.2 % → 1.9 %\n",
        html: String = "<!doctype html><html><body><p>payments-api → failing</p></body></html>\n",
        model: String = #"{"id":"g7f3a.4","kind":"failing"}"#
    ) -> RenderedDigest {
        RenderedDigest(
            id: id, thread: thread, subject: subject, slack: slack, text: text, html: html,
            model: model, kind: "failing", groupKey: "prod/payments-api/17",
            composedAt: Timestamp(milliseconds: 1_766_000_000_123))
    }
}
