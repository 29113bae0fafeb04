import Core
import Digests
import Events

/// The values that templates can use for a digest: finished texts under fixed names.
///
/// Text from events is passed through `InertText`; the template engine escapes it for the
/// markup. A name is absent when there is nothing to show, so that `{{#name}}` tests for it.
/// `templates/README.md` lists the names.
struct MessageView {
    let digest: Digest
    let words: DigestWords
    let limits: ViewLimits
    /// Whether times are marked for `SlackDate`.
    let marksTimes: Bool

    init(_ words: DigestWords, limits: ViewLimits, marksTimes: Bool = false) {
        digest = words.digest
        self.words = words
        self.limits = limits
        self.marksTimes = marksTimes
    }

    init(digest: Digest, options: RenderOptions, limits: ViewLimits) {
        self.init(DigestWords(digest, options), limits: limits)
    }

    /// The values for every template except `subject`.
    var values: [String: Any] {
        var values = subjectValues
        values.reserveCapacity(64)
        values["kind"] = digest.kindWord
        values["is_\(digest.kind.rawValue)"] = true
        values["color"] = words.state.tone.color
        values["status_word"] = digest.status.map(\.rawValue)
        values["status_class"] = words.state.tone.rawValue
        values["since"] = clock(digest.incidentStart)
        values["duration"] = duration
        values["time"] = time
        // The sentence on the attempts already contains the last chance.
        let changes = digest.changes.filter {
            $0 != .lastChance || digest.failuresUntilAbort == nil
        }
        list(
            "changes", changes.map { PlainWords.change($0, digest) }, as: "change", in: &values)
        addHolding(to: &values)
        addMetrics(to: &values)
        addAttempts(to: &values)
        addPlaces(to: &values)
        addReasons(to: &values)
        addRollup(to: &values)
        addVersions(to: &values)
        addFacts(to: &values)
        addSteps(to: &values)
        addFooter(to: &values)
        if Self.items.contains(where: { values[$0] != nil }) { values["has_items"] = true }
        return values
    }

    /// The names of the lists that stand together, and of what their items leave out.
    private static let items: [String] = {
        let items = ["reasons", "notices", "members", "policies", "binaries"]
        return items + ["more_", "other_"].flatMap { rest in items.map { rest + $0 } }
    }()

    /// The values for the subject.
    var subjectValues: [String: Any] {
        var values: [String: Any] = [
            "name": words.name, "started": started, "title": words.title,
            "headline": words.headline, "icon": words.state.icon, "state": words.state.word,
            "state_label": words.stateLabel,
        ]
        if !words.scope.isEmpty { values["scope"] = words.scope }
        return values
    }

    // MARK: - Head

    private var started: String {
        "\(digest.incidentStart.date) \(digest.incidentStart.clockTime)"
    }

    private var duration: String {
        HumanNumber.span((digest.incidentEnd ?? digest.composedAt) - digest.incidentStart)
    }

    /// `since 10:00Z (2 min 10 s)`; for what is over, from when to when.
    var time: String {
        let begun = clock(digest.incidentStart)
        guard let end = digest.incidentEnd else { return "since \(begun) (\(duration))" }
        if digest.kind == .ended, digest.outcome == nil,
            digest.rollup == nil || digest.unmeasuredSince != nil
        {
            return "since \(begun), last measured \(clock(end))"
        }
        return begun == clock(end)
            ? "\(begun) (\(duration))" : "from \(begun) to \(clock(end)) (\(duration))"
    }

    // MARK: - Lists

    /// Stores the first items under `name`, and the number of the rest under `more_<name>`.
    private func list(
        _ name: String, _ items: [String], as key: String, extra: Int = 0,
        in values: inout [String: Any]
    ) {
        let kept = items.prefix(limits.items)
        if !kept.isEmpty { values[name] = kept.map { [key: $0] as [String: Any] } }
        let left = items.count - kept.count + extra
        if left > 0 { values["more_\(name)"] = HumanNumber.count(left, "").trimmed }
    }

    private func addMetrics(to values: inout [String: Any]) {
        let rows = words.metrics.prefix(limits.items)
        if !rows.isEmpty { values["metrics"] = rows.map(\.values) }
        let left = digest.metrics.count - rows.count
        if left > 0 { values["more_metrics"] = "\(left)" }
    }

    /// Whether the reason's limit is no longer exceeded: the incident is over, or the metric is
    /// within the limit now. The reason of a digest is the occurrence furthest from its limit.
    func isPast(_ reason: Reason) -> Bool {
        if digest.incidentEnd != nil { return true }
        let tracks = digest.metrics.filter { $0.metric == reason.check }
        return reason.limit != nil && !tracks.isEmpty
            && tracks.allSatisfy { $0.state == .pass || reason.isWithinLimit($0.value) }
    }

