import Events
import JSON

/// `/attempts/{id}`: one recorded verdict with its checks and reasons.
struct AttemptPage {
    let event: Event
    let node: NodeFacts
    let viewer: Viewer
    let now: Timestamp

    var html: HTML {
        let rollout = event.rollout ?? "an unnamed rollout"
        let attempt = event.attempt.map { "attempt \($0)" } ?? "one attempt"
        let message: HTML = event.message.markup { "<p>\($0)</p>" }
        return PageShell(
            title: "\(rollout), \(attempt) · Bellwether", node: node, viewer: viewer,
            main: """
                <p><a href="/">All rollouts</a></p>
                <article><header><h1>\(rollout), \(attempt)</h1> \(event.status.markup { $0.badge })
                <p class="soft">\(place)</p></header>\(message)
                \(checks)\(others)\(facts)
                <details id="document"><summary>The event as stored in the log</summary><pre tabindex="0">\(String(decoding: event.line, as: UTF8.self))</pre></details></article>
                """
        ).html
    }

    private var place: String {
        [
            event.namespace, event.revision.map { "revision \($0)" },
            event.concern.flatMap { $0 == "all" ? nil : "concern \($0)" }, event.az, event.node,
            event.ts.rfc3339,
        ].compactMap(\.self).joined(separator: " · ")
    }

    // MARK: - Checks

    private var checks: HTML {
        guard !event.deltas.isEmpty else { return .empty }
        let rows = event.deltas.markup { delta -> HTML in
            let reasons = event.reasons.filter { $0.check == delta.metric }
            let why = reasons.markup(Self.reason)
            let beside = [delta.value, delta.stable, delta.previous].compactMap(\.self)
            let words = delta.unit.words(for: beside, limit: delta.limit)
            var rest = words.values[...]
            // In the order of the columns; nil where there is no number.
            let (value, stable, previous) = (
                delta.value.map { _ in rest.removeFirst() },
                delta.stable.map { _ in rest.removeFirst() },
                delta.previous.map { _ in rest.removeFirst() }
            )
            return
                "<tr><th scope=\"row\">\(delta.metric)</th><td><span class=\"state \(delta.state.rawValue)\">\(Self.words(delta.state))</span></td>\(Self.cell(value))\(Self.cell(words.limit))\(Self.cell(stable))\(Self.cell(previous))<td class=\"words\">\(why)</td></tr>\n"
        }
        return """
            <section aria-labelledby="checks"><h2 id="checks">Checks</h2>
            <div class="scroll" tabindex="0" role="region" aria-label="Checks"><table><thead><tr><th scope="col">Check</th><th scope="col">Result</th><th scope="col" class="number">Value</th><th scope="col" class="number">Limit</th><th scope="col" class="number">Stable</th><th scope="col" class="number">Before</th><th scope="col">Rule</th></tr></thead><tbody>
            \(rows)</tbody></table></div></section>
            """
    }

    private static func words(_ state: CheckState) -> String {
        switch state {
        case .pass: "✓ pass"
        case .warn: "! warn"
        case .nodata: "? no data"
        case .fail: "✕ fail"
        }
    }

    private static func cell(_ words: String?) -> HTML {
        "<td class=\"number\">\(words ?? "–")</td>"
    }

    private static func reason(_ reason: Reason) -> HTML {
        let unit = reason.unit ?? MetricUnit(metricName: reason.check)
        var words = reason.why
        // The limit of a yes or no only lies between the two.
        if unit != .flag, let value = reason.value, let other = reason.limit ?? reason.stable {
            let shown = unit.words(for: value, beside: other)
            // The number is then a share of the requests, not the check's own value.
            words += ": \(shown.value)" + (reason.unit == nil ? "" : " slow requests")
            if reason.isOverRun { words += " over the whole run" }
            words += " against \(reason.limit == nil ? "stable " : "")\(shown.limit)"
        }
        if let unproven = reason.unproven {
            let shown = unit.words(for: unproven.bound, beside: unproven.limit)
            let level = MetricUnit.ratio.words(for: unproven.confidence, beside: 1).value
            words +=
                ", over the fail limit \(shown.limit), not yet proven (\(level) lower bound \(shown.value))"
        }
        if reason.advisory { words += " (dry run)" }
        let detail: HTML =
            reason.detail.isEmpty ? "" : " <span class=\"soft\">\(reason.detail)</span>"
        return "<div><code>\(words)</code>\(detail)</div>"
    }

