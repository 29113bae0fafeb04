public import Events
import HTTPTypes
import JSON
public import Telemetry

/// A check that decides whether the node is alive or ready.
public struct HealthCheck: Sendable {
    public enum Status: String, Sendable, Comparable {
        case pass
        /// Works, but an operator should look.
        case warn
        case fail

        public static func < (a: Status, b: Status) -> Bool { a.rank < b.rank }

        private var rank: Int {
            switch self {
            case .pass: 0
            case .warn: 1
            case .fail: 2
            }
        }
    }

    public struct Finding: Sendable {
        public var status: Status
        /// What is wrong; shown to callers with the scope `read`.
        public var output: String?
        public var value: Double?
        public var unit: String?

        public init(
            _ status: Status, output: String? = nil, value: Double? = nil, unit: String? = nil
        ) {
            self.status = status
            self.output = output
            self.value = value
            self.unit = unit
        }
    }

    /// `component:measurement`, such as `log:durable`.
    public let name: String
    public let look: @Sendable () async -> Finding

    public init(_ name: String, look: @escaping @Sendable () async -> Finding) {
        self.name = name
        self.look = look
    }
}

extension Route {
    /// `GET path` as `application/health+json` (draft-inadarei-api-health-check-06).
    ///
    /// Answers 200 for pass and warn, 503 for fail. Open to all, for every host name, also while
    /// the node drains. Without the scope `read` only the components and their status are shown.
    ///
    /// - Parameter leader: Also checked for `?role=leader`: whether the node leads.
    public static func health(
        _ path: String, checks: [HealthCheck], leader: HealthCheck? = nil,
        clock: WallClock = .system
    ) -> Route {
        observable(path, access: .optional(.read)) { exchange in
            var checks = checks
            if let leader, try exchange.queryItems().contains(where: { $0 == ("role", "leader") }) {
                checks.append(leader)
            }
            var findings: [(String, HealthCheck.Finding)] = []
            for check in checks { findings.append((check.name, await check.look())) }
            let status = findings.map(\.1.status).max() ?? .pass
            return .bytes(
                document(
                    status, findings, at: clock.now, showsDetails: exchange.identity != nil),
                status: status == .fail ? .serviceUnavailable : .ok,
                contentType: "application/health+json", headers: [.cacheControl: "no-store"])
        }
    }

    private static func document(
        _ status: HealthCheck.Status, _ findings: [(String, HealthCheck.Finding)],
        at now: Timestamp, showsDetails: Bool
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("status", status.rawValue)
            json.member(object: "checks") { json in
                for (name, finding) in findings {
                    json.member(array: name) { json in
                        json.object { json in
                            json.member("status", finding.status.rawValue)
                            json.member("time", now.rfc3339)
                            guard showsDetails else { return }
                            if let value = finding.value { json.member("observedValue", value) }
                            if let unit = finding.unit { json.member("observedUnit", unit) }
                            if let output = finding.output { json.member("output", output) }
                        }
                    }
                }
            }
        }
        return json.bytes
    }

    /// A route that is served for every host name and while the node drains.
    private static func observable(
        _ path: String, access: Access, handler: @escaping Handler
    ) -> Route {
        var route = Route(
            .get, path, access: access, servesWhileDraining: true, tier: .measurement,
            handler: handler)
        route.answersEveryHost = true
        return route
    }

    /// `GET path` in Prometheus' text format. `sample` runs before the page is rendered and sets
    /// the gauges that are not updated continuously.
    public static func metrics(
        _ path: String = "/metrics", access: Access = .open, registry: PrometheusRegistry,
        sample: @escaping @Sendable () async -> Void = {}
    ) -> Route {
        let page = MetricsPage(registry, sample: sample)
        return observable(path, access: access) { exchange in
            try exchange.beginScrape()
            return .bytes(
                await page.current(),
                contentType: "text/plain; version=0.0.4; charset=utf-8")
        }
    }
}
