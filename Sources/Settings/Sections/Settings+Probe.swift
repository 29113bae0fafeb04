extension Settings {
    /// One entry of `analysis.probes`: something that is looked at in each measurement.
    public struct Probe: Sendable, Equatable {
        public var name: String
        /// Shorter than `analysis.budget`.
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
            /// `disk_ok` while at least this share of the space is free.
            public var minFreeRatio = 0.05

            public init() {}
        }

        /// Reports `gateway.NAME_alive` and `gateway.NAME_rss_bytes`. With both,
        /// the pid file's process must have that name; one at least is set.
        public struct ProcessLife: Sendable, Equatable {
            public var pidFile = ""
            public var process = ""

            public init() {}
        }

        /// Reports `dependency.NAME_ok`, `dependency.NAME_ms` and its fields.
        public struct HTTP: Sendable, Equatable {
            public var access = Access()
            /// Statuses that are well, ascending ranges.
            public var expect: [ClosedRange<Int>] = [200...299]
            /// Signal names to the JSON pointers (RFC 6901) of their values.
            public var fields: [String: String] = [:]
            public var maxBody = 64 << 10

            public init() {}
        }

        /// Reports `5xx_rate`, `p99_ms`, `requests` and `rps` of `canary` and `stable`.
        public struct Prometheus: Sendable, Equatable {
            /// The names that a source of metrics gives its counter, labels and histogram.
            public enum Preset: String, Sendable, CaseIterable {
                case grpc, envoy, linkerd, istio, nginx, traefik
            }

            public enum LatencyUnit: String, Sendable, CaseIterable {
                case seconds
                case milliseconds
            }

            public var access = Access()
            /// The counter of requests.
            public var requests = "http_requests_total"
            /// The counter's label that holds the status.
            public var statusLabel = "code"
            /// Statuses that are failures: words, gRPC codes, `500-599`, `5xx` (an `x` is any digit).
            public var failing = ["5xx"]
            /// Words that are successes, where the status is not an HTTP status.
            public var ok: [String] = []
            /// The histogram of durations, without `_bucket`.
            public var latency = "http_request_duration_seconds"
            public var latencyUnit = LatencyUnit.seconds
            /// The label that tells canary from stable.
            public var roleLabel = "role"
            public var canary = "canary"
            public var stable = "stable"
            /// Only series with these labels.
            public var labels: [String: String] = [:]

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

        /// The names of the signals that it always reports.
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

        /// How it asks over HTTP; nil where it does not.
        public var access: Access? {
            switch kind {
            case .http(let http): http.access
            case .prometheus(let page): page.access
            case .prometheusQuery(let query): query.access
            case .queue(let queue): queue.access.url.isEmpty ? nil : queue.access
            case .disk, .process, .tcp, .file, .command, .certificate: nil
            }
        }

        /// Whether it may report `NAME.anything` besides.
        public var reportsFurther: Bool {
            guard case .file(let report) = kind else { return false }
            return report.schema == .doctor || report.schema == .json && report.fields.isEmpty
        }
    }
}