    /// Reasons of checks without a value in `deltas`.
    private var others: HTML {
        let judged = Set(event.deltas.map(\.metric))
        let others = event.reasons.filter { !judged.contains($0.check) }
        guard !others.isEmpty else { return .empty }
        let items = others.markup { "<li>\($0.check) \(Self.reason($0))</li>" }
        return
            "<section aria-labelledby=\"others\"><h2 id=\"others\">Further reasons</h2><ul>\(items)</ul></section>"
    }

    // MARK: - Facts

    /// The arguments by which a probe selects data.
    private static func scope(_ arguments: JSONValue) -> String {
        guard case .array(let names) = arguments, !names.isEmpty else {
            return "the same for all rollouts"
        }
        return names.compactMap(\.string).joined(separator: ", ")
    }

    private var facts: HTML {
        let document = event.extra("document")
        var rows = HTML.empty
        if let window = document?["window"], let start = window["start"]?.string,
            let end = window["end"]?.string
        {
            rows += "<dt>Data</dt><dd>from \(start) to \(end)</dd>"
        }
        if let score = document?["score"]?.integer { rows += "<dt>Score</dt><dd>\(score)</dd>" }
        if let run = event.extra("run")?.integer { rows += "<dt>Run</dt><dd>\(run)</dd>" }
        if let name = event.extra("policy_name")?.string {
            rows += "<dt>Judged by</dt><dd>\(name)</dd>"
        }
        if let policy = event.policy { rows += "<dt>Policy</dt><dd><code>\(policy)</code></dd>" }
        if case .object(let scope)? = document?["scope"] {
            for probe in scope {
                rows += "<dt>Data of \(probe.key)</dt><dd>\(Self.scope(probe.value))</dd>"
            }
        }
        if let binary = event.binary { rows += "<dt>Binary</dt><dd><code>\(binary)</code></dd>" }
        rows += "<dt>On the command line</dt><dd><code>bellwether explain \(event.id)</code></dd>"
        return
            "<section aria-labelledby=\"facts\"><h2 id=\"facts\">Facts</h2><dl>\(rows)</dl></section>"
    }
}

extension Reason {
    /// Whether its rule judges the whole run, so that `value` is not that of the window.
    fileprivate var isOverRun: Bool { why.hasSuffix("_run") }
}

/// `/digests/{id}`: one digest as text, mail and Slack message.
struct DigestPage {
    let id: String
    let subject: String
    let kind: String
    let composedAt: Timestamp
    let text: String
    let slack: String
    let node: NodeFacts
    let viewer: Viewer
    let now: Timestamp

    var html: HTML {
        PageShell(
            title: "\(subject) · Bellwether", node: node, viewer: viewer,
            main: """
                <p><a href="/">Overview</a></p>
                <article><h1>\(subject)</h1>
                <p class="soft">\(kind) · composed \(composedAt.element(at: now)) · <code>\(id)</code></p>
                <section aria-labelledby="text"><h2 id="text">As text</h2><pre tabindex="0">\(text)</pre></section>
                <section aria-labelledby="mail"><h2 id="mail">As mail</h2>
                <iframe sandbox src="/digests/\(segment: id)/html" title="The digest as mail shows it" loading="lazy"></iframe></section>
                <details id="slack"><summary>As sent to Slack</summary><pre tabindex="0">\(slack)</pre></details></article>
                """
        ).html
    }
}
