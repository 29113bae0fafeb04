import Events
import JSON
import Server
public import Settings
import Synchronization
import Telemetry
import Transfer

/// Plays a failing canary against a running node until its digest is composed.
///
/// The simulated canary's 5xx rate climbs, and a caller that behaves like Argo Rollouts measures
/// it through the node's real endpoint. This takes less than a minute. The canary serves
/// `http://127.0.0.1:9102/metrics`, which the node must scrape, as the default configuration does.
public struct Demonstration: Sendable {
    public struct Fault: Error, CustomStringConvertible, Sendable {
        public let description: String
    }

    /// The node's address, `https://127.0.0.1:8443`.
    let url: String
    private let trust: TLSTrust
    private let analysisToken: String
    private let readToken: String
    /// The time between two measurements: longer than the window in which the node answers a
    /// request as a repeat, min(5 s, interval/2).
    private let pace: Duration
    /// Prints a line or a block for the user.
    private let show: @Sendable (String) -> Void

    /// Creates a demonstration against the node of a configuration.
    ///
    /// Uses the tokens of the node's first start unless others are given.
    public init(
        settings: Settings, url: String? = nil, analysisTokenFile: String? = nil,
        readTokenFile: String? = nil, show: @escaping @Sendable (String) -> Void
    ) throws(DataFolder.Fault) {
        let folder = DataFolder(settings.dataDirectory)
        let address = (try? ListenAddress(settings.listen))?.local ?? settings.listen.address
        self.url = url ?? "https://\(address)"
        trust =
            settings.listen.tls.certificate.isEmpty && url == nil
            ? .file(folder.certificate) : .system
        analysisToken = try DataFolder.readSecret(analysisTokenFile ?? folder.token("analysis"))
        readToken = try DataFolder.readSecret(readTokenFile ?? folder.token("read"))
        pace = min(.seconds(5), settings.analysis.interval / 2) + .milliseconds(200)
        self.show = show
    }

    /// Rates need two scrapes some seconds apart, the first after traffic began.
    private static let warmUp = Duration.milliseconds(7500)

    /// The canary's behaviour before each measurement: healthy at first, then increasingly bad.
    private static let script: [SimulatedTraffic.Behaviour] = [
        .init(errorRate: 0.002, p99: 0.18), .init(errorRate: 0.002, p99: 0.19),
        .init(errorRate: 0.006, p99: 0.26), .init(errorRate: 0.013, p99: 0.33),
        .init(errorRate: 0.019, p99: 0.42), .init(errorRate: 0.028, p99: 0.46),
    ]

