import Digests
import Events
import HTTPTypes
import HummingbirdCore
import Notifier
import Server
import State

// The forms that change what is reported: silences and acknowledgements. Showing one needs the
// scope `read`; sending it the scope `admin`, this origin and the session's form token.
extension ConsoleRoutes {
    var formRoutes: [Route] {
        guard let actions = sources.actions else { return [] }
        let look = Access.optional(.read, by: [.session, .bearer])
        func form(_ path: String, _ send: @escaping Route.Handler) -> Route {
            Route(
                .post, path, access: .requires(.admin, by: [.session]),
                media: [ConsoleForm.mediaType], bodyLimit: ConsoleForm.limit, handler: send)
        }
        return [
            Route(.get, "/silences/new", access: look) { exchange in
                guard let viewer = viewer(exchange) else { return signInForm(exchange) }
                let place = try exchange.beginQuery(memory: Self.pageMemory)
                defer { place.end() }
                let filter = try exchange.queryItems().first { $0.name == "filter" }?.value ?? ""
                return ConsoleAnswer.page(silenceForm(filter, viewer, actions).html)
            },
            form("/silences") { exchange in try await silence(exchange, actions) },
            Route(.get, "/silences/{id}", access: look) { exchange in
                guard let viewer = viewer(exchange) else { return signInForm(exchange) }
                let place = try exchange.beginQuery(memory: Self.pageMemory)
                defer { place.end() }
                return try await silencePage(exchange.parameters["id"] ?? "", viewer)
            },
            form("/silences/{id}/end") { exchange in
                let form = try await ConsoleForm(exchange)
                try form.checkSession(exchange, sessions)
                let id = exchange.parameters["id"] ?? ""
                try await actions.expire(silence: id, by: exchange.identity?.name ?? "")
                keeper.touch()
                return ConsoleAnswer.go(to: OwnPath.checked("/silences/" + id))
            },
            Route(.get, "/incidents/{id}/acknowledge", access: look) { exchange in
                guard let viewer = viewer(exchange) else { return signInForm(exchange) }
                let place = try exchange.beginQuery(memory: Self.pageMemory)
                defer { place.end() }
                guard let incident = actions.incident(exchange.parameters["id"] ?? "") else {
                    throw incidentUnknown(viewer)
                }
                return ConsoleAnswer.page(
                    AcknowledgePage(
                        incident: incident, node: sources.node, viewer: viewer, now: wall.now
                    ).html)
            },
            form("/incidents/{id}/acknowledge") { exchange in
                try await acknowledge(exchange, actions)
            },
        ]
    }

    // MARK: - Silences

    /// The form for a condition, with the incidents that it covers.
    private func silenceForm(
        _ text: String, _ viewer: Viewer, _ actions: OperatorActions
    ) -> SilenceFormPage {
        var page = SilenceFormPage(
            filter: text, node: sources.node, viewer: viewer, now: wall.now)
        guard !text.isEmpty else { return page }
        do throws(FilterFault) {
            let filter = try actions.filter(text)
            if filter.isAll {
                page.fault = "That covers everything: name a field, such as namespace=dev."
            } else {
                page.incidents = actions.incidents(silencedBy: filter)
            }
        } catch { page.fault = error.description }
        return page
    }

    private func silence(
        _ exchange: Exchange, _ actions: OperatorActions
    ) async throws -> Response {
        let form = try await ConsoleForm(exchange)
        try form.checkSession(exchange, sessions)
        guard let viewer = viewer(exchange) else { return signInForm(exchange) }
        var page = silenceForm(form["filter"], viewer, actions)
        page.who = form["who"]
        page.why = form["why"]
        page.span = FormSpan(rawValue: form["for"]) ?? .hour
        let missing =
            page.incidents == nil
            ? "filter"
            : FormSpan(rawValue: form["for"]) == nil ? "for" : page.why.isEmpty ? "why" : nil
        if let missing {
            if page.fault.isEmpty { page.fault = "Fill in the field “\(missing)”." }
            throw Self.refused(page.html, field: missing)
        }
        let filter: Filter
        do throws(FilterFault) { filter = try actions.filter(form["filter"]) } catch {
            throw Self.refused(page.html, field: "filter")
        }
        let id = try await actions.silence(
            filter, until: wall.now + page.span.length, who: page.who, why: page.why,
            by: viewer.name)
        keeper.touch()
        return ConsoleAnswer.go(to: OwnPath.checked("/silences/" + id))
    }

    private func silencePage(_ id: String, _ viewer: Viewer) async throws -> Response {
        let now = wall.now
        let entry = try await store.read { db in
            try SilenceBook.list(db, at: now, ended: true).first { $0.silence.id == id }
        }
        guard let entry else {
            throw Problem(
                .notFound, "silence_unknown", "there is no silence with this id", field: "id")
        }
        return ConsoleAnswer.page(
            SilencePage(entry: entry, node: sources.node, viewer: viewer, now: now).html)
    }

    /// A form with a fault, which is shown in it. Not reported: it is the person's own.
    private static func refused(_ page: HTML, field: String) -> Problem {
        var problem = Problem.malformed("form_incomplete", "the form has a fault", field: field)
        problem.page = page.bytes
        problem.headers = ConsoleAnswer.headers
        problem.isReported = false
        return problem
    }

    // MARK: - Acknowledgements

    private func acknowledge(
        _ exchange: Exchange, _ actions: OperatorActions
    ) async throws -> Response {
        let form = try await ConsoleForm(exchange)
        try form.checkSession(exchange, sessions)
        guard let viewer = viewer(exchange) else { return signInForm(exchange) }
        let id = exchange.parameters["id"] ?? ""
        guard actions.incident(id) != nil else { throw incidentUnknown(viewer) }
        var until: Timestamp?
        if form["end"] != "true" {
            guard let span = FormSpan(rawValue: form["for"]) else {
                throw Problem.malformed("form_incomplete", "the form lacks a length", field: "for")
            }
            until = wall.now + span.length
        }
        _ = try await actions.acknowledge(
            id, until: until, who: form["who"], why: form["why"], by: viewer.name)
        keeper.touch()
        return ConsoleAnswer.go(to: OwnPath.checked("/incidents/\(id)/acknowledge"))
    }

    /// The incident of a link may be over when somebody follows it.
    private func incidentUnknown(_ viewer: Viewer) -> Problem {
        var problem = Problem(
            .notFound, "incident_unknown", "no open incident has this id", field: "id")
        problem.isReported = false
        // A program with a token in a header gets the document.
        guard !viewer.formToken.isEmpty else { return problem }
        problem.page =
            PageShell(
                title: "Bellwether", node: sources.node, viewer: viewer,
                main: """
                    <p><a href="/">Overview</a></p>
                    <article><h1>This incident is over</h1><p>No open incident has this id: it recovered, ended, or became part of a larger one.</p></article>
                    """
            ).html.bytes
        problem.headers = ConsoleAnswer.headers
        return problem
    }
}