    private func addReasons(to values: inout [String: Any]) {
        // A metric's line already contains its strongest reason.
        let shown = Set(digest.metrics.prefix(limits.items).map(\.metric))
        let rest = digest.reasons.filter { !shown.contains($0.reason.check) }
        var checks: Set<String> = []
        let reasons = rest.filter { checks.insert($0.reason.check).inserted }.map { tally in
            PlainWords.reason(tally.reason, past: isPast(tally.reason))
                + (tally.count > 1 ? " ×\(tally.count)" : "")
        }
        list("reasons", reasons, as: "reason", in: &values)
        if digest.omittedReasons > 0 {
            values["other_reasons"] = HumanNumber.count(digest.omittedReasons, "time")
        }
        let notices = digest.notices.map { NoticeWords($0, digest).long }
        list("notices", notices, as: "notice", in: &values)
        if digest.omittedNotices > 0 {
            values["other_notices"] = HumanNumber.count(digest.omittedNotices, "event")
        }
    }

    private func addRollup(to values: inout [String: Any]) {
        guard let rollup = digest.rollup else { return }
        let kept = rollup.members.prefix(limits.members)
        values["members"] = kept.map { member -> [String: Any] in
            let doing = PlainWords.doing(member)
            let places = member.failingPlaces
            var row: [String: Any] = [
                "member": "\(GroupWords(member.group).text) — \(doing)"
                    + (places > 1 ? " in \(places) places" : "")
            ]
            if let metric = member.metric {
                let (value, limit) = HumanNumber.pair(metric.value, metric.limit, metric.unit)
                row["member_metric"] =
                    "\(PlainWords.metric(metric.metric)) \(value)"
                    + (metric.limit == nil ? "" : " (limit \(limit))")
            }
            return row
        }
        let left = rollup.groups - kept.count
        if left > 0 { values["more_members"] = HumanNumber.count(left, "").trimmed }
    }

    // MARK: - Sentences

    private func addAttempts(to values: inout [String: Any]) {
        values["attempts"] = attemptsLine
        if let left = digest.failuresUntilAbort {
            values["chance"] =
                left == 0
                ? "The failure limit is reached: the run aborts."
                : left == 1 ? "One more failure aborts." : "\(left) more failures abort."
        }
    }

    /// `Attempts 3–7 of 10: 2 degraded, 3 unhealthy`; nil without an attempt.
    var attemptsLine: String? {
        let tally = digest.attempts
        guard tally.counts.total > 0 else { return nil }
        let counts = PlainWords.counts(tally.counts)
        guard let first = tally.first, let last = tally.last, !tally.restarted else {
            return HumanNumber.count(tally.counts.total, "attempt") + ": \(counts)"
        }
        let range = first == last ? "Attempt \(first)" : "Attempts \(first)–\(last)"
        let of = digest.attemptsInRange.map { " of \($0)" } ?? ""
        return "\(range)\(of): \(counts)"
    }

    /// `acknowledged by ann until 14:30Z: looking`; nil if nobody looks after the incident.
    var acknowledgedLine: String? {
        digest.acknowledgement.map { acknowledgement in
            let who = InertText.visible(acknowledgement.who, limit: 60)
            let why = InertText.visible(acknowledgement.why, limit: 160)
            return "acknowledged" + (who.isEmpty ? "" : " by \(who)")
                + " until \(clock(acknowledgement.until))" + (why.isEmpty ? "" : ": \(why)")
        }
    }

    /// Adds who looks after the incident, the silence, the replaced digests and the groups that a
    /// node fault covers.
    private func addHolding(to values: inout [String: Any]) {
        values["acknowledged"] = acknowledgedLine
        if let silence = digest.silence {
            let who = InertText.visible(silence.who, limit: 60)
            let why = InertText.visible(silence.why, limit: 160)
            values["silence"] =
                "silenced until \(clock(silence.until))" + (who.isEmpty ? "" : " by \(who)")
                + (why.isEmpty ? "" : ": \(why)")
            var lost = "\(HumanNumber.count(silence.messages, "message")) held back"
            if silence.unreported > 0 {
                lost +=
                    ", and \(HumanNumber.count(silence.unreported, "event")) of failures that "
                    + "began and ended meanwhile"
            }
            values["silence_count"] = lost
        }
        if !digest.replaces.isEmpty {
            let ids = Set(digest.replaces.map(\.id)).count
            let names = Set(digest.replaces.map(\.receiver)).sorted().prefix(4)
            values["replaces"] =
                "Replaces \(HumanNumber.count(ids, "earlier digest")) that had not reached "
                + "\(names.map { InertText.visible($0, limit: 64) }.joined(separator: ", "))"
                + " (\(InertText.visible(digest.replaces[0].id, limit: 64))\(ids > 1 ? " …" : ""))."
        }
        if digest.late > .zero {
            values["late"] =
                "Late news: by the senders' clocks the newest of it is "
                + "\(HumanNumber.span(digest.late)) old."
        }
        guard let fault = digest.nodeFault, digest.incidentEnd == nil else { return }
        var words =
            "The fault is \(InertText.visible(fault.node, limit: 63))'s own, not the canary's."
        if fault.suppressed > 0 {
            let names = fault.names.map { GroupWords($0).name }
            let rest = fault.suppressed - names.count
            words +=
                " This message also covers \(HumanNumber.count(fault.suppressed, "other group")) "
                + "with only this fault: \(names.joined(separator: ", "))"
                + (rest > 0 ? " and \(rest) more." : ".")
        }
        values["node_fault"] = words
    }

