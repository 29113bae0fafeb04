import Digests
import Events
import Notifier

/// `/silences/new`: what a silence would hold back, and the form that adds it.
struct SilenceFormPage {
    /// The condition as the person or the link wrote it.
    let filter: String
    /// What is wrong with the condition or the form; empty: nothing.
    var fault = ""
    /// The open incidents that it holds back; nil if the condition cannot be read.
    var incidents: [OpenIncident]?
    var span = FormSpan.hour
    var who = ""
    var why = ""
    let node: NodeFacts
    let viewer: Viewer
    let now: Timestamp

    /// Most incidents of the list; further ones are counted.
    private static let listed = 50

    var html: HTML {
        let alert: HTML =
            fault.isEmpty ? "" : "<p role=\"alert\" class=\"alert\" id=\"fault\">\(fault)</p>"
        let described: HTML =
            fault.isEmpty ? "" : " aria-describedby=\"fault\" aria-invalid=\"true\""
        return PageShell(
            title: "Silence · Bellwether", node: node, viewer: viewer,
            main: """
                <p><a href="/">Overview</a></p>
                <article><h1>Silence</h1>
                <p class="soft">Digests that it covers are held back until it ends, and counted. What still fails then is reported with everything that happened meanwhile.</p>\(alert)
                <form method="get" action="/silences/new" class="fields"><p><label for="filter">Hold back digests with</label>
                <input id="filter" name="filter" value="\(filter)" required spellcheck="false" autocomplete="off"\(described)></p>
                <button id="show">Show what it holds back</button></form>
                \(preview)\(form)</article>
                """
        ).html
    }

    private var preview: HTML {
        guard let incidents else { return .empty }
        guard !incidents.isEmpty else {
            return
                "<section aria-labelledby=\"preview\"><h2 id=\"preview\">Holds back now</h2><p class=\"empty\">No open incident. Later digests that it covers are held back.</p></section>"
        }
        let rest: HTML =
            incidents.count > Self.listed
            ? "<p class=\"soft\">And \(incidents.count - Self.listed) more.</p>" : ""
        return """
            <section aria-labelledby="preview"><h2 id="preview">Holds back now</h2>
            \(IncidentTable(incidents: Array(incidents.prefix(Self.listed)), label: "Incidents that it holds back", viewer: nil, now: now).html)\(rest)</section>
            """
    }

    private var form: HTML {
        guard incidents != nil else { return .empty }
        guard viewer.mayChange else {
            return """
                <section aria-labelledby="add"><h2 id="add">Add it</h2>
                <p>Sign in with a token of scope admin to add a silence, or run <code>bellwether silence add</code>.</p></section>
                """
        }
        return """
            <section aria-labelledby="add"><h2 id="add">Add it</h2>
            <form method="post" action="/silences" class="fields"><input type="hidden" name="form" value="\(viewer.formToken)"><input type="hidden" name="filter" value="\(filter)">
            <p><label for="for">For</label> <select id="for" name="for">\(FormSpan.options(chosen: span))</select></p>
            <p><label for="why">Why</label> <input id="why" name="why" value="\(why)" required maxlength="\(OperatorActions.longestReason)" autocomplete="off"></p>
            <p><label for="who">Who</label> <input id="who" name="who" value="\(who.isEmpty ? viewer.name : who)" required maxlength="\(OperatorActions.longestName)"></p>
            <button id="silence" class="main">Silence</button></form></section>
            """
    }
}

/// `/silences/{id}`: one silence, and the form that ends it.
struct SilencePage {
    let entry: SilenceBook.Entry
    let node: NodeFacts
    let viewer: Viewer
    let now: Timestamp

    var html: HTML {
        let silence = entry.silence
        let isActive = entry.isActive(at: now)
        let state: HTML =
            isActive
            ? "<p role=\"status\">In force, ends \(Format.ahead(entry.until, at: now)).</p>"
            : "<p role=\"status\">Ended \(Format.age(entry.until, at: now)).</p>"
        let form: HTML =
            isActive && viewer.mayChange
            ? """
            <form method="post" action="/silences/\(segment: silence.id)/end"><input type="hidden" name="form" value="\(viewer.formToken)"><button id="end">End it now</button></form>
            """ : ""
        return PageShell(
            title: "Silence \(silence.id) · Bellwether", node: node, viewer: viewer,
            main: """
                <p><a href="/">Overview</a></p>
                <article><h1>Silence <code>\(silence.id)</code></h1>\(state)
                <dl><dt>Holds back</dt><dd><code>\(silence.filter.description)</code></dd>
                <dt>From</dt><dd>\(entry.from.element(at: now))</dd><dt>Until</dt><dd>\(entry.until.element(at: now))</dd>
                <dt>Set by</dt><dd>\(silence.who)</dd><dt>Why</dt><dd>\(silence.why)</dd>
                <dt>Held back</dt><dd>\(entry.held)</dd></dl>\(form)</article>
                """
        ).html
    }
}
