import Delivery
import Digests
import Events
import Notifier
import State

/// The notifier's part of the overview: digests, outbox, silences.
struct DeliverySections {
    let deliveries: ConsoleView.Deliveries
    let view: ConsoleView

    var html: HTML { "\(incidents)\(outbox)\(digests)\(silences)" }

    // MARK: - Incidents

    private static let incidentsShown = 50

    private var incidents: HTML {
        guard !view.incidents.isEmpty else { return .empty }
        let shown = Array(view.incidents.prefix(Self.incidentsShown))
        let rest: HTML =
            view.incidents.count > shown.count
            ? "<p class=\"soft\">And \(view.incidents.count - shown.count) more.</p>" : ""
        return """
            <section aria-labelledby="incidents"><h2 id="incidents">Open incidents</h2>
            \(IncidentTable(incidents: shown, label: "Open incidents", viewer: view.viewer, now: view.now).html)\(rest)</section>
            """
    }

    // MARK: - Outbox

    private var outbox: HTML {
        let counts = DeliveryState.allCases.map { "\(deliveries.counts[$0] ?? 0) \($0.rawValue)" }
            .joined(separator: ", ")
        let rows = deliveries.entries.markup(row)
        let hint: HTML =
            view.viewer.mayChange
            ? "" : " Sign in with a token of scope admin to send again."
        let table: HTML =
            deliveries.entries.isEmpty
            ? ""
            : """
            <div class="scroll" tabindex="0" role="region" aria-label="Deliveries"><table><thead><tr><th scope="col">Digest</th><th scope="col">To</th><th scope="col">State</th><th scope="col" class="number">Tries</th><th scope="col">Next</th><th scope="col">Answer</th><th scope="col"><span class="hidden">Action</span></th></tr></thead><tbody>
            \(rows)</tbody></table></div>
            """
        let fault: HTML =
            view.digestFault.isEmpty
            ? ""
            : "<p role=\"alert\" class=\"alert\">No digest is composed: \(view.digestFault)</p>"
        return """
            <section aria-labelledby="outbox"><h2 id="outbox">Outbox</h2>\(fault)
            <p class="soft">\(counts).\(hint)</p>\(table)</section>
            """
    }

    private func row(_ entry: OutboxEntry) -> HTML {
        let to = entry.addressee
        let whom = to.recipient.isEmpty ? to.receiver : "\(to.receiver) <\(to.recipient)>"
        let isDead = entry.state == .dead
        let state: HTML =
            isDead ? "<strong class=\"mark\">dead</strong>" : "\(entry.state.rawValue)"
        let next = isDead ? "when retried" : Format.ahead(entry.due, at: view.now)
        let form: HTML =
            view.viewer.mayChange
            ? """
            <form method="post" action="/outbox/\(entry.id)/retry"><input type="hidden" name="form" value="\(view.viewer.formToken)"><button id="retry-\(entry.id)" aria-label="Send \(entry.subject) to \(whom) again">Retry</button></form>
            """ : ""
        return
            "<tr><td class=\"name\"><a href=\"/digests/\(segment: entry.digest)\">\(Self.short(entry.subject))</a></td><td>\(whom)</td><td>\(state)</td><td class=\"number\">\(entry.tries)</td><td>\(next)</td><td class=\"words\">\(entry.answer)</td><td>\(form)</td></tr>\n"
    }

    /// The subject without the prefix `[bellwether] `, which only a mailbox needs.
    private static func short(_ subject: String) -> Substring {
        let mark = "[bellwether] "
        return subject.hasPrefix(mark) ? subject.dropFirst(mark.count) : subject[...]
    }

    // MARK: - Digests

    private var digests: HTML {
        let items = deliveries.digests.markup { digest in
            "<li><a href=\"/digests/\(segment: digest.id)\">\(Self.short(digest.subject))</a> <span class=\"soft\">\(digest.kind), \(digest.composedAt.element(at: view.now))</span></li>\n"
        }
        let list: HTML =
            deliveries.digests.isEmpty
            ? "<p class=\"empty\">No digest was composed yet.</p>"
            : "<ul class=\"plain\">\(items)</ul>"
        return
            "<section aria-labelledby=\"digests\"><h2 id=\"digests\">Digests</h2>\(list)</section>"
    }

    // MARK: - Silences

    private var silences: HTML {
        guard !deliveries.silences.isEmpty else { return .empty }
        let rows = deliveries.silences.markup { entry -> HTML in
            let what = entry.silence.filter.description
            return
                "<tr><th scope=\"row\"><a href=\"/silences/\(segment: entry.silence.id)\"><code>\(what)</code></a></th><td>\(Format.ahead(entry.until, at: view.now))</td><td>\(entry.silence.who)</td><td class=\"words\">\(entry.silence.why)</td><td class=\"number\">\(entry.held)</td></tr>\n"
        }
        return """
            <section aria-labelledby="silences"><h2 id="silences">Silences</h2>
            <div class="scroll" tabindex="0" role="region" aria-label="Active silences"><table><thead><tr><th scope="col">Holds back</th><th scope="col">Ends</th><th scope="col">Set by</th><th scope="col">Why</th><th scope="col" class="number">Held</th></tr></thead><tbody>
            \(rows)</tbody></table></div></section>
            """
    }
}
