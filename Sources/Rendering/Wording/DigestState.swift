import Digests
import Events

/// How grave a message is; decides colours and severities.
enum DigestTone: String {
    case bad
    case warn
    /// Something cannot be measured.
    case dark
    case good
    /// What is over, or only for information.
    case over

    /// The severity of PagerDuty's Events API, also a good value for others.
    var severity: String {
        switch self {
        case .bad: "critical"
        case .dark: "error"
        case .warn: "warning"
        case .good, .over: "info"
        }
    }

    var colorNumber: Int {
        switch self {
        case .bad: 0xB3261E
        case .warn: 0xB26A00
        case .dark: 0x6639A6
        case .good: 0x1A6B2F
        case .over: 0x57606A
        }
    }

    /// `#b3261e`.
    var color: String {
        let hex = String(colorNumber, radix: 16)
        return "#" + String(repeating: "0", count: 6 - hex.count) + hex
    }
}

/// The state of an incident as titles name it.
struct DigestState {
    /// `failing`, `degraded`, `unknown`, `recovered`, `ended`, `notice`, `rollup`, or the outcome
    /// of the run: `aborted`, `paused`, `promoted`, `completed`.
    let word: String
    /// `FAILING`, `NO DATA`.
    let label: String
    let icon: String
    let tone: DigestTone

    init(_ digest: Digest) {
        func state(_ word: String, _ label: String, _ icon: String, _ tone: DigestTone) -> Self {
            Self(word: word, label: label, icon: icon, tone: tone)
        }
        switch digest.kind {
        case .failing where digest.outcome == "paused":
            self = state("paused", "PAUSED", "⏸️", .warn)
        case .failing:
            self =
                switch digest.kindWord {
                case "degraded": state("degraded", "DEGRADED", "🟠", .warn)
                case "unknown": state("unknown", "NO DATA", "🟣", .dark)
                default: state("failing", "FAILING", "🔴", .bad)
                }
        case .recovered: self = state("recovered", "RECOVERED", "🟢", .good)
        case .rollup where digest.rollup?.kinds.map(\.kind) == [.recovered]:
            self = state("rollup", "RECOVERED", "🟢", .good)
        case .ended,
            .rollup where digest.rollup?.isOver == true:
            self =
                switch digest.outcome {
                case "aborted"?: state("aborted", "ABORTED", "⏹️", .bad)
                case let outcome?:
                    state(outcome, outcome.uppercased(), "⏹️", .over)
                case nil: state("ended", "ENDED", "⏹️", .over)
                }
        case .notice:
            let isError = digest.noticeLevel == .error
            self = state("notice", "NOTICE", isError ? "🔴" : "⚠️", isError ? .bad : .warn)
        case .rollup:
            self =
                switch digest.status {
                case .unhealthy?: state("rollup", "FAILING", "🔴", .bad)
                case .unknown?: state("rollup", "NO DATA", "🟣", .dark)
                case .degraded?: state("rollup", "DEGRADED", "🟠", .warn)
                case .healthy?: state("rollup", "RECOVERED", "🟢", .good)
                case nil: state("rollup", "NOTICE", "⚠️", .warn)
                }
        }
    }

    private init(word: String, label: String, icon: String, tone: DigestTone) {
        self.word = word
        self.label = label
        self.icon = icon
        self.tone = tone
    }
}
