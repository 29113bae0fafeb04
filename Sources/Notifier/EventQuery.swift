import Core
import EventLog
import Events
import Server

/// The parsed query of `GET /v1/events`.
struct EventQuery {
    var query = EventLogQuery.all
    var limit = EventRoutes.defaultLimit
    var follow = false
    /// The fields that paths may name.
    var fields = FilterFields.events
    /// Only lines after this position; nil: no bound.
    var after: LogPosition?

    /// - Throws: 400 for an unknown name or a malformed value.
    init(_ items: [(name: String, value: String)], now: Timestamp = WallClock.system.now)
        throws(Problem)
    {
        var since: Timestamp?
        var until: Timestamp?
        var condition: String?
        var acceptsAny = false
        var names: Set<String> = []
        for item in items {
            guard names.insert(item.name).inserted else {
                throw .malformed(
                    "query_repeated",
                    "\(InertText.quoted(item.name)) is given twice; join conditions by and",
                    field: item.name)
            }
            switch item.name {
            case "since": since = try Self.moment(item, now)
            case "until": until = try Self.moment(item, now)
            case "where": condition = item.value
            case "any_field": acceptsAny = try Self.flag(item)
            case "limit":
                guard let number = Int(item.value),
                    (1...EventRoutes.largestLimit).contains(number)
                else {
                    throw .malformed(
                        "limit_invalid",
                        "limit must be a whole number from 1 to \(EventRoutes.largestLimit)",
                        field: "limit")
                }
                limit = number
            case "follow": follow = try Self.flag(item)
            case "after":
                after = try Self.place(item.value, field: "after")
            default:
                throw .malformed(
                    "query_unknown",
                    "the query takes since, until, where, any_field, limit, after and follow",
                    field: "query")
            }
        }
        if acceptsAny { fields = .events.orAny }
        let filter: Filter
        do throws(FilterFault) {
            filter = try Filter(condition ?? "", fields)
        } catch {
            throw .malformed(
                "where_malformed", error.described(anyField: "any_field=true"), field: "where")
        }
        if let since, let until, since > until {
            throw .malformed(
                "since_invalid", "since is after until, so that no line is between them",
                field: "since")
        }
        query = EventLogQuery(since: since, until: until, where: filter)
    }

    private static func flag(_ item: (name: String, value: String)) throws(Problem) -> Bool {
        guard let flag = Bool(item.value) else {
            throw .malformed(
                "\(item.name)_invalid", "\(item.name) must be true or false", field: item.name)
        }
        return flag
    }

    /// Reads a cursor token: the `id` of a server-sent event, or `Bellwether-Next`.
    static func place(_ token: String, field: String) throws(Problem) -> LogPosition {
        guard let place = LogPosition(token) else {
            throw .malformed(
                "cursor_invalid", "\(field) must be a cursor of this log, such as 41:1830",
                field: field)
        }
        return place
    }

    private static func moment(
        _ item: (name: String, value: String), _ now: Timestamp
    ) throws(Problem) -> Timestamp {
        guard let moment = Timestamp(relativeOrRFC3339: item.value, now: now) else {
            throw .malformed(
                "time_invalid", "\(item.name) must be a span such as 10m, 2h or 7d, or RFC 3339",
                field: item.name)
        }
        return moment
    }
}