    private func addPlaces(to values: inout [String: Any]) {
        let table = PlaceTable(digest, limits: limits)
        if !table.rows.isEmpty {
            values["table"] = table.text(isNarrow: marksTimes)
            values["place_word"] = table.placeWord
            values["heads"] = table.heads.map { ["head": $0] as [String: Any] }
            values["rows"] = table.rows.map(\.values)
            if let stable = table.stable { values["stable_row"] = stable.values }
        }
        if table.omittedRows > 0 { values["more_rows"] = "\(table.omittedRows)" }
        if table.omittedColumns > 0 { values["more_columns"] = "\(table.omittedColumns)" }
        if digest.healthyPlaces > 0 {
            values["healthy"] =
                HumanNumber.count(digest.healthyPlaces, table.placeWord) + " healthy"
        }
        if digest.omittedLines > 0 {
            values["omitted_lines"] = HumanNumber.count(digest.omittedLines, "event")
        }
    }

    private func addVersions(to values: inout [String: Any]) {
        if digest.policies.count > 1 {
            values["policies"] = digest.policies.map(PlainWords.version).joined(separator: " → ")
        }
        if digest.binaries.count > 1 {
            values["binaries"] = digest.binaries.map(PlainWords.version).joined(separator: ", ")
        }
    }

    private func addSteps(to values: inout [String: Any]) {
        values["advice"] = words.advice
        if !words.steps.commands.isEmpty {
            values["has_commands"] = true
            values["commands"] = words.steps.commands.map {
                ["command_label": $0.label, "command": words.options.locating($0.line)]
                    as [String: Any]
            }
        }
        let links = words.links
        values["rollout_page"] = links.url("Rollout")
        values["runbook"] = links.url("Runbook")
        values["status_page"] = links.url("Status page")
        if !links.links.isEmpty {
            values["has_links"] = true
            let rows = links.links.map {
                ["link_name": $0.name, "link_url": $0.url] as [String: Any]
            }
            values["links"] = rows
            // Slack shows the others as buttons.
            let rest = rows.dropFirst(SlackLimits.buttons)
            if !rest.isEmpty { values["extra_links"] = Array(rest) }
        }
    }

    private func addFacts(to values: inout [String: Any]) {
        let facts = words.facts
        if !facts.facts.isEmpty {
            values["facts"] = facts.line
            values["fact_list"] = facts.facts.map {
                ["fact_name": $0.name, "fact_value": $0.value] as [String: Any]
            }
        }
        values["argo_reason"] = facts.reason
    }

    private func addFooter(to values: inout [String: Any]) {
        values["digest_id"] = InertText.visible(digest.id, limit: 64)
        values["window"] =
            digest.from.date == digest.to.date && digest.from.clockTime == digest.to.clockTime
            ? clock(digest.to)
            : "\(marksTimes ? clock(digest.from) : startClock)–\(clock(digest.to))"
        values["events"] = HumanNumber.count(digest.events, "event")
        values["dropped"] = HumanNumber.count(digest.shed, "").trimmed
        if let next = digest.next {
            values["next"] = "on change or \(clock(next))"
        } else if digest.kind == .notice {
            values["next"] = "when more comes"
        }
    }

    /// The start of the window; without the `Z` when the end on the same day has it.
    private var startClock: String {
        String(clock(digest.from).dropLast(digest.isOneDay ? 1 : 0))
    }

    /// The time of day; with the date when it is not the day of composition.
    private func clock(_ moment: Timestamp) -> String {
        let date = moment.date
        let isToday = date == digest.composedAt.date
        let text = isToday ? moment.clockTime : "\(date) \(moment.clockTime)"
        return marksTimes ? SlackDate.mark(moment, text, isToday: isToday) : text
    }
}

extension Reason {
    /// Whether a value of the check is on the other side of the reason's limit, or at it.
    ///
    /// False where the reason's numbers are not of the check's own unit.
    fileprivate func isWithinLimit(_ now: Double?) -> Bool {
        guard unit == nil, let now, let value, let limit = unproven?.limit ?? limit, value != limit
        else { return false }
        return value > limit ? now <= limit : now >= limit
    }
}

extension Digest {
    /// The number of attempts of the run; nil if the attempts' numbers exceed it: they go over
    /// several runs, of which no number is the total.
    var attemptsInRange: Int? { attemptsPerRun.flatMap { attempts.last ?? 0 <= $0 ? $0 : nil } }

    fileprivate var isOneDay: Bool {
        let day = composedAt.date
        return from.date == day && to.date == day
    }
}

extension String {
    /// Without the space before an absent noun.
    fileprivate var trimmed: String { String(prefix { $0 != " " }) }
}
