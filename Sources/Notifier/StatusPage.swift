import Events

/// The status page's HTML: pure, every text from events escaped.
///
/// Needs nothing from the network: no script, one style sheet from this node.
struct StatusPage {

    var node: String
    var now: Timestamp
    var attempts: [Event]
    var digests: [(id: String, subject: String, composedAt: Timestamp, text: String)]
    /// Deliveries by state, in words.
    var outbox: [(state: String, count: Int)]
    var usedBytes: Int
    var maxBytes: Int
    var shedding: String?

    static let style = """
        :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
        body { margin: 1.5rem auto; max-width: 70rem; padding: 0 1rem; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884; vertical-align: top; }
        pre { white-space: pre-wrap; border: 1px solid #8884; border-radius: .4rem; padding: .8rem; }
        .unhealthy { font-weight: 700; }
        label, input, button { font: inherit; }
        """

    var html: String {
        var body = "<h1>Bellwether on \(Self.escaped(node))</h1>\n"
        let percent = maxBytes > 0 ? usedBytes * 100 / maxBytes : 0
        body += "<p>Log: \(usedBytes) of \(maxBytes) bytes (\(percent) %)."
        if let shedding {
            body += " <strong>It takes no lines: \(Self.escaped(shedding)).</strong>"
        }
        for row in outbox { body += " Outbox: \(row.count) \(Self.escaped(row.state))." }
        body += "</p>\n<h2>Attempts</h2>\n"
        if attempts.isEmpty {
            body += "<p>None was measured yet.</p>\n"
        } else {
            body +=
                "<table><thead><tr><th scope=\"col\">Time</th><th scope=\"col\">Rollout</th><th scope=\"col\">Zone</th><th scope=\"col\">Attempt</th><th scope=\"col\">Verdict</th><th scope=\"col\">Why</th></tr></thead><tbody>\n"
            for event in attempts { body += Self.row(event) }
            body += "</tbody></table>\n"
        }
        body += "<h2>Digests</h2>\n"
        if digests.isEmpty { body += "<p>None was sent yet.</p>\n" }
        for digest in digests {
            body +=
                "<h3>\(Self.escaped(digest.subject))</h3>\n<p>\(digest.composedAt.rfc3339)</p>\n<pre>\(Self.escaped(digest.text))</pre>\n"
        }
        body +=
            "<form method=\"post\" action=\"/sign-out\"><button>Sign out</button></form>\n<p>As of \(now.rfc3339); reload for what came since.</p>\n"
        return Self.document(body)
    }

    private static func row(_ event: Event) -> String {
        let status = event.status?.rawValue ?? ""
        let rollout = [event.namespace, event.rollout].compactMap(\.self).joined(separator: "/")
        let cells = [
            event.ts.rfc3339, rollout, event.az ?? event.node ?? "",
            event.attempt.map { "#\($0)" } ?? "", status, event.message ?? "",
        ].map { "<td>\(escaped($0))</td>" }.joined()
        return "<tr class=\"\(escaped(status))\">\(cells)</tr>\n"
    }

    /// The form for whoever is not signed in.
    static func signIn(fault: String?) -> String {
        document(
            "<h1>Bellwether</h1>\n"
                + (fault.map { "<p role=\"alert\">\(escaped($0))</p>\n" } ?? "")
                    + """
                    <form method="post" action="/sign-in">
                    <p><label for="token">A token with the scope read</label><br>
                    <input id="token" name="token" type="password" autocomplete="current-password" required></p>
                    <button>Sign in</button>
                    </form>

                    """)
    }

    private static func document(_ body: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Bellwether</title>
        <link rel="stylesheet" href="/status.css">
        </head>
        <body>
        \(body)</body>
        </html>

        """
    }

    /// Text fit for an element or a quoted attribute.
    static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            case "\n", "\t": out.unicodeScalars.append(scalar)
            default:
                // What cannot be seen must not act: controls, bidi and other formatting.
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: out += "\u{FFFD}"
                default: out.unicodeScalars.append(scalar)
                }
            }
        }
        return out
    }
}