    /// Serves the simulated canary alone, for a node elsewhere, until cancelled.
    ///
    /// The canary is healthy for two minutes, gets worse over two more, and starts again.
    ///
    /// - Parameter address: `host:port` as in `listen.address`.
    /// - Throws: `Fault` if the address is malformed or cannot be bound.
    public static func serveCanary(
        at address: String, show: @escaping @Sendable (String) -> Void
    ) async throws {
        var listen = Settings.embedded.listen
        listen.address = address
        guard let endpoint = listen.endpoint else {
            throw Fault(description: "\(address) is not host:port")
        }
        let traffic = SimulatedTraffic(script[0])
        let canary = SimulatedCanary(
            traffic: traffic, host: endpoint.host.isEmpty ? "0.0.0.0" : endpoint.host,
            port: endpoint.port)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await canary.run { show("the simulated canary serves on \(address)") }
                } catch is CancellationError {
                } catch {
                    throw Fault(
                        description: "the simulated canary cannot serve on \(address): \(error)")
                }
            }
            group.addTask {
                while true {
                    for (index, behaviour) in script.enumerated() {
                        traffic.set(behaviour)
                        try await Task.sleep(for: .seconds(index == 0 ? 120 : 24))
                    }
                }
            }
            // The server ends at SIGTERM, and the script with it.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Runs the demonstration.
    ///
    /// - Parameter afterwards: Called when the digest was shown. The simulated canary then
    ///   serves until cancelled, so that the node can still measure it. If nil, this returns
    ///   when the digest was shown.
    /// - Throws: `Fault` if the node does not answer, if the port of the simulated canary is
    ///   in use, or if no digest is composed.
    public func run(afterwards: (@Sendable () -> Void)? = nil) async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let traffic = SimulatedTraffic(Self.script[0])
        let canary = SimulatedCanary(traffic: traffic, port: SimulatedCanary.defaultPort)
        let (bound, announce) = AsyncStream.makeStream(of: Void.self)

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await canary.run { announce.finish() }
                } catch is CancellationError {
                } catch {
                    throw Fault(
                        description:
                            "the simulated canary cannot serve on 127.0.0.1:\(canary.port): \(error); stop what uses that port and try again"
                    )
                }
            }
            group.addTask {
                for await _ in bound {}
                try await play(traffic, engine)
            }
            try await group.next()
            if let afterwards {
                afterwards()
                try await group.next()
            }
            group.cancelAll()
        }
    }

    private func play(_ traffic: SimulatedTraffic, _ engine: TransferEngine) async throws {
        let template = try AnalysisTemplate(
            namespace: "demo", rollout: "payments-api", gateways: [.init(url: url)],
            failureLimit: 2)
        var run = ArgoRun(template: template)
        let started = WallClock.system.now
        let revision = String(started.milliseconds / 1000 % 100_000)
        show(
            """
            A canary of payments-api takes traffic. Argo Rollouts measures it every \(pace.inSeconds) s:
              POST \(url)/rollouts/analysis
            """)

        for attempt in 1... {
            traffic.set(Self.script[min(attempt, Self.script.count) - 1])
            try await Task.sleep(for: attempt == 1 ? max(pace, Self.warmUp) : pace)
            let reply = try await measure(engine, template, revision: revision)
            let (phase, ending) = run.record(status: reply.status, body: reply.body)
            show(Self.row(reply, phase))
            switch ending {
            case .aborted(let why):
                show("Argo Rollouts aborts: \(why). The digest follows.\n")
            case .promoted, .paused:
                throw Fault(
                    description:
                        "the canary was not aborted (\(ending.map { "\($0)" } ?? "")): does the node scrape http://127.0.0.1:\(SimulatedCanary.defaultPort)/metrics and check canary.5xx_rate? See `bellwether check --show`"
                )
            case nil: continue
            }
            break
        }
        try await awaitDigest(engine, revision: revision)
    }

    private func measure(
        _ engine: TransferEngine, _ template: AnalysisTemplate, revision: String
    ) async throws -> HTTPReply {
        // Argo sends every value as a string.
        var body = JSONWriter()
        body.object { w in
            w.member("rollout", "payments-api")
            w.member("namespace", "demo")
            w.member("uid", "5f0c6a1e-0d3b-4c1f-9f57-2f6f0b9d1c11")
            w.member("revision", revision)
            w.member("canaryHash", "867588b79c")
            w.member("step", "1")
            w.member("metric", "verdict")
            w.member("count", String(template.count))
            w.member("failureLimit", String(template.failureLimit))
        }
        do {
            return try await engine.http(
                HTTPTransfer(
                    url: url + "/rollouts/analysis", method: "POST",
                    headers: [
                        ("Content-Type", "application/json"),
                        ("User-Agent", "Go-http-client/1.1"),
                        ("Authorization", "Bearer \(analysisToken)"),
                    ],
                    body: body.bytes, deadline: .seconds(15), tls: trust))
        } catch {
            throw Fault(
                description: "\(url) does not answer: \(error); is `bellwether serve` running?")
        }
    }

    private static func row(_ reply: HTTPReply, _ phase: ArgoRun.Phase) -> String {
        let document = try? JSONValue(
            parsing: reply.body, limits: JSONLimits(maxBytes: 64 << 10, maxDepth: 16))
        guard reply.status == 200, let document else {
            return "  HTTP \(reply.status) → \(phase.rawValue)"
        }
        let n = document["attempt"]?["n"]?.integer ?? 0
        let verdict = document["status"]?.string ?? "?"
        let padded = verdict + String(repeating: " ", count: max(0, 9 - verdict.count))
        let rate = document["canary"]?["5xx_rate"]?.double.map { "\(($0 * 1000).rounded() / 10) %" }
        let p99 = document["canary"]?["p99_ms"]?.double.map { "\(Int($0.rounded())) ms" }
        return "  #\(n)  \(padded)  5xx \(rate ?? "–")  p99 \(p99 ?? "–")  → \(phase.rawValue)"
    }

    /// Polls the node's digests until the one of this rollout exists, then prints it.
    private func awaitDigest(_ engine: TransferEngine, revision: String) async throws {
        let deadline = ContinuousClock.now + .seconds(90)
        while ContinuousClock.now < deadline {
            let reply = try await engine.http(
                HTTPTransfer(
                    url: url + "/v1/digests?limit=20", method: "GET",
                    headers: [("Authorization", "Bearer \(readToken)")], body: [],
                    deadline: .seconds(10), tls: trust))
            guard reply.status == 200 else {
                throw Fault(description: "\(url)/v1/digests answered \(reply.status)")
            }
            let list = try JSONValue(
                parsing: reply.body, limits: JSONLimits(maxBytes: 8 << 20, maxDepth: 32))
            if case .array(let digests)? = list["digests"],
                let digest = digests.first(where: { mentions($0, revision) }),
                let text = digest["text"]?.string
            {
                show(text)
                return
            }
            try await Task.sleep(for: .milliseconds(500))
        }
        throw Fault(
            description:
                "no digest came within 90 s; does this node have the role `notifier`? See `bellwether digest list`"
        )
    }

    private func mentions(_ digest: JSONValue, _ revision: String) -> Bool {
        let group = digest["digest"]?["group"]
        return group?["rollout"]?.string == "payments-api"
            && group?["revision"]?.string == revision
    }
}
