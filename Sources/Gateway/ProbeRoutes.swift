public import Events
import HTTPTypes
import HummingbirdCore
import JSON
public import Probes
public import Server

/// `POST /v1/probes/run`: runs the node's probes, or one of them, once (scope `read`).
public enum ProbeRoutes {
    public static func routes(_ service: MeasurementService) -> [Route] {
        [
            Route(.post, "/v1/probes/run", access: .requires(.read)) { exchange in
                var name: String?
                for item in try exchange.queryItems() {
                    guard item.name == "name" else {
                        throw Problem.malformed(
                            "query_unknown", "the query takes name, a probe", field: item.name)
                    }
                    name = item.value
                }
                let known = service.plan.probes.probes.map(\.name)
                if let name, !known.contains(name) {
                    throw Problem(
                        .notFound, "probe_unknown",
                        "there is no such probe; configured are \(known.joined(separator: ", "))",
                        field: "name")
                }
                let place = try exchange.beginQuery(memory: 1 << 20)
                defer { place.end() }
                let results = await service.probe(only: name)
                return .bytes(
                    ProbeDocument.list(results), headers: [.cacheControl: "no-store"])
            }
        ]
    }
}

/// Results of probes as JSON, for `POST /v1/probes/run` and `bellwether probe`.
public enum ProbeDocument {
    public static func list(_ results: [ProbeResult]) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.array { w in
            for result in results {
                w.object { w in
                    w.member("name", result.probe)
                    w.member("outcome", outcome(result.outcome))
                    w.member("ms", result.duration / .milliseconds(1))
                    w.member(array: "signals") { w in
                        for signal in result.signals { write(signal, to: &w) }
                    }
                    if result.dropped > 0 { w.member("dropped", result.dropped) }
                }
            }
        }
        return writer.bytes
    }

    private static func outcome(_ outcome: ProbeResult.Outcome) -> String {
        switch outcome {
        case .answered: "answered"
        case .absent(let reason): reason.rawValue
        }
    }

    private static func write(_ signal: Signal, to w: inout JSONWriter) {
        w.object { w in
            w.member("name", signal.name)
            w.member("unit", signal.unit.rawValue)
            switch signal.value {
            case .number(let number): w.member("value", number)
            case .flag(let flag): w.member("value", flag)
            case .absent(let why, let detail):
                w.member("missing", why)
                w.member("detail", detail.isEmpty ? nil : detail)
            }
        }
    }
}

/// A probe's latest result, and the start of the measurement that requested it.
public struct ProbeObservation: Sendable {
    public let result: ProbeResult
    public let at: Timestamp
}
