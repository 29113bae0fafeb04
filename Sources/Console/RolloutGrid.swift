import Events

/// One rollout: a grid of its verdicts by zone and attempt, and its charts.
struct RolloutGrid {
    let rollout: RolloutBoard.Rollout
    let now: Timestamp
    /// Unique on the page.
    let id: String

    private static let chartsAtOnce = 4
    private static let chartsShown = 16

    var html: HTML {
        let key = rollout.key
        let facts: [String] = [
            key.namespace, key.revision.isEmpty ? "" : "revision \(key.revision)",
            key.concern == "all" ? "" : "concern \(key.concern)",
        ].filter { !$0.isEmpty }
        return """
            <article class="rollout" aria-labelledby="\(id)">
            <header><h3 id="\(id)">\(key.rollout)</h3> \(rollout.status.badge)
            <p class="soft">\(facts.joined(separator: " · ")) · last measured \(Format.age(rollout.seen, at: now))</p></header>
            \(table)
            \(charts)
            </article>

            """
    }

    // MARK: - Grid

    private var table: HTML {
        let last = rollout.lanes.compactMap(\.attempts.last?.number).max() ?? 1
        let first = max(
            rollout.lanes.compactMap(\.attempts.first?.number).min() ?? 1,
            last -| (RolloutBoard.attemptsShown - 1))
        let numbers = Array(first...max(first, last))
        let head = numbers.markup { "<th scope=\"col\">\($0)</th>" }
        let rows = rollout.lanes.markup { row($0, numbers) }
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="Verdicts of \(rollout.key.rollout)">
            <table class="grid"><caption class="hidden">Verdicts of \(rollout.key.rollout) by zone and attempt</caption>
            <thead><tr><th scope="col">Zone</th>\(head)<th scope="col">Now</th></tr></thead>
            <tbody>
            \(rows)</tbody></table></div>
            """
    }

    private func row(_ lane: RolloutBoard.Lane, _ numbers: [Int]) -> HTML {
        var cells = HTML.empty
        var rest = lane.attempts[...]
        for number in numbers {
            rest = rest.drop { $0.number < number }
            if let attempt = rest.first, attempt.number == number {
                cells += cell(attempt, lane)
            } else {
                cells += "<td><span class=\"hidden\">not measured</span></td>"
            }
        }
        let name = lane.az.isEmpty ? lane.node : lane.az
        let node: HTML =
            lane.node.isEmpty || lane.az.isEmpty ? "" : " <span class=\"soft\">\(lane.node)</span>"
        let run: HTML = lane.run > 1 ? " <span class=\"soft\">run \(lane.run)</span>" : ""
        let present = lane.attempts.last.markup { "#\($0.number) \($0.status.rawValue)" }
        return
            "<tr><th scope=\"row\">\(name)\(node)\(run)</th>\(cells)<td class=\"now\">\(present)</td></tr>\n"
    }

    private func cell(_ attempt: RolloutBoard.Attempt, _ lane: RolloutBoard.Lane) -> HTML {
        let status = attempt.status
        let words =
            "attempt \(attempt.number), \(status.rawValue), \(Format.clock(attempt.at, at: now))"
        if attempt.event.isEmpty {
            return
                "<td><span class=\"cell \(status.rawValue)\" title=\"\(words)\">\(status.letter)</span></td>"
        }
        return
            "<td><a class=\"cell \(status.rawValue)\" id=\"a-\(segment: attempt.event)\" href=\"/attempts/\(segment: attempt.event)\" title=\"\(words)\" aria-label=\"\(words)\">\(status.letter)</a></td>"
    }

    // MARK: - Charts

    private var charts: HTML {
        let charts = MetricChart.of(rollout)
        guard !charts.isEmpty else { return .empty }
        let shown = charts.prefix(Self.chartsAtOnce).markup { $0.html }
        let rest = charts.prefix(Self.chartsShown).dropFirst(Self.chartsAtOnce)
        let more: HTML =
            rest.isEmpty
            ? ""
            : """
            <details id="more-\(id)"><summary>\(rest.count) more metrics</summary><div class="charts">\(rest.markup { $0.html })</div></details>
            """
        return "<div class=\"charts\">\(shown)</div>\(more)"
    }
}
