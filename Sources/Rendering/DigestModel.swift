import Digests
import Events
import JSON

/// The digest as one JSON object, for webhooks, archives and other tools.
///
/// Times are RFC 3339; texts from events are not changed.
enum DigestModel {
    static func json(_ digest: Digest) -> String {
        var writer = JSONWriter(capacity: 2048)
        writer.object { w in
            w.member("schema", 1)
            w.member("id", digest.id)
            w.member("thread", digest.thread)
            w.member("kind", digest.kind.rawValue)
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
            if let silence = digest.silence {
                w.member(object: "silence") { w in
                    w.member("id", silence.id)
                    w.member("who", silence.who)
                    w.member("why", silence.why)
                    w.member("until", silence.until.rfc3339)
                    w.member("messages", silence.messages)
                    w.member("swallowed_events", silence.swallowed)
                }
            }
            if let fault = digest.nodeFault {
                w.member(object: "node_fault") { w in
                    w.member("az", fault.az)
                    w.member("node", fault.node)
                    w.member("echoes", fault.echoes)
                }
            }
            if let rollup = digest.rollup {
                w.member(object: "rollup") { w in write(rollup, &w) }
            }
        }
        return writer.text
    }

    private static func attempts(_ digest: Digest, _ w: inout JSONWriter) {
        w.member("first", digest.attempts.first)
        w.member("last", digest.attempts.last)
        w.member("of", digest.attemptsPerRun)
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
                    w.member("failing_places", member.failingPlaces)
                    w.member("events", member.events)
                }
            }
        }
    }
}
