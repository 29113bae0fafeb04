import Events
import EventLog
import Server

/// The parsed query of `GET /v1/events`.
struct EventQuery {
    var query = EventLogQuery.all
    var limit = EventRoutes.defaultLimit
    var follow = false
    /// Only lines after this position; nil: no bound.
    var after: LogPosition?

    /// - Throws: 400 for an unknown name or a malformed value.
    init(_ items: [(name: String, value: String)], now: Timestamp = WallClock.system.now)
        throws(Problem)
    {
        var since: Timestamp?
        var until: Timestamp?
        var condition = Expression.all
        for item in items {
            switch item.name {
            case "since": since = try Self.moment(item, now)
            case "until": until = try Self.moment(item, now)
            case "where":
                do { condition = try Expression(item.value) } catch {
                    throw .malformed("where_malformed", "\(error)", field: "where")
                }
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
            case "follow":
                guard let flag = Bool(item.value) else {
                    throw .malformed(
                        "follow_invalid", "follow must be true or false", field: "follow")
                }
                follow = flag
            case "after":
                after = try Self.place(item.value, field: "after")
            default:
                throw .malformed(
                    "query_unknown", "the query takes since, until, where, limit, after and follow",
                    field: "query")
            }
        }
        query = EventLogQuery(since: since, until: until, where: condition)
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
