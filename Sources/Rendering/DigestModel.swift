import Digests
import Events
import JSON

/// The digest as one JSON object, for webhooks, archives and other tools.
///
/// Times are RFC 3339; texts from events are not changed. The words (`title`, `headline`,
/// `summary`, `facts`, `metric_lines`, …) are those of the other forms, and inert.
enum DigestModel {
    /// - Parameter view: A view with the limits of a mail, and without marked times.
    static func json(_ view: MessageView) -> String {
        let digest = view.digest
        var writer = JSONWriter(capacity: 4096)
        writer.object { w in
            w.member("schema", 1)
            w.member("id", digest.id)
            w.member("thread", digest.thread)
            w.member("alert", alert(digest))
            w.member("kind", digest.kindWord)
            writeWords(view, &w)
            w.member("occasion", digest.occasion.rawValue)
            w.member(object: "group") { w in
                for field in digest.group.fields { w.member(field.name, field.value) }
            }
            w.member("status", digest.status?.rawValue)
            w.member("worst", digest.worst?.rawValue)
            w.member("level", digest.noticeLevel?.rawValue)
            w.member("outcome", digest.outcome)
            if let reason = digest.outcomeReason { w.member("outcome_reason", reason) }
            w.member("rehearsal", digest.isRehearsal)
            w.member("test", digest.isTest)
            w.member("incident_start", digest.incidentStart.rfc3339)
            w.member("incident_end", digest.incidentEnd?.rfc3339)
            w.member(object: "window") { w in
                w.member("from", digest.from.rfc3339)
                w.member("to", digest.to.rfc3339)
            }
            w.member("composed", digest.composedAt.rfc3339)
            if digest.late > .zero {
                w.member("late_seconds", Int(digest.late.components.seconds))
            }
            w.member("next", digest.next?.rfc3339)
            w.member("expires", expiry(digest)?.rfc3339)
            w.member("events", digest.events)
            w.member("events_in_incident", digest.eventsInIncident)
            w.member("shed", digest.shed)
            w.member(array: "changes") { w in
                for change in digest.changes { w.value(PlainWords.change(change, digest)) }
            }
            w.member(object: "attempts") { w in attempts(digest, &w) }
            w.member(array: "places") { w in for place in digest.places { write(place, &w) } }
            w.member("healthy_places", digest.healthyPlaces)
            w.member("omitted_lines", digest.omittedLines)
            w.member(array: "reasons") { w in
                for tally in digest.reasons {
                    w.object { w in
                        w.member("count", tally.count)
                        w.key("reason")
                        tally.reason.write(to: &w)
                    }
                }
            }
            w.member("omitted_reasons", digest.omittedReasons)
            w.member(array: "notices") { w in for notice in digest.notices { write(notice, &w) } }
            w.member("omitted_notices", digest.omittedNotices)
            w.member(array: "policies") { w in for policy in digest.policies { w.value(policy) } }
            w.member(array: "binaries") { w in for binary in digest.binaries { w.value(binary) } }
            w.member("flaps", digest.flaps)
            if let since = digest.unmeasuredSince {
                w.member("unmeasured_since", since.rfc3339)
            }
            if let since = digest.aloneSince { w.member("alone_since", since.rfc3339) }
            if !digest.replaces.isEmpty {
                w.member(array: "replaces") { w in
                    for old in digest.replaces {
                        w.object { w in
                            w.member("id", old.id)
                            w.member("receiver", old.receiver)
                        }
                    }
                }
            }
            w.member(array: "receivers") { w in for name in digest.receivers { w.value(name) } }
            if let acknowledgement = digest.acknowledgement {
                w.member(object: "acknowledged") { w in
                    w.member("who", acknowledgement.who)
                    w.member("why", acknowledgement.why)
                    w.member("until", acknowledgement.until.rfc3339)
                }
            }
            if let silence = digest.silence {
                w.member(object: "silence") { w in
                    w.member("id", silence.id)
                    w.member("who", silence.who)
                    w.member("why", silence.why)
                    w.member("until", silence.until.rfc3339)
                    w.member("messages", silence.messages)
                    w.member("swallowed_events", silence.unreported)
                }
            }
            if let fault = digest.nodeFault {
                w.member(object: "node_fault") { w in
                    w.member("az", fault.az)
                    w.member("node", fault.node)
                    w.member("echoes", fault.suppressed)
                }
            }
            if let rollup = digest.rollup {
                w.member(object: "rollup") { w in write(rollup, &w) }
            }
        }
        return writer.text
    }

