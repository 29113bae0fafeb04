import Digests
import Events
import Notifier

/// A table of open incidents.
struct IncidentTable {
    let incidents: [OpenIncident]
    /// The name of the table for screen readers.
    let label: StaticString
    /// Nil: without links to the forms.
    let viewer: Viewer?
    let now: Timestamp

    var html: HTML {
        let rows = incidents.markup(row)
        let actions: HTML =
            viewer == nil ? "" : "<th scope=\"col\"><span class=\"hidden\">Action</span></th>"
        let label = HTML(stringLiteral: label)
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="\(label)"><table><thead><tr><th scope="col">Incident</th><th scope="col">Worst verdict</th><th scope="col">Since</th><th scope="col" class="number">Messages</th><th scope="col">State</th>\(actions)</tr></thead><tbody>
            \(rows)</tbody></table></div>
            """
    }

    private func row(_ incident: OpenIncident) -> HTML {
        let worst: HTML = incident.worst.map { $0.badge } ?? "notice"
        var links = HTML.empty
        if viewer != nil {
            links =
                "<td><a href=\"/incidents/\(segment: incident.id)/acknowledge\" aria-label=\"Acknowledge \(incident.name)\">Acknowledge</a> <a href=\"/silences/new?filter=\(segment: incident.filter)\" aria-label=\"Silence \(incident.name)\">Silence</a></td>"
        }
        return
            "<tr><th scope=\"row\">\(incident.name)</th><td>\(worst)</td><td>\(incident.since.element(at: now))</td><td class=\"number\">\(incident.messages)</td><td class=\"words\">\(state(of: incident))</td>\(links)</tr>\n"
    }

    private func state(of incident: OpenIncident) -> HTML {
        if let acknowledgement = incident.acknowledgement {
            return "\(acknowledgement.markup(at: now))"
        }
        return incident.silencedUntil.markup {
            "silenced, ends \(Format.ahead($0, at: now))"
        }
    }
}

extension Acknowledgement {
    /// `acknowledged by ann until 14:30:00Z: looking`.
    fileprivate func markup(at now: Timestamp) -> HTML {
        let reason: HTML = why.isEmpty ? "" : ": \(why)"
        return "acknowledged by \(who) until \(until.element(at: now))\(reason)"
    }
}

extension OpenIncident {
    /// The rollout with its namespace and revision, or the group's other fields.
    var name: String {
        guard let rollout = group["rollout"] else {
            return group.fields.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
        }
        let rest = group.fields.filter { $0.name != "rollout" }.map { field in
            field.name == "revision" ? "revision \(field.value)" : field.value
        }
        return rest.isEmpty ? rollout : "\(rollout) (\(rest.joined(separator: ", ")))"
    }

    /// A condition for a silence of this rollout, or of the whole group.
    var filter: String { group.silenceFilter.description }
}

/// `/incidents/{id}/acknowledge`: an open incident, and the form for the person who handles it.
struct AcknowledgePage {
    let incident: OpenIncident
    let node: NodeFacts
    let viewer: Viewer
    let now: Timestamp

    var html: HTML {
        PageShell(
            title: "\(incident.name) · Bellwether", node: node, viewer: viewer,
            main: """
                <p><a href="/">Overview</a></p>
                <article><h1>\(incident.name)</h1>
                \(IncidentTable(incidents: [incident], label: "Incident", viewer: nil, now: now).html)
                <p class="soft">While somebody looks after an incident, unchanged failures are not repeated. What gets worse is reported at once, and ends the acknowledgement.</p>
                \(form)</article>
                """
        ).html
    }

    private var form: HTML {
        guard viewer.mayChange else {
            return
                "<p>Sign in with a token of scope admin to acknowledge it, or run <code>bellwether ack \(incident.id)</code>.</p>"
        }
        let end: HTML =
            incident.acknowledgement == nil
            ? ""
            : """
            <form method="post" action="/incidents/\(segment: incident.id)/acknowledge"><input type="hidden" name="form" value="\(viewer.formToken)"><input type="hidden" name="end" value="true"><button id="release">Nobody looks after it any more</button></form>
            """
        return """
            <form method="post" action="/incidents/\(segment: incident.id)/acknowledge" class="fields"><input type="hidden" name="form" value="\(viewer.formToken)">
            <p><label for="for">For</label> <select id="for" name="for">\(FormSpan.options(chosen: .hour))</select></p>
            <p><label for="why">Note</label> <input id="why" name="why" maxlength="\(OperatorActions.longestReason)" autocomplete="off"></p>
            <p><label for="who">Who</label> <input id="who" name="who" value="\(viewer.name)" required maxlength="\(OperatorActions.longestName)"></p>
            <button id="acknowledge" class="main">Acknowledge</button></form>\(end)
            """
    }
}
