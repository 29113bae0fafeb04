import Core
import Events
import HTTPTypes
import JSON
import Server

/// Converts Alertmanager's webhook payload, version 4, to one event per alert.
///
/// The labels `rollout`, `namespace` and `revision` identify the rollout. An alert without them is
/// stored too, and grouped by this node.
enum AlertmanagerHook {
    /// The maximum number of alerts in one payload.
    static let most = 1000

    static func events(_ payload: JSONValue, _ now: Timestamp) throws(Problem) -> [Event] {
        guard case .array(let alerts) = payload["alerts"], !alerts.isEmpty else {
            throw .malformed(
                "alerts_missing",
                "the payload holds no alerts; send Alertmanager's webhook version 4",
                field: "alerts")
        }
        guard alerts.count <= most else {
            throw Problem(
                .contentTooLarge, "alerts_too_many",
                "the payload has \(alerts.count) alerts, at most \(most) are taken: set max_alerts of Alertmanager's webhook receiver to \(most)",
                field: "alerts")
        }
        var events: [Event] = []
        for alert in alerts { events.append(event(alert, payload, now)) }
        guard events.contains(where: { $0.event != EventName.alertUnreadable }) else {
            let said = HookText.at(alerts.first, "status") ?? ""
            throw .malformed(
                "alert_malformed",
                "an alert's status is firing or resolved, not \(InertText.quoted(said))",
                field: "alerts.status")
        }
        _ = try HookText.count(payload, "truncatedAlerts")
        switch payload["truncatedAlerts"] {
        case nil, .null: break
        case let value?:
            guard case .count(let truncated) = Count.read(value) else {
                // A number that is not understood may stand for alerts that were left out.
                events.append(gap(HookText.at(value) ?? "unknown", payload, now))
                break
            }
            if truncated.value > 0 { events.append(gap(String(truncated.value), payload, now)) }
        }
        return events
    }

    private static func event(
        _ alert: JSONValue, _ payload: JSONValue, _ now: Timestamp
    ) -> Event {
        let labels = alert["labels"]
        let status = HookText.at(alert, "status") ?? ""
        // One unreadable alert must not cause the payload's other alerts to be dropped.
        let name =
            switch status {
            case "firing": EventName.alertFiring
            case "resolved": EventName.alertResolved
            default: EventName.alertUnreadable
            }
        let isFiring = status == "firing"
        let starts = HookText.at(alert, "startsAt")
        let ends = isFiring ? nil : HookText.at(alert, "endsAt")
        let alertName = HookText.at(labels, "alertname") ?? "alert"
        let kept = HookText.labels(labels)
        var identity = JSONWriter()
        identity.value(kept)
        let words =
            HookText.at(alert, "annotations", "summary", limit: HookText.message)
            ?? HookText.at(alert, "annotations", "description", limit: HookText.message)
            ?? HookText.at(alert, "annotations", "message", limit: HookText.message)
        let said =
            name == EventName.alertUnreadable
            ? "\(alertName): the status \"\(status)\" is neither firing nor resolved"
            : "\(alertName) \(status)"
        let fingerprint = HookText.at(alert, "fingerprint")
        var event = Event(
            id: HookText.id(
                "alertmanager", status, fingerprint ?? identity.text, starts, ends),
            // Not `startsAt`: an alert that started last month and is received now is current news.
            ts: now,
            level: name == EventName.alertResolved
                ? .info : level(HookText.at(labels, "severity")),
            event: name,
            namespace: HookText.at(labels, "namespace"), rollout: HookText.at(labels, "rollout"),
            revision: HookText.at(labels, "revision"),
            message: words.map { "\(said): \($0)" } ?? said,
            extra: [
                .init("alert", .string(alertName)), .init("labels", kept),
                .init("annotations", HookText.labels(alert["annotations"])),
                .init("source", .string(HookText.at(alert, "generatorURL", limit: 2048) ?? "")),
                .init("receiver", .string(HookText.at(payload, "receiver") ?? "")),
            ])
        for (name, text) in [("startsAt", starts), ("endsAt", ends)] {
            if let text { event.extra.append(.init(name, .string(text))) }
        }
        event.extra += HookText.leftOut(labels, as: "labels_left_out")
        event.extra += HookText.leftOut(alert["annotations"], as: "annotations_left_out")
        return event
    }

    /// The event for alerts that Alertmanager truncated because of its `max_alerts`. Its id changes
    /// once a minute.
    ///
    /// - Parameter count: As it was sent, if it is not understood.
    private static func gap(_ count: String, _ payload: JSONValue, _ now: Timestamp) -> Event {
        let isNumber = count.utf8.allSatisfy { 0x30...0x39 ~= $0 }
        return Event(
            id: HookText.id(
                "alertmanager", "truncated", HookText.at(payload, "groupKey", limit: 2048),
                count, String(now.milliseconds / 60_000)),
            ts: now, level: .warn, event: EventName.alertsTruncated,
            namespace: HookText.at(payload, "commonLabels", "namespace"),
            rollout: HookText.at(payload, "commonLabels", "rollout"),
            revision: HookText.at(payload, "commonLabels", "revision"),
            message: isNumber
                ? "Alertmanager left \(count) more alerts of this group out (max_alerts)"
                : "Alertmanager may have left alerts of this group out: truncatedAlerts is \"\(count)\"",
            extra: [.init("truncated", isNumber ? .number(count) : .string(count))])
    }

    private static func level(_ severity: String?) -> Event.Level {
        switch severity?.lowercased() {
        case "critical", "error", "page", "emergency", "fatal": .error
        case "info", "none", "debug": .info
        default: .warn
        }
    }
}
