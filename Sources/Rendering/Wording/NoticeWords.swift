import Core
import Digests
import Events

/// The text for one kind of notice, because the names of events are hard to understand.
struct NoticeWords {
    /// `12 requests refused for their credential`.
    let short: String
    /// `short` with the event's name, the place and the last message.
    let long: String

    init(_ tally: NoticeCounts, _ digest: Digest) {
        let event = InertText.visible(tally.event, limit: 60)
        let times = " ×\(tally.unreported)"
        let place = tally.place.isEmpty ? "" : " on \(InertText.visible(tally.place, limit: 40))"
        let message = InertText.visible(tally.message, limit: 160)
        let last = message.isEmpty ? "" : (tally.unreported > 1 ? "; last: " : ": ") + "\(message)"
        if let words = Self.known(tally, shed: digest.shed) {
            short = words
            long = "\(words) (\(event))\(place)\(last)"
        } else {
            short = event + (tally.unreported > 1 ? times : "")
            long = "\(event)\(times)\(place)\(last)"
        }
    }

    private static func known(_ tally: NoticeCounts, shed: Int) -> String? {
        func count(_ noun: String) -> String { HumanNumber.count(tally.unreported, noun) }
        switch tally.event {
        case EventName.authRefused: return count("request") + " refused for their credential"
        case EventName.tlsRefused:
            return "callers cannot connect, TLS handshakes fail for a certificate"
        case EventName.requestRefused: return count("request") + " refused"
        case EventName.rateLimited: return count("request") + " over the rate limit"
        case EventName.deliveryDead:
            return count("digest") + " that could not be delivered"
        case EventName.templateFault:
            return count("template") + " with a fault; the built-in text is used instead"
        case EventName.comparabilityChanged:
            return "attempts are no longer comparable, the policy or the binary changed"
        case EventName.logShed:
            return shed > 0
                ? HumanNumber.count(shed, "event") + " lost, the log accepted no more"
                : "events lost, the log accepted no more"
        case EventName.logGap:
            return shed > 0
                ? HumanNumber.count(shed, "event") + " missing from the log"
                : "events missing from the log"
        case EventName.logQuarantined:
            return count("line") + " of the event log set aside, reading it crashed the node"
        case EventName.logDamaged:
            return shed > 0
                ? HumanNumber.count(shed, "event")
                    + " lost, something else changed the log's files"
                : "something else changed the log's files, no event is lost"
        case EventName.gatewaySilent: return "the gateway is silent"
        case EventName.gatewayBack: return "the gateway is back"
        case EventName.rolloutPaused: return "the rollout waits for a decision"
        case EventName.logPressure: return "the log's disk is short of space"
        case EventName.clockStepped:
            return "the node's clock was set forward, old events are kept until it is confirmed"
        case EventName.logTrimmed: return "old events removed, the disk is short of space"
        default: return nil
        }
    }
}
