import Core
import Digests
import Events

/// The commands that a person may want to run next.
///
/// Names from events go into a command line only if they are Kubernetes names, and ids only if
/// they are plain words, so that a shell reads each as one word.
struct NextSteps {
    struct Command: Hashable {
        let label: String
        let line: String
    }

    var commands: [Command] = []

    /// Whether there is a command with this label.
    func offers(_ label: String) -> Bool { commands.contains { $0.label == label } }

    init(for digest: Digest) {
        if digest.kind == .notice {
            for notice in digest.notices { addMending(notice.event) }
        }
        if let rollout = digest.group["rollout"], Self.isKubernetesName(rollout) {
            let namespace = digest.group["namespace"] ?? "default"
            if Self.isKubernetesName(namespace) {
                addRollout(rollout, namespace, digest)
            }
        } else if let node = digest.group["node"], Self.isKubernetesName(node) {
            look(at: "node=\(node)")
        } else if digest.rollup != nil {
            commands.append(
                Command(
                    label: "look",
                    line: "bellwether logs query --since 1h --where 'level=error' "
                        + "--count-by rollout"))
            commands.append(Command(label: "list", line: "bellwether digest list"))
        }
        if digest.rollup?.storm != nil { addAcknowledgement(of: digest) }
    }

    /// Adds the command with which a person takes over an incident that is open.
    private mutating func addAcknowledgement(of digest: Digest) {
        guard digest.incidentEnd == nil, digest.acknowledgement == nil,
            Self.isIdentifier(digest.thread)
        else { return }
        commands.append(Command(label: "ack", line: "bellwether ack \(digest.thread) --for 1h"))
    }

    /// Adds the commands for the cause of one of the node's own notices.
    private mutating func addMending(_ event: String) {
        let lines: [String] =
            switch event {
            case EventName.authRefused: ["bellwether token list"]
            case EventName.gatewaySilent: ["bellwether status", "bellwether token list"]
            case EventName.deliveryDead:
                ["bellwether outbox list", "bellwether outbox retry --dead"]
            case EventName.templateFault, EventName.tlsRefused: ["bellwether check"]
            case EventName.logShed: ["bellwether logs stats"]
            case EventName.logQuarantined:
                ["bellwether logs query --since 1d --where 'event=log.quarantined'"]
            case EventName.logGap, EventName.logDamaged: ["bellwether logs verify"]
            case EventName.logPressure, EventName.logTrimmed: ["bellwether logs stats"]
            default: []
            }
        for line in lines { commands.append(Command(label: "mend", line: line)) }
    }

    private mutating func addRollout(_ rollout: String, _ namespace: String, _ digest: Digest) {
        let target = "\(rollout) -n \(namespace)"
        func argo(_ verb: String) -> Command {
            Command(label: verb, line: "kubectl argo rollouts \(verb) \(target)")
        }
        switch digest.kind {
        case .failing where digest.outcome == "paused":
            commands += [argo("promote"), argo("abort")]
        // Neither version is at fault: the node has to be checked first.
        case .failing where digest.nodeFault != nil: commands += [argo("pause")]
        // Argo aborts by itself: nobody needs to, and nobody should promote.
        case .failing where digest.failuresUntilAbort == 0: commands += [argo("get rollout")]
        case .failing where digest.status == .unknown:
            commands += [argo("pause"), argo("abort"), argo("promote")]
        case .failing: commands += [argo("abort"), argo("pause"), argo("promote")]
        case .recovered: commands += [argo("promote")]
        case .ended where digest.outcome == nil: commands += [argo("get rollout")]
        case .ended where digest.outcome != "aborted" && digest.status?.isDegraded == true:
            commands += [argo("undo")]
        case .ended, .notice, .rollup: break
        }
        if let attempt = Self.attempt(of: digest) {
            commands.append(Command(label: "explain", line: "bellwether explain \(attempt)"))
        }
        if let node = digest.nodeFault?.node, Self.isKubernetesName(node) {
            look(at: "node=\(node)")
        } else {
            look(at: "namespace=\(namespace) rollout=\(rollout)")
        }
        if digest.incidentEnd == nil {
            if digest.kind == .failing { addAcknowledgement(of: digest) }
            commands.append(
                Command(
                    label: "silence",
                    line: "bellwether silence add namespace=\(namespace) rollout=\(rollout) "
                        + "--for 1h --why known"))
        }
    }

    /// The id of the last failed attempt of the worst place; nil if unknown.
    static func attempt(of digest: Digest) -> String? {
        digest.failingPlaces.flatMap(\.lanes).map(\.lastFailure).first(where: isIdentifier)
    }

    private mutating func look(at condition: String) {
        commands.append(
            Command(
                label: "look", line: "bellwether logs query --since 1h --where '\(condition)'"))
    }

    /// Whether `name` can be a Kubernetes name (RFC 1123 subdomain, at most 253 bytes).
    static func isKubernetesName(_ name: String) -> Bool {
        let utf8 = Array(name.utf8)
        guard let first = utf8.first, let last = utf8.last, utf8.count <= 253 else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E }
    }

    /// Whether an event id is one plain word for a shell.
    static func isIdentifier(_ id: String) -> Bool {
        let utf8 = Array(id.utf8)
        guard let first = utf8.first, utf8.count <= 128, first != 0x2D else { return false }
        return utf8.allSatisfy {
            isAlphanumeric($0) || (0x41...0x5A).contains($0) || $0.isOne(of: "-._:")
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
}