    /// When the digest no longer describes the present, unless another one arrives.
    private static func expiry(_ digest: Digest) -> Timestamp? {
        if isOver(digest) { return digest.incidentEnd ?? digest.composedAt }
        return (digest.next ?? digest.composedAt + .seconds(3600)) + .seconds(600)
    }

    /// Events that end what an earlier notice reported.
    private static let ends: Set<String> = [EventName.gatewayBack]

    /// Whether an alert of the incident is to be closed.
    private static func isOver(_ digest: Digest) -> Bool {
        switch digest.kind {
        case .notice:
            // A test leaves no alert open: its notices and roll-ups have no end of their own.
            return digest.isTest || digest.incidentEnd != nil
                || !digest.notices.isEmpty && digest.omittedNotices == 0
                    && digest.notices.allSatisfy { ends.contains($0.event) }
        case .rollup:
            if digest.isTest || digest.incidentEnd != nil { return true }
            guard let rollup = digest.rollup, rollup.storm == nil else { return false }
            return rollup.kinds.allSatisfy { $0.kind == .recovered || $0.kind == .ended }
        case .failing, .recovered, .ended:
            return digest.incidentEnd != nil && digest.outcome != "paused"
        }
    }

    /// The key of an alert at a service that closes it at the incident's end. A roll-up of groups
    /// that share nothing has no end: it is the alert of its worst group, whose incident has one.
    private static func alert(_ digest: Digest) -> String {
        guard let rollup = digest.rollup, rollup.storm == nil, !digest.isTest,
            let worst = rollup.members.first, let dot = worst.id.lastIndex(of: ".")
        else { return digest.thread }
        return String(worst.id[..<dot])
    }

    /// Writes the texts for people, and the facts that other systems need for an incident.
    private static func writeWords(_ view: MessageView, _ w: inout JSONWriter) {
        let (digest, words, state) = (view.digest, view.words, view.words.state)
        let metrics = words.metrics.map(\.line)
        let (facts, links) = (words.facts, words.links)
        w.member("title", words.title)
        w.member("state", state.word)
        w.member("severity", digest.isTest ? "info" : state.tone.severity)
        w.member("is_critical", !digest.isTest && state.tone == .bad)
        w.member("is_over", isOver(digest))
        w.member("color", state.tone.color)
        w.member("color_number", state.tone.colorNumber)
        w.member("icon", state.icon)
        w.member("name", words.name)
        w.member("scope", words.scope.isEmpty ? nil : words.scope)
        w.member("headline", words.headline)
        w.member("summary", summary(words, metrics))
        w.member("time", view.time)
        w.member("argo_reason", facts.reason)
        w.member(array: "metric_lines") { w in for line in metrics { w.value(line) } }
        w.member("attempts_line", view.attemptsLine)
        w.member("advice", words.advice)
        w.member(array: "commands") { w in
            for command in words.steps.commands {
                w.object { w in
                    w.member("label", command.label)
                    w.member("command", words.options.locating(command.line))
                }
            }
        }
        w.member(array: "facts") { w in
            for fact in facts.facts {
                w.object { w in
                    w.member("name", fact.name)
                    w.member("value", fact.value)
                }
            }
        }
        w.member(array: "links") { w in
            for link in links.links {
                w.object { w in
                    w.member("name", link.name)
                    w.member("url", link.url)
                }
            }
        }
        w.member(array: "buttons") { w in
            for link in links.links.prefix(DigestLinks.buttons) {
                w.object { w in
                    w.member("name", link.name)
                    w.member("url", link.url)
                }
            }
        }
        let page = links.url("Digest") ?? links.links.first?.url
        w.member("link", page)
        w.member("weight", digest.context.weight)
        w.member("step", digest.context.step)
        w.member("image", digest.context.image.isEmpty ? nil : digest.context.image)
        w.member(
            "previous_image",
            digest.context.previousImage.isEmpty ? nil : digest.context.previousImage)
    }

    /// The headline and the worst metrics in one line.
    private static func summary(_ words: DigestWords, _ metrics: [String]) -> String {
        let scope = words.scope.isEmpty ? "" : " (\(words.scope))"
        return ([words.headline + scope] + metrics.prefix(3)).joined(separator: "; ")
    }

