import Core
import EventLog
import Events
import JSON

/// Something wrong with the node itself that a person has to repair.
enum Trouble: Sendable, Equatable {
    /// The node's certificate ends soon. `notice` is the number of the report, from 1.
    case certificate(expires: Timestamp, notice: Int)
    /// A token ends soon, and `others` whose report is due, too.
    case token(name: String, expires: Timestamp, others: Int, notice: Int)
    /// The digests do not follow the log.
    case digestsBehind(bytes: Int, fault: String)
    /// The notifier does not accept this gateway's events.
    case forwardBehind(fault: String)
    /// The bucket does not get the archives.
    case bucketBehind(fault: String)
    /// The log accepts no lines.
    case logRefuses(ShedReason)

    /// What happened and what to do.
    var words: String {
        switch self {
        case .certificate(let expires, _):
            "The node's certificate expires \(expires.rfc3339). Callers are refused from then on: "
                + "replace the files of listen.tls; they are read again without a restart."
        case .token(let name, let expires, let others, _):
            "Token \(InertText.visible(name, limit: 64)) expires \(expires.rfc3339)"
                + (others == 0 ? "" : ", and \(others) more expire soon")
                + ". Its caller is refused from then on: make another with `bellwether token create` "
                + "before; `bellwether token list` shows all."
        case .digestsBehind(let bytes, let fault):
            "The digests do not follow the event log: \(bytes) bytes are not read"
                + (fault.isEmpty ? "" : " (\(fault))")
                + ". Failures in them are not reported. Check the node's log and its disk."
        case .forwardBehind(let fault):
            "The gateway could not send its events to the notifier for five minutes (\(fault)). "
                + "They were kept; what failed meanwhile is reported late."
        case .bucketBehind(let fault):
            "The bucket does not get the log (\(fault)). Lines wait on the node's disk; what "
                + "log.max_bytes has no space for is lost. See the chapter \"bucket away\" of the "
                + "runbook."
        case .logRefuses(let why):
            "The event log accepts no lines (\(why.rawValue)): new failures are lost. Free disk "
                + "space on the node or check its disk; `bellwether logs stats` shows the sizes."
        }
    }

    var name: String {
        switch self {
        case .certificate: EventName.certificateExpiring
        case .token: EventName.tokenExpiring
        case .digestsBehind, .forwardBehind, .bucketBehind: EventName.cursorBehind
        case .logRefuses: EventName.logShed
        }
    }

    /// Distinguishes this report of an end from every other one, also after a restart; nil for a
    /// trouble that is over when it is not found any more.
    var identity: String? {
        switch self {
        case .certificate(let expires, let notice):
            "\(name)\0\(expires.milliseconds)\0\(notice)"
        case .token(let token, let expires, _, let notice):
            "\(name)\0\(token)\0\(expires.milliseconds)\0\(notice)"
        default: nil
        }
    }

    /// Whether a threshold before an end is passed.
    fileprivate var isNear: Bool {
        switch self {
        case .certificate(_, let notice), .token(_, _, _, let notice): notice > 0
        default: true
        }
    }

    /// Whether the event log cannot carry it to the receivers, because that is what fails.
    var isOfDigests: Bool {
        switch self {
        case .digestsBehind, .logRefuses: true
        case .certificate, .token, .forwardBehind, .bucketBehind: false
        }
    }
}

/// Decides which troubles are reported: each once, until it is over.
struct TroubleBook: Sendable {
    /// The node's state at one moment. Nil or empty: the node has no such part, or it is well.
    struct Facts: Sendable, Equatable {
        var certificate: Timestamp?
        /// When the certificate became valid.
        var certificateBegin: Timestamp?
        /// The valid tokens that expire.
        var tokens: [Token] = []
        /// How far the digests have read, and how many bytes lie after it.
        var position = LogPosition.start
        var lag = 0
        var digestFault = ""
        var forwardFailures = 0
        var forwardFault = ""
        var refuses: ShedReason?
        /// Empty while the bucket takes archives.
        var bucketFault = ""
        /// Whether trying again does not help until a person does something.
        var bucketRefuses = false

        struct Token: Sendable, Equatable {
            let name: String
            /// When it became valid.
            var begin: Timestamp?
            let end: Timestamp
        }
    }

    /// How long before the end a certificate or a token is reported, and again: 14, 3 and 1 days,
    /// or as much less as a quarter of its life is less than 14 days. Issuers renew when a third is
    /// left.
    static func notices(from begin: Timestamp?, to end: Timestamp) -> [Duration] {
        let most = Duration.seconds(14 * 86_400)
        let first = begin.map { min(most, max(.zero, end - $0) / 4) } ?? most
        return [first, first * 3 / 14, first / 14]
    }

