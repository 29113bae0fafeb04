import Events
import JSON

/// The report of a node's Doctor, as `application/health+json`.
///
/// The format is draft-inadarei-api-health-check-06, which a node's `/readyz` also uses:
///
///     {"status": "warn", "time": "2026-11-26T03:00:00Z", "checks": {
///       "disk:free": [{"status": "pass", "observedValue": 41.5, "observedUnit": "percent"}],
///       "ntp:offset": [{"status": "warn", "observedValue": 180, "observedUnit": "ms"}]}}
///
/// `status` is one of `pass`, `ok`, `up`; `warn`; `fail`, `error`, `down`. Any other structure
/// makes the whole report absent(garbage); so does a member in whose place a similar one stands,
/// because a failure may be in it.
struct DoctorReport: Sendable {
    enum Status: Int, Sendable, Comparable {
        case pass, warn, fail

        init?(_ text: String) {
            switch text.lowercased() {
            case "pass", "ok", "up": self = .pass
            case "warn": self = .warn
            case "fail", "error", "down": self = .fail
            default: return nil
            }
        }

        static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    struct Finding: Sendable {
        /// The check's key; characters that a signal's name cannot contain are replaced by `_`.
        let name: String
        /// The worst status of its entries; nil if no entry has one.
        let status: Status?
        /// The `observedValue` if the check has a single entry and the value is a number.
        let value: Double?
        let unit: MetricUnit?
        /// Why the value is no number, although it has a unit.
        let misread: MissingData?
    }

    /// Maximum number of checks.
    static let findingLimit = 100

    /// The worst of the report's own status and those of its checks.
    let status: Status
    let time: Timestamp?
    let findings: [Finding]

    init(reading document: JSONValue) throws(MissingData) {
        let own = try Self.status(document["status"], "status")
        try Self.refuseSimilar(to: ["status", "time", "checks"], in: document, "the report")
        switch document["time"] {
        case nil: time = nil
        case let value?:
            guard let given = value.time else {
                throw MissingData(.garbage, "time is no time, but \(value.shown)")
            }
            time = given
        }
        var findings: [Finding] = []
        if let checks = document["checks"] {
            guard let members = checks.members else {
                throw MissingData(.garbage, "checks is no object")
            }
            guard members.count <= Self.findingLimit else {
                throw MissingData(.tooLarge, "more than \(Self.findingLimit) checks")
            }
            for member in members { findings.append(try Self.finding(member)) }
        }
        self.findings = findings
        status = findings.compactMap(\.status).reduce(own, max)
    }

    private static func finding(_ member: JSONValue.Member) throws(MissingData) -> Finding {
        guard let entries = member.value.elements else {
            throw MissingData(.garbage, "checks: \(member.key) is no list of entries")
        }
        var worst: Status?
        for entry in entries {
            // In §4.5 of the draft, `status` is optional; an entry without it only measures.
            if entry["status"] == nil, let members = entry.members {
                let place = "checks: \(member.key)"
                try refuseSimilar(to: ["status"], in: entry, place)
                let other = members.first {
                    statusWords.contains($0.key.lowercased())
                        && $0.value.string.flatMap(Status.init) != nil
                }
                if let other {
                    throw MissingData(
                        .garbage,
                        "\(place): \(other.key) is \(other.value.shown), but status is missing")
                }
                continue
            }
            let status = try status(entry["status"], "checks: \(member.key): status")
            worst = max(worst ?? status, status)
        }
        let only = entries.count == 1 ? entries[0] : nil
        let observed = only?["observedValue"]
        // A text without a unit is one, such as a version.
        let isText = observed == nil || observed?.double != nil || only?["observedUnit"] == nil
        return Finding(
            name: name(member.key), status: worst, value: observed?.double,
            unit: only?["observedUnit"]?.string.flatMap(unit),
            misread: isText
                ? nil
                : MissingData(
                    .garbage, "observedValue is no number, but \(observed?.shown ?? "")"))
    }

    /// Names that other reports have for the status.
    private static let statusWords: Set<String> = ["state", "result", "outcome", "health"]

    /// Throws absent(garbage) if the object has a member whose name is almost one of `names`, and
    /// lacks that one.
    private static func refuseSimilar(
        to names: [String], in object: JSONValue, _ place: String
    ) throws(MissingData) {
        for member in object.members ?? [] where !names.contains(member.key) {
            let isContainer = member.value.members != nil || member.value.elements != nil
            guard let name = Suggestion.nearest(to: member.key, among: names, within: 1),
                object[name] == nil, isContainer == (name == "checks")
            else { continue }
            throw MissingData(
                .garbage,
                "\(place) has \(JSONValue.string(member.key).shown) in place of \(name)")
        }
    }

    private static func status(
        _ value: JSONValue?, _ place: String
    ) throws(MissingData) -> Status {
        guard let value else { throw MissingData(.garbage, "\(place) is missing") }
        guard let status = value.string.flatMap(Status.init) else {
            throw MissingData(
                .garbage, "\(place) is not pass, warn or fail, but \(value.shown)")
        }
        return status
    }

    private static func name(_ key: String) -> String {
        let scalars = key.unicodeScalars.prefix(64).map { scalar -> Character in
            let isPart =
                ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
                || ("0"..."9").contains(scalar) || scalar == "-"
            return isPart ? Character(scalar) : "_"
        }
        return scalars.isEmpty ? "_" : String(scalars)
    }

    private static func unit(_ text: String) -> MetricUnit? {
        switch text.lowercased() {
        case "ms", "milliseconds": .milliseconds
        case "s", "seconds": .seconds
        case "d", "days": .days
        case "bytes": .bytes
        case "ratio": .ratio
        default: nil
        }
    }

    // MARK: - Signals

    /// The signals of every report.
    static func declarations(prefix: String) -> [SignalDeclaration] {
        [
            SignalDeclaration(prefix + "status_ok", unit: .flag),
            SignalDeclaration(prefix + "checks", unit: .count),
            SignalDeclaration(prefix + "warned", unit: .count),
            SignalDeclaration(prefix + "failed", unit: .count),
        ]
    }

    /// The declared signals, then `KEY_ok` of each check with a status and `KEY` of each with a
    /// value.
    func signals(prefix: String) -> [Signal] {
        let declared = Self.declarations(prefix: prefix)
        func count(_ status: Status) -> Double { Double(findings.count { $0.status == status }) }
        var signals = [
            declared[0].flag(status != .fail),
            declared[1].number(Double(findings.count { $0.status != nil })),
            declared[2].number(count(.warn)), declared[3].number(count(.fail)),
        ]
        for finding in findings {
            if let status = finding.status {
                let ok = SignalDeclaration("\(prefix)\(finding.name)_ok", unit: .flag)
                signals.append(ok.flag(status != .fail))
            }
            let declaration = SignalDeclaration(prefix + finding.name, unit: finding.unit)
            if let value = finding.value { signals.append(declaration.number(value)) }
            if let misread = finding.misread { signals.append(declaration.absent(misread)) }
        }
        return signals
    }
}