    /// Every name in the object, at any depth, except those below `group`.
    static let names: Set<String> = [
        "schema", "id", "thread", "alert", "kind", "title", "state", "severity", "is_critical",
        "is_over",
        "color", "color_number", "icon", "name", "scope", "headline", "summary", "time",
        "argo_reason", "metric_lines", "attempts_line", "advice", "commands", "label", "command",
        "facts", "value", "links", "buttons", "url", "link", "weight", "step", "image",
        "previous_image",
        "occasion", "group", "status", "worst", "level", "outcome", "rehearsal", "test",
        "incident_start", "incident_end", "window", "from", "to", "composed", "late_seconds",
        "next", "expires", "events", "events_in_incident", "shed", "changes", "attempts", "first",
        "last", "of", "until_abort", "healthy", "degraded", "unknown", "unhealthy", "places", "az",
        "node", "attempt", "metrics", "metric", "unit", "previous", "stable", "limit", "over_since",
        "history", "omitted_metrics", "healthy_places", "omitted_lines", "reasons", "count",
        "reason", "check", "why", "detail", "omitted_reasons", "notices", "event", "message",
        "place", "total", "omitted_notices", "policies", "binaries", "flaps", "replaces",
        "receiver", "receivers", "silence", "who", "until", "messages", "swallowed_events",
        "node_fault", "echoes", "rollup", "groups", "kinds", "failing", "recovered", "ended",
        "notice", "members", "failing_places", "at", "outcome_reason", "unmeasured_since",
        "alone_since", "storm",
        "shared", "joined", "left", "aborted", "paused", "acknowledged", "at_limit",
    ]

    private static func attempts(_ digest: Digest, _ w: inout JSONWriter) {
        w.member("first", digest.attempts.first)
        w.member("last", digest.attempts.last)
        w.member("of", digest.attemptsInRange)
        w.member("until_abort", digest.failuresUntilAbort)
        let counts = digest.attempts.counts
        for status in VerdictStatus.allCases { w.member(status.rawValue, counts[status]) }
    }

    private static func write(_ place: Source, _ w: inout JSONWriter) {
        w.object { w in
            w.member("az", place.az)
            w.member("node", place.node)
            w.member("status", place.status.rawValue)
            w.member("attempt", place.attempt)
            w.member(array: "metrics") { w in for track in place.metrics { write(track, &w) } }
            w.member("omitted_metrics", place.omittedMetrics)
        }
    }

    private static func write(_ track: MetricTrack, _ w: inout JSONWriter) {
        w.object { w in
            w.member("metric", track.metric)
            w.member("unit", track.unit.rawValue)
            w.member("state", track.state.rawValue)
            w.member("value", track.value)
            w.member("previous", track.previous)
            w.member("first", track.first)
            w.member("worst", track.worst)
            w.member("stable", track.stable)
            w.member("limit", track.limit)
            w.member("over_since", track.overSince)
            w.member(array: "history") { w in
                for value in track.history {
                    if let value { w.value(value) } else { w.null() }
                }
            }
        }
    }

    private static func write(_ notice: NoticeCounts, _ w: inout JSONWriter) {
        w.object { w in
            w.member("event", notice.event)
            w.member("level", notice.level.rawValue)
            w.member("message", notice.message)
            w.member("place", notice.place)
            w.member("count", notice.unreported)
            w.member("total", notice.total)
        }
    }

    private static func write(_ rollup: Rollup, _ w: inout JSONWriter) {
        w.member("groups", rollup.groups)
        if let storm = rollup.storm {
            w.member(object: "storm") { w in
                w.member(array: "shared") { w in
                    for trait in storm.shared {
                        w.object { w in
                            w.member("kind", trait.kind.rawValue)
                            w.member("value", trait.value)
                        }
                    }
                }
                w.member("joined", storm.joined)
                w.member("recovered", storm.recovered)
                w.member("aborted", storm.aborted)
                w.member("ended", storm.ended)
                w.member("left", storm.left)
                w.member("paused", storm.paused)
                w.member("at_limit", storm.atLimit)
            }
        }
        w.member(object: "kinds") { w in
            for kind in rollup.kinds { w.member(kind.kind.rawValue, kind.groups) }
        }
        w.member(array: "members") { w in
            for member in rollup.members {
                w.object { w in
                    w.member("id", member.id)
                    w.member(object: "group") { w in
                        for field in member.group.fields { w.member(field.name, field.value) }
                    }
                    w.member("kind", member.kind.rawValue)
                    w.member("status", member.status?.rawValue)
                    w.member("outcome", member.outcome)
                    w.member("failing_places", member.failingPlaces)
                    w.member("events", member.events)
                }
            }
        }
    }
}
