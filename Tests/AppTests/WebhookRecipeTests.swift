import Digests
import Events
import Foundation
import JSON
import Notifier
import Rendering
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import App
@testable import Delivery
@testable import Settings

/// Sends digests through each recipe to a double that enforces the vendor's documented limits.
@Suite("Recipes of webhook receivers")
struct WebhookRecipeTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("templates/webhooks")

    /// The path of each recipe's service at the double, and its variables.
    private static let wiring: [String: (path: String, variables: String)] = [
        "teams": ("teams", ""), "google-chat": ("google-chat", ""), "discord": ("discord", ""),
        "mattermost": ("mattermost", ""), "cloudevents": ("cloudevents", ""),
        "alertmanager": ("alertmanager/api/v2/alerts", ""),
        "telegram": ("telegram/botKEY/sendMessage", "chat_id: '-1001234567890'"),
        "pagerduty": ("pagerduty/v2/enqueue", "routing_key_file: FILE"),
        "opsgenie": ("opsgenie", "api_key_file: FILE"), "ntfy": ("ntfy/", "topic: canaries"),
        "github-issue": (
            "github", "owner: example, repository: payments-api, token_file: FILE"
        ),
        "gitlab-issue": ("gitlab", "project: example/payments-api, token_file: FILE"),
    ]

    private static let renderer = Renderer(
        options: RenderOptions(
            runbookURL: "https://runbooks.example/{namespace}/{rollout}",
            rolloutURL: "https://argo.example/{namespace}/{rollout}",
            statusURL: "https://bellwether.example/",
            links: [.init(name: "Dashboard", url: "https://grafana.example/d/x?r={rollout}")],
            owners: [.init(match: ["namespace": "prod"], owner: "payments", onCall: "@alice")]))

    @Test("the files are equal to the built-in recipes", arguments: WebhookRecipes.names)
    func files(_ name: String) throws {
        let file = Self.folder.appendingPathComponent("\(name).yaml")
        let source = try #require(WebhookRecipes.sources[name])
        if ProcessInfo.processInfo.environment["BELLWETHER_RECORD_GOLDEN"] == "1" {
            try Data(source.utf8).write(to: file)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == source)
        #expect(source.hasPrefix("# ") && source.contains("recipe: \(name)"))
    }

    @Test("every recipe is wired here, and every file is a recipe")
    func complete() throws {
        #expect(Set(Self.wiring.keys) == Set(WebhookRecipes.names))
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(files) == Set(WebhookRecipes.names.map { "\($0).yaml" }))
    }

    private let double: WebhookDouble
    private let temporary: TemporaryDirectory
    private let engine = TransferEngine(telemetry: .silent)

    init() async throws {
        double = try await WebhookDouble.start()
        temporary = try TemporaryDirectory()
        try (WebhookDouble.key + "\n").write(
            toFile: temporary.file("key"), atomically: true, encoding: .utf8)
    }

    /// The receiver of a configuration with this recipe, at the double.
    private func receiver(_ recipe: String) throws -> any Receiver {
        let (path, variables) = try #require(Self.wiring[recipe])
        var url = double.url(path.replacing("KEY", with: WebhookDouble.key))
        // Addresses with tags keep them behind the double's own host.
        let source = try #require(WebhookRecipes.sources[recipe])
        if let known = source.firstMatch(of: #/(?m)^url: "https://[^/"]+([^"]*)"/#) {
            url += known.output.1
        }
        let settings = try Settings.parse(
            text: """
                receivers:
                  - name: hook
                    kind: webhook
                    recipe: \(recipe)
                    url: '\(url)'
                    variables: {\(variables.replacing("FILE", with: temporary.file("key")))}
                """)
        let plan = try DigestDispatcher.Plan(
            settings, outgoing: temporary.path, transfer: engine)
        return try #require(plan.receivers["hook"])
    }

    /// Texts with a meaning in JSON, Markdown, HTML and mentions.
    private static let hostile =
        "\",\"x\":\"y\\ ``` </pre></b> <a href=x> @everyone @here **b** [a](http://e) \u{202E}\r\n& é日"

    /// The samples, one that is larger than every limit, and one with hostile texts.
    private static var digests: [Digest] {
        var hostile = SampleDigests.all[1]
        hostile.group = GroupKey([
            .init("namespace", Self.hostile), .init("rollout", Self.hostile),
            .init("revision", Self.hostile),
        ])
        hostile.thread = "g0123456789ab"
        hostile.outcome = Self.hostile
        return SampleDigests.all + [hostile]
    }

    @Test("the vendor accepts every digest", arguments: WebhookRecipes.names)
    func accepted(_ recipe: String) async throws {
        let receiver = try receiver(recipe)
        for digest in Self.digests {
            let attempt = await receiver.send(Self.renderer.render(digest), to: [""])
            #expect(attempt.results.map(\.outcome) == [.sent], "\(attempt.results)")
        }
        let requests = try double.requests()
        #expect(requests.count == Self.digests.count)
        for request in requests where !request.why.isEmpty {
            Issue.record("\(request.service): \(request.why): \(request.body.prefix(600))")
        }
        engine.shutdown()
    }

    @Test(
        "cards of Teams are as recorded",
        arguments: [
            "one-az", "many-azs", "recovery", "ended", "paused", "flap", "nodata", "storm-rollup",
            "silence", "auth-refused",
        ])
    func cards(_ name: String) throws {
        let sample = try #require(SampleDigests.named.first { $0.name == name })
        let card = TeamsPreview.card(of: Self.renderer.render(sample.digest))
        let tree = try JSONSerialization.jsonObject(with: Data(card.utf8))
        let pretty = try JSONSerialization.data(
            withJSONObject: tree, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        let text = String(decoding: pretty, as: UTF8.self) + "\n"
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
            .appendingPathComponent("RenderingTests/Golden/\(name).teams.json")
        if ProcessInfo.processInfo.environment["BELLWETHER_RECORD_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: file)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text, "\(name) differs")
        #expect(CardText.plain(card).contains(sample.digest.id))
        engine.shutdown()
    }

    @Test(
        "a digest of an earlier version, without the newer members, is still sent",
        arguments: WebhookRecipes.names)
    func earlier(_ recipe: String) async throws {
        let receiver = try receiver(recipe)
        let old = RenderedDigest(
            id: "g7f3a.4", thread: "g7f3a", subject: "[bellwether] payments-api (prod)",
            slack: "{}", text: "payments-api canary failing\n", html: "",
            model:
                #"{"schema":1,"id":"g7f3a.4","thread":"g7f3a","kind":"failing","status":"unhealthy","group":{"rollout":"payments-api"}}"#,
            kind: "failing", groupKey: "{}", composedAt: Timestamp(milliseconds: 1_766_000_000_000))
        let attempt = await receiver.send(old, to: [""])
        #expect(attempt.results.map(\.outcome) == [.sent], "\(attempt.results)")
        #expect(try double.requests().map(\.why) == [""])
        engine.shutdown()
    }

    @Test(
        "PagerDuty and Opsgenie have one alert for an incident, which its end resolves",
        arguments: ["pagerduty", "opsgenie"])
    func resolves(_ recipe: String) async throws {
        let receiver = try receiver(recipe)
        var digest = SampleDigests.all[0]
        digest.thread = "gabc"
        for _ in 0..<2 { _ = await receiver.send(Self.renderer.render(digest), to: [""]) }
        #expect(try alerts(recipe) == ["gabc"])
        var end = try #require(SampleDigests.named.first { $0.name == "recovery" }).digest
        end.thread = "gabc"
        _ = await receiver.send(Self.renderer.render(end), to: [""])
        #expect(try alerts(recipe) == [])
        engine.shutdown()
    }

    @Test(
        "an alert ends with what it reports: a gateway, a receiver, the worst of many groups",
        arguments: ["pagerduty", "opsgenie"])
    func ends(_ recipe: String) async throws {
        let receiver = try receiver(recipe)
        func send(_ digest: RenderedDigest) async {
            let attempt = await receiver.send(digest, to: [""])
            #expect(attempt.results.map(\.outcome) == [.sent], "\(attempt.results)")
        }
        // A gateway is silent for an hour, and is back.
        var machine = DigestMachine()
        var now = Timestamp(milliseconds: 1_795_600_920_000)
        for (index, name) in [EventName.gatewaySilent, EventName.gatewayBack].enumerated() {
            let event = Event(
                ts: now, level: index == 0 ? .error : .info, event: name, node: "gw-b1",
                message: name)
            machine.observe(
                event, at: LogPosition(segment: 1, offset: UInt64(index + 1)), now: now)
            now = now + .seconds(3600)
            let digest = try #require(machine.due(now: now, caughtUp: true).last)
            #expect(digest.kind == .notice)
            await send(Self.renderer.render(digest))
            #expect(try alerts(recipe).count == 1 - index)
        }
        // A receiver fails, and accepts digests again.
        let failing = ReceiverChange.failing("slack", since: now, words: "503")
        await send(NoticeDigest.changed(failing, at: now))
        #expect(try alerts(recipe) == ["receiver-slack"])
        await send(NoticeDigest.changed(.recovered("slack"), at: now + .seconds(1)))
        #expect(try alerts(recipe) == [])
        // Many groups that share nothing: the alert of the worst, which ends.
        let rollup = try #require(SampleDigests.named.first { $0.name == "storm-rollup" }).digest
        await send(Self.renderer.render(rollup))
        let worst = try #require(rollup.rollup?.members.first?.id.split(separator: ".").first)
        #expect(try alerts(recipe) == [String(worst)])
        var end = try #require(SampleDigests.named.first { $0.name == "recovery" }).digest
        end.thread = String(worst)
        await send(Self.renderer.render(end))
        #expect(try alerts(recipe) == [])
        // A roll-up of ends opens none.
        var ends = rollup
        ends.rollup?.kinds[0].kind = .recovered
        await send(Self.renderer.render(ends))
        #expect(try alerts(recipe) == [])
        engine.shutdown()
    }

    @Test("an alert of Alertmanager ends with the incident, else after the next digest is due")
    func alertmanagerEnd() async throws {
        let receiver = try receiver("alertmanager")
        let open = SampleDigests.all[0]
        let end = try #require(SampleDigests.named.first { $0.name == "recovery" }).digest
        for digest in [open, end] {
            _ = await receiver.send(Self.renderer.render(digest), to: [""])
        }
        let bodies = try double.requests().map {
            try JSONValue(
                parsing: Array($0.body.utf8), limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 16))
        }
        let moments = bodies.map { $0[0]?["endsAt"]?.string }
        let due = try #require(open.next) + .seconds(600)
        #expect(moments == [due.rfc3339, try #require(end.incidentEnd).rfc3339])
        engine.shutdown()
    }

    private func alerts(_ service: String) throws -> [String] {
        let tree = try JSONValue(
            parsing: Array(try double.state()), limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 16))
        guard case .object(let members)? = tree[service] else { return [] }
        return members.map(\.key)
    }

    @Test(
        "GitHub and GitLab get one issue for an incident, then comments, then its end",
        arguments: [("github-issue", "github"), ("gitlab-issue", "gitlab")])
    func issue(_ recipe: String, _ service: String) async throws {
        let receiver = try receiver(recipe)
        let digest = Self.renderer.render(SampleDigests.all[0])
        let first = await receiver.send(digest, to: [""], following: nil)
        let mark = try #require(first.results.first?.mark)
        #expect(mark == "1")
        let second = await receiver.send(digest, to: [""], following: mark)
        #expect(second.results.first?.mark == "1")
        let end = try #require(SampleDigests.named.first { $0.name == "recovery" }).digest
        let last = await receiver.send(Self.renderer.render(end), to: [""], following: mark)
        #expect(last.results.map(\.outcome) == [.sent])
        let tree = try JSONValue(
            parsing: Array(try double.state()), limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 16))
        let issue = tree[service]?["1"]
        #expect(issue?["state"]?.string == "closed")
        #expect(issue?["comments"]?.integer == 1)
        #expect(issue?["title"]?.string?.hasPrefix("[RECOVERED]") == true)
        engine.shutdown()
    }

    @Test("a credential is in no answer, error or step, also when the vendor quotes it")
    func secrets() async throws {
        let settings = try Settings.parse(
            text: """
                receivers:
                  - name: hook
                    kind: webhook
                    url: '\(double.url("nowhere/{{var.token}}"))'
                    headers: {Authorization: "Bearer {{var.token}}"}
                    body: '{"a": "{{title}}"}'
                    variables: {token_file: \(temporary.file("key"))}
                """)
        let plan = try DigestDispatcher.Plan(
            settings, outgoing: temporary.path, transfer: engine)
        let receiver = try #require(plan.receivers["hook"])
        let attempt = await receiver.send(Self.renderer.render(SampleDigests.all[0]), to: [""])
        #expect(attempt.results.map(\.outcome) == [.refused])
        #expect(!"\(attempt)".contains(WebhookDouble.key))
        #expect(!settings.describe().contains(WebhookDouble.key))
        engine.shutdown()
    }
}