    /// A report is not older than this.
    static let memory = Duration.seconds(15 * 86_400)

    /// How long the digests may read nothing while there is something to read.
    static let patience = Duration.seconds(60)
    /// How long the log may accept nothing. Sealing a segment ends a short refusal.
    static let refusalPatience = Duration.seconds(5)
    /// How long the notifier may not answer.
    static let forwardPatience = Duration.seconds(300)

    /// How long the bucket may fail if that may pass, and if it refuses.
    static let bucketPatience = Duration.seconds(300)
    static let bucketRefusalPatience = Duration.seconds(60)

    private var reported: Set<String> = []
    private var position = LogPosition.start
    private var movedAt = Duration.zero
    private var refusingSince: Duration?
    private var failingSince: Duration?
    private var bucketSince: Duration?

    /// The troubles that are to be reported now.
    ///
    /// - Parameter elapsed: A span of a monotonic clock.
    mutating func look(_ facts: Facts, at elapsed: Duration, now: Timestamp) -> [Trouble] {
        var news: [Trouble] = []
        func passed(_ begin: Timestamp?, _ end: Timestamp) -> Int {
            Self.notices(from: begin, to: end).count { now + $0 >= end }
        }
        // Only the nearest of the thresholds is reported; the others are passed, too.
        if let end = facts.certificate {
            let trouble = Trouble.certificate(
                expires: end, notice: passed(facts.certificateBegin, end))
            if isNews(trouble) { news.append(trouble) }
        }
        // One report for all that are due, so that tokens made on one day are not a row of messages.
        var tokens: [Trouble] = []
        for token in facts.tokens.sorted(by: { ($0.end, $0.name) < ($1.end, $1.name) }) {
            let trouble = Trouble.token(
                name: token.name, expires: token.end, others: 0,
                notice: passed(token.begin, token.end))
            if isNews(trouble) { tokens.append(trouble) }
        }
        if case .token(let name, let expires, _, let notice)? = tokens.first {
            let others = tokens.dropFirst().count
            news.append(.token(name: name, expires: expires, others: others, notice: notice))
        }
        if facts.position != position || facts.lag == 0 && facts.digestFault.isEmpty {
            (position, movedAt) = (facts.position, elapsed)
        }
        note("digests", elapsed - movedAt >= Self.patience, &news) {
            .digestsBehind(bytes: facts.lag, fault: facts.digestFault)
        }
        refusingSince = facts.refuses == nil ? nil : refusingSince ?? elapsed
        if let why = facts.refuses {
            let isLong = refusingSince.map { elapsed - $0 >= Self.refusalPatience } ?? false
            note("log", isLong, &news) { .logRefuses(why) }
        } else {
            reported.remove("log")
        }
        failingSince = facts.forwardFailures == 0 ? nil : failingSince ?? elapsed
        let isStuck = failingSince.map { elapsed - $0 >= Self.forwardPatience } ?? false
        note("forward", isStuck, &news) { .forwardBehind(fault: facts.forwardFault) }
        bucketSince = facts.bucketFault.isEmpty ? nil : bucketSince ?? elapsed
        let patience =
            facts.bucketRefuses ? Self.bucketRefusalPatience : Self.bucketPatience
        let isAway = bucketSince.map { elapsed - $0 >= patience } ?? false
        note("bucket", isAway, &news) { .bucketBehind(fault: facts.bucketFault) }
        return news
    }

    /// Whether an end is near and this threshold of it was not reported yet.
    private mutating func isNews(_ trouble: Trouble) -> Bool {
        guard trouble.isNear, let identity = trouble.identity else { return false }
        return reported.insert(identity).inserted
    }

    private mutating func note(
        _ key: String, _ isWrong: Bool, _ news: inout [Trouble], _ trouble: () -> Trouble
    ) {
        if !isWrong {
            reported.remove(key)
        } else if reported.insert(key).inserted {
            news.append(trouble())
        }
    }
}

extension Event {
    /// The event of a trouble that the log can carry to the receivers; see `isOfDigests`.
    init(_ trouble: Trouble, node: String, az: String, at now: Timestamp) {
        var end: Timestamp?
        switch trouble {
        case .certificate(let expires, _), .token(_, let expires, _, _): end = expires
        default: break
        }
        let id = trouble.identity.map { "\(node)\0\($0)" }
        self.init(
            id: id.map { String(ContentHash.hex($0.utf8).prefix(32)) } ?? "", ts: now,
            level: .error, event: trouble.name, node: node, az: az, message: trouble.words,
            extra: end.map { [JSONValue.Member("expires", .string($0.rfc3339))] } ?? [])
    }
}
