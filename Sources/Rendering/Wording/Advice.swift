import Digests
import Events

/// What to do, in one sentence; nil when the commands alone are enough.
enum Advice {
    static func text(_ digest: Digest, _ steps: NextSteps) -> String? {
        switch digest.kind {
        case .failing where digest.outcome == "paused": return decide(steps)
        case .failing where digest.failuresUntilAbort == 0:
            return "Argo aborts this run by itself. Check that the traffic is back on stable."
        case .failing:
            guard steps.offers("pause") else { return nil }
            if digest.nodeFault != nil {
                return "Repair the node first, or take it out of service; "
                    + "pause holds the canary meanwhile."
            }
            if digest.status == .unknown {
                return "Fix what prevents the measurement; pause holds the canary meanwhile, "
                    + "abort takes its traffic back to stable."
            }
            return "Abort takes the traffic back to stable, pause holds it while you look, "
                + "promote goes on regardless."
        case .recovered:
            return steps.offers("promote")
                ? "Nothing to do, unless the rollout is paused: then promote." : nil
        case .ended: return ended(digest, steps)
        case .notice: return digest.notices.lazy.compactMap { notice($0.event) }.first
        case .rollup where digest.rollup?.isOver == true: return ended(digest, steps)
        case .rollup:
            guard digest.status?.isDegraded == true else { return nil }
            if digest.rollup?.storm != nil {
                return "Look at what they share before you abort one by one."
            }
            return "Look for what they share (a gateway, a dependency, a policy) before you abort "
                + "one by one."
        }
    }

    private static func decide(_ steps: NextSteps) -> String? {
        steps.offers("promote")
            ? "Decide: promote goes on, abort takes the traffic back to stable." : nil
    }

    private static func ended(_ digest: Digest, _ steps: NextSteps) -> String? {
        if digest.rollup != nil, digest.unmeasuredSince != nil {
            return "No attempt came for \(Self.quiet(digest)): the runs are over, or are no longer "
                + "measured. Check the state of the rollouts."
        }
        if digest.rollup != nil {
            return digest.outcome == "aborted"
                ? "Nothing to stop any more: the runs are over." : nil
        }
        switch digest.outcome {
        case "aborted"?: return "Nothing to stop any more: the run is over."
        case .some where steps.offers("undo"):
            return "The new revision goes on although it failed: undo goes back to the one before."
        case .some: return nil
        case nil:
            return "No attempt came for \(Self.quiet(digest)): the run is over, or is no longer "
                + "measured. Check the state of the rollout."
        }
    }

    private static func quiet(_ digest: Digest) -> String {
        HumanNumber.span(digest.composedAt - (digest.incidentEnd ?? digest.to))
    }

    private static func notice(_ event: String) -> String? {
        switch event {
        case EventName.authRefused:
            "Give the caller a valid token: Argo counts a refusal as an error and aborts the "
                + "rollout after five in a row."
        case EventName.requestRefused, EventName.rateLimited:
            "Argo counts a refused measurement as an error and aborts the rollout after five in "
                + "a row."
        case EventName.gatewaySilent:
            "Check whether it runs, and whether it reaches this node: the network, the "
                + "certificate, its token. If it was removed for good, nothing is to do: it is "
                + "forgotten after a week."
        case EventName.rolloutPaused:
            "Decide: promote goes on, abort takes the traffic back to stable."
        case EventName.tlsRefused:
            "Argo trusts the system's certificate authorities only: renew the certificate, or have "
                + "it signed by one of them. Argo aborts a rollout after five failures in a row."
        case EventName.deliveryDead: "Fix the receiver, then resend the digests."
        case EventName.templateFault: "Fix the template; the check reports file and line."
        case EventName.logShed:
            "Free disk space on the node, or raise the log's quota (log.max_bytes)."
        case EventName.logGap: "Check whether the log is complete."
        case EventName.logQuarantined:
            "No digest counts this line: look at it yourself, and report the defect with the line "
                + "from quarantine/lines.jsonl."
        case EventName.logDamaged:
            "Find what removes, renames or truncates files in the node's log folder "
                + "(logrotate, a cleaner, a person) and keep it out."
        case EventName.logPressure, EventName.logTrimmed:
            "Free disk space on the node: something other than the log uses it."
        case EventName.clockStepped:
            "Check the node's clock (date, chronyc tracking). If it is right, or the node was off, "
                + "nothing is to do."
        default: nil
        }
    }
}
