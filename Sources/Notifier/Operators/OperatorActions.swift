public import Digests
import EventLog
public import Events
import HTTPTypes
import JSON
import Server
import State

/// What people change about reports: silences and acknowledgements. Each is an event of the log.
///
/// Used by the HTTP interface and the status page. Thread-safe.
public struct OperatorActions: Sendable {
    /// The longest text of a name and of a reason, in characters.
    public static let longestName = 200
    public static let longestReason = 400
    /// The longest acknowledgement.
    public static let longestLook = Duration.seconds(7 * 86_400)
    /// How long an answer waits until the digests have read an acknowledgement.
    private static let patience = Duration.seconds(2)

    let decisions: DecisionLog
    private let digests: DigestService
    private let wall: WallClock
    private let clock: any Clock<Duration>

    public init(
        decisions: DecisionLog, digests: DigestService, wall: WallClock = .system,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.decisions = decisions
        self.digests = digests
        self.wall = wall
        self.clock = clock
    }

    var now: Timestamp { wall.now }
    /// The fields by which digests can be silenced.
    var fields: FilterFields { digests.fields }

    // MARK: - Silences

    /// The condition of a silence that a person wrote.
    ///
    /// - Throws: What is wrong with it, in words.
    public func filter(_ text: String) throws(FilterFault) -> Filter {
        try Filter(entry: text, digests.fields)
    }

    /// The open incidents whose messages a silence would hold back at present.
    public func incidents(silencedBy filter: Filter) -> [OpenIncident] {
        digests.incidents(silencedBy: filter)
    }

    /// Adds a silence that begins now; returns its id.
    ///
    /// - Parameter caller: The name of the credential that adds it.
    /// - Throws: 409 if the maximum number of silences is in force.
    public func silence(
        _ filter: Filter, until: Timestamp, who: String, why: String, by caller: String
    ) async throws -> String {
        let now = wall.now
        let who = String((who.isEmpty ? caller : who).prefix(Self.longestName))
        let why = String(why.prefix(Self.longestReason))
        do {
            return try await decisions.addSilence(
                filter: filter, until: until, who: who, why: why, at: now, by: caller)
        } catch let full as SilenceBook.Full {
            throw Problem(.conflict, "silences_full", full.description)
        }
    }

    /// Ends a silence now.
    ///
    /// - Parameter caller: The name of the credential that ends it.
    /// - Throws: 404 if none in force has this id.
    public func expire(silence id: String, by caller: String) async throws {
        guard try await decisions.expireSilence(id: id, at: wall.now, by: caller) else {
            throw Problem(
                .notFound, "silence_unknown", "no silence of this id is in force", field: "id")
        }
    }

    // MARK: - Acknowledgements

    /// The open incident with this id; nil if there is none.
    public func incident(_ id: String) -> OpenIncident? {
        digests.openIncidents.first { $0.id == id }
    }

    /// Notes who looks after an incident; nil for `until` ends that. Returns once the digests have
    /// read it, or after two seconds.
    ///
    /// - Throws: 404 if no open incident has this id; 429 or 503 if the log does not accept it.
    public func acknowledge(
        _ id: String, until: Timestamp?, who: String, why: String, by caller: String
    ) async throws -> OpenIncident {
        guard let incident = incident(id) else {
            throw Problem(
                .notFound, "incident_unknown",
                "no open incident has this id; `bellwether status` lists them", field: "id")
        }
        let now = wall.now
        let who = String((who.isEmpty ? caller : who).prefix(Self.longestName))
        let why = String(why.prefix(Self.longestReason))
        let name = incident.group.fields.map(\.value).joined(separator: "/")
        let message =
            until.map { "\(who) looks after \(name) until \($0.rfc3339)" }
            ?? "\(who) no longer looks after \(name)"
        var members = [("incident", id), ("who", who), ("why", why), ("caller", caller)]
        if let until { members.append(("until", until.rfc3339)) }
        let end: LogPosition
        do throws(EventLogError) {
            end = try await decisions.eventLog.append(
                Event(
                    ts: now, event: EventName.incidentAcknowledged,
                    namespace: incident.group["namespace"], rollout: incident.group["rollout"],
                    revision: incident.group["revision"], message: message,
                    extra: members.map { JSONValue.Member($0.0, .string($0.1)) }))
        } catch { throw Problem(log: error) }
        guard await decisions.isKept(end) else { throw Problem.notLeading }
        let stopwatch = Stopwatch(clock)
        while digests.position < end, stopwatch.elapsed < Self.patience {
            try? await clock.sleep(for: .milliseconds(20))
        }
        return self.incident(id) ?? incident
    }
}
