import Events
public import EventLog
import HTTPTypes
import HummingbirdCore
import JSON
public import Server

/// `/v1/events/…`: counts and contents of the log (scope `read`), and its verification (`admin`).
public enum LogRoutes {
    /// - Parameter maxBytes: The log's quota.
    public static func routes(_ eventLog: EventLog, maxBytes: Int) -> [Route] {
        [
            Route(.get, "/v1/events/counts", access: .requires(.read)) { exchange in
                var items = try exchange.queryItems()
                guard let place = items.firstIndex(where: { $0.name == "by" }) else {
                    throw Problem.malformed(
                        "field_missing", "by= names the field to count", field: "by")
                }
                let field = items.remove(at: place).value
                if let other = items.first(where: { ["follow", "after"].contains($0.name) }) {
                    throw Problem.malformed(
                        "query_unknown",
                        "the query takes by, since, until, where, any_field and limit",
                        field: other.name)
                }
                let wanted = try EventQuery(items)
                do throws(FilterFault) { try wanted.fields.check(path: field) } catch {
                    throw Problem.malformed(
                        "by_malformed", error.described(anyField: "any_field=true"), field: "by")
                }
                let work = try exchange.beginQuery(memory: QueryPlace.logMemory)
                defer { work.end() }
                let log = eventLog.reaching(wanted.query, from: .start)
                let counts = try await Problem.reading { () async throws(EventLogError) in
                    try await log.count(
                        by: field, query: wanted.query, mostBytes: QueryPlace.countedValues)
                }
                return answer(
                    LogDocument.counts(
                        counts, of: field,
                        limit: items.contains { $0.name == "limit" }
                            ? wanted.limit : .max))
            },
            Route(.get, "/v1/events/stats", access: .requires(.read)) { exchange in
                let work = try exchange.beginQuery(memory: QueryPlace.logMemory)
                defer { work.end() }
                return answer(LogDocument.stats(try await eventLog.stats(), maxBytes: maxBytes))
            },
            // Reads every byte of the log, so the scope `read` is not enough.
            Route(.get, "/v1/events/verify", access: .requires(.admin)) { exchange in
                let work = try exchange.beginQuery(memory: QueryPlace.logMemory)
                defer { work.end() }
                return answer(LogDocument.verification(try await eventLog.verify()))
            },
        ]
    }

    private static func answer(_ document: [UInt8]) -> Response {
        .bytes(document, headers: [.cacheControl: "no-store"])
    }
}

/// The log's counts and contents as JSON, for `/v1/events/…` and the commands of `logs`.
public enum LogDocument {
    /// - Parameter limit: The maximum number of rows, those with the highest counts.
    public static func counts(
        _ counts: EventLogCounts, of field: String, limit: Int = .max
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            w.member("field", field)
            w.member("total", counts.total)
            w.member("skipped", counts.skipped)
            w.member(array: "counts") { w in
                for row in counts.rows.prefix(limit) {
                    w.object { w in
                        w.member("value", row.value)
                        w.member("count", row.count)
                    }
                }
            }
        }
        return writer.bytes
    }

    /// - Parameter maxBytes: The log's quota; nil for archives in a bucket.
    public static func stats(_ stats: EventLogStats, maxBytes: Int?) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            w.member("lines", stats.lines)
            w.member("bytes", stats.bytes)
            w.member("allocated", stats.allocated)
            w.member("max_bytes", maxBytes)
            w.member("earliest", stats.earliest?.rfc3339)
            w.member("latest", stats.latest?.rfc3339)
            w.member("lines_per_second", stats.linesPerSecond)
            w.member("segments", stats.segments.count)
            w.member(array: "files") { w in
                for segment in stats.segments {
                    w.object { w in
                        w.member("segment", Int(clamping: segment.number))
                        w.member("file", segment.file)
                        w.member("state", segment.state.rawValue)
                        w.member("lines", segment.lines)
                        w.member("bytes", segment.bytes)
                        w.member("allocated", segment.allocated)
                        w.member("earliest", segment.earliest?.rfc3339)
                        w.member("latest", segment.latest?.rfc3339)
                    }
                }
            }
            w.member(array: "faults") { w in for fault in stats.faults { w.value(fault) } }
        }
        return writer.bytes
    }

    public static func verification(_ report: VerifyReport) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            w.member("sound", report.isSound)
            w.member("segments", report.segments)
            w.member("lines", report.lines)
            w.member("bytes", report.bytes)
            w.member(array: "damage") { w in
                for damage in report.damage {
                    w.object { w in
                        w.member("file", damage.file)
                        w.member("from", damage.range?.lowerBound)
                        w.member("to", damage.range?.upperBound)
                        w.member("lines", damage.lines)
                        w.member("what", damage.what)
                        w.member("repaired", damage.repaired)
                    }
                }
            }
            w.member(array: "gaps") { w in
                for gap in report.gaps {
                    w.object { w in
                        w.member("node", gap.node)
                        w.member("epoch", gap.epoch)
                        w.member("missing", gap.missing)
                    }
                }
            }
        }
        return writer.bytes
    }
}
