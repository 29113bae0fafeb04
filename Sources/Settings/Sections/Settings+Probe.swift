extension Settings {
    /// One entry of `analysis.probes`: a source of signals, read in each measurement.
    public struct Probe: Sendable, Equatable {
        public var name: String
        /// Must be shorter than `analysis.budget`.
        public var timeout: Duration
        public var kind: Kind

        public init(name: String, timeout: Duration, kind: Kind) {
            self.name = name
            self.timeout = timeout
            self.kind = kind
        }

        public enum Kind: Sendable, Equatable {
            case disk(Disk)
            case process(ProcessLife)
            case tcp(address: String)
            case http(HTTP)
            case prometheus(Prometheus)
            case prometheusQuery(Query)
            case file(Report)
            case queue(Queue)
            case command(Command)
            case certificate(Certificate)
        }

        /// Reports `gateway.disk_ok`, `gateway.disk_free_ratio` and `gateway.disk_free_bytes`.
        public struct Disk: Sendable, Equatable {
            public var path = "/"
            /// `disk_ok` is true while at least this share of the space is free.
            public var minFreeRatio = 0.05

            public init() {}
        }

        /// Reports `gateway.NAME_alive` and `gateway.NAME_rss_bytes`. At least one of the two is
        /// set; with both, the pid file's process must have that name.
        public struct ProcessLife: Sendable, Equatable {
            public var pidFile = ""
            public var process = ""

            public init() {}
        }

        /// Reports `dependency.NAME_ok`, `dependency.NAME_ms` and the signals in `fields`.
        public struct HTTP: Sendable, Equatable {
            public var access = Access()
            /// Ranges of statuses that count as healthy.
            public var expect: [ClosedRange<Int>] = [200...299]
            /// Signal names to JSON pointers (RFC 6901) into the response.
            public var fields: [String: String] = [:]
            public var maxBody = 64 << 10

            public init() {}
        }

        /// Reports `5xx_rate`, `p99_ms`, `requests` and `rps` of `canary` and `stable`.
        public struct Prometheus: Sendable, Equatable {
            /// Sets of metric and label names of common metrics sources.
            public enum Preset: String, Sendable, CaseIterable {
                case grpc, envoy, linkerd, istio, nginx, traefik
                case gatewayAPI = "gateway-api"
            }

            public enum LatencyUnit: String, Sendable, CaseIterable {
                case seconds
                case milliseconds
            }

            public var access = Access()
            /// The name of the request counter.
            public var requests = "http_requests_total"
            /// The counter's label for the status.
            public var statusLabel = "code"
            /// Statuses that are failures: words, gRPC codes, `500-599`, `5xx` (an `x` is any digit).
            public var failing = ["5xx"]
            /// Status values that are successes, for statuses that are not HTTP statuses.
            public var ok: [String] = []
            /// The name of the duration histogram, without `_bucket`.
            public var latency = "http_request_duration_seconds"
            public var latencyUnit = LatencyUnit.seconds
            /// Only series with these labels are used; values may contain arguments.
            public var select: [String: String] = [:]
            /// The labels of canary's and of stable's series; values may contain arguments.
            public var canary = ["role": "canary"]
            public var stable = ["role": "stable"]

            public init() {}
        }

        static var standard: [Probe] {
            var prometheus = Prometheus()
            prometheus.access.url = "http://127.0.0.1:9102/metrics"
            return [
                Probe(name: "node", timeout: .milliseconds(200), kind: .disk(Disk())),
                Probe(name: "canary", timeout: .milliseconds(800), kind: .prometheus(prometheus)),
            ]
        }

        /// The names of the signals that the probe always reports.
        public var signals: [String] {
            switch kind {
            case .disk: ["gateway.disk_ok", "gateway.disk_free_ratio", "gateway.disk_free_bytes"]
            case .process: ["gateway.\(name)_alive", "gateway.\(name)_rss_bytes"]
            case .tcp: ["gateway.\(name)_reachable", "gateway.\(name)_connect_ms"]
            case .http(let http):
                ["dependency.\(name)_ok", "dependency.\(name)_ms"] + http.fields.keys.sorted()
            case .prometheus:
                ["canary", "stable"].flatMap { object in
                    ["5xx_rate", "p99_ms", "requests", "rps"].map { "\(object).\($0)" }
                }
            case .prometheusQuery(let query): query.queries.keys.sorted()
            case .file(let report):
                ["\(name).fresh"]
                    + (report.schema == .doctor
                        ? Report.doctorFields.map { "\(name).\($0)" } : report.fields.keys.sorted())
            case .queue: ["gateway.\(name)_depth"]
            case .command(let command): ["gateway.\(name)_ok"] + command.fields.keys.sorted()
            case .certificate:
                ["dependency.\(name)_cert_ok", "dependency.\(name)_cert_days"]
            }
        }

        /// The HTTP client settings; nil for a probe that does not use HTTP.
        public var access: Access? {
            switch kind {
            case .http(let http): http.access
            case .prometheus(let page): page.access
            case .prometheusQuery(let query): query.access
            case .queue(let queue): queue.access.url.isEmpty ? nil : queue.access
            case .disk, .process, .tcp, .file, .command, .certificate: nil
            }
        }

        /// Whether the probe can report further signals named `NAME.…`.
        public var reportsFurther: Bool {
            guard case .file(let report) = kind else { return false }
            return report.schema == .doctor || report.schema == .json && report.fields.isEmpty
        }
    }
}
