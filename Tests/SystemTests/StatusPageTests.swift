import Events
import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("The status page, and a log that cannot be written", .serialized)
struct StatusPageTests {
    @Test("sign-in by token; hostile event text is inert; foreign forms are refused")
    func page() async throws {
        let single = try await SingleNode.start(yaml: BadInputTests.yaml)
        defer { single.end() }
        let (node, engine) = (single.node, single.engine)
        let taken = try await node.post(
            "/v1/events", token: try node.token("ingest"),
            Self.line(
                "shop", az: "us-east-1b", 1, "unhealthy", message: "<script>alert(1)</script>"))
        #expect(taken.status == 200)

        let stranger = try await node.get("/")
        #expect(stranger.status == 200)
        let form = String(decoding: stranger.body, as: UTF8.self)
        #expect(form.contains("action=\"/sign-in\""))
        #expect(!form.contains("shop"))
        let policy = stranger.header("content-security-policy") ?? ""
        for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
            #expect(policy.contains(rule))
        }
        #expect(!policy.contains("unsafe"))

        let kind = ("Content-Type", "application/x-www-form-urlencoded")
        let ours = ("Origin", "https://127.0.0.1:\(node.port)")
        let read = try node.token("read")
        let wrong = try await post(node, engine, "/sign-in", "token=bw_no", [kind, ours])
        #expect(wrong.status == 401)
        #expect(String(decoding: wrong.body, as: UTF8.self).contains("role=\"alert\""))
        let foreign = try await post(
            node, engine, "/sign-in", "token=\(read)",
            [kind, ("Origin", "https://evil.example")])
        #expect(foreign.status == 403)

        let signedIn = try await post(node, engine, "/sign-in", "token=\(read)", [kind, ours])
        #expect(signedIn.status == 303)
        #expect(signedIn.header("location") == "/")
        let cookie = try #require(signedIn.header("set-cookie"))
        for attribute in ["HttpOnly", "Secure", "SameSite=Strict"] {
            #expect(cookie.contains(attribute))
        }
        let value = String(cookie.prefix { $0 != ";" })
        let html = try await Self.page(node, engine, "/", value)
        #expect(html.contains("shop"))
        #expect(!html.contains("<script>"))
        let id = try #require(html.firstMatch(of: /href="\/attempts\/([0-9a-f]+)"/)?.output.1)
        let attempt = try await Self.page(node, engine, "/attempts/\(id)", value)
        #expect(attempt.contains("&lt;script&gt;alert(1)"))
        #expect(!attempt.contains("<script>"))
        let forged = try await Self.page(node, engine, "/", value + "x")
        #expect(!forged.contains("shop"))

        // The scope `read` permits no change, whatever the form contains.
        let retry = try await post(
            node, engine, "/outbox/1/retry", "form=x", [kind, ours, ("Cookie", value)])
        #expect(retry.status == 403)
        let unsigned = try await post(node, engine, "/outbox/1/retry", "form=x", [kind, ours])
        #expect(unsigned.status == 401)
        for (path, fields) in [
            ("/silences", "filter=rollout%3Dshop&for=1h&why=x&who=y"), ("/silences/x/end", ""),
            ("/incidents/x/acknowledge", "for=1h&who=y"),
        ] {
            let form = "form=x&" + fields
            let reader = try await post(node, engine, path, form, [kind, ours, ("Cookie", value)])
            #expect(reader.status == 403, "\(path)")
            #expect(try await post(node, engine, path, form, [kind, ours]).status == 401)
        }
        // A link leads back to its page after the sign-in, and never to another host.
        let link = "/silences/new?filter=rollout%3Dshop"
        let linked = String(decoding: try await node.get(link).body, as: UTF8.self)
        #expect(linked.contains("name=\"to\" value=\"/silences/new?filter=rollout%3Dshop\""))
        for (to, location) in [
            ("%2Fsilences%2Fnew%3Ffilter%3Drollout%253Dshop", link), ("%2F%2Fevil.example", "/"),
            ("https%3A%2F%2Fevil.example", "/"), ("%2F%5Cevil.example", "/"),
            ("%2Fa%0D%0AX%3A+y", "/"),
        ] {
            let back = try await post(
                node, engine, "/sign-in", "to=\(to)&token=\(read)", [kind, ours])
            #expect(back.header("location") == location)
        }
        // Without the scope admin the form shows what it would hold back, and no button.
        let shown = try await Self.page(node, engine, link, value)
        #expect(shown.contains("Holds back now"))
        #expect(!shown.contains("id=\"silence\""))
        let broken = try await Self.page(
            node, engine, "/silences/new?filter=rolout%3Dshop%22%3E%3Cscript%3E", value)
        #expect(broken.contains("role=\"alert\""))
        #expect(!broken.contains("<script>"))
        for path in ["/digests/x/html", "/status/events"] {
            #expect(try await node.get(path).status == 401)
        }
    }

    @Test(
        "Chromium: sign-in, live update, retry of a dead letter, hostile text, accessibility",
        .enabled(if: Browser.isInstalled, "chromium-driver is not installed"))
    func browser() async throws {
        let slack = try await SlackDouble.start(script: [.init(400, "invalid_payload")])
        let single = try await SingleNode.start(
            "notifier-1",
            yaml: """
                az: eu-west-1a
                roles: [gateway, notifier]
                allow_inline_secrets: true
                digest: {first_after: 100ms, window: 1s}
                receivers: [{name: oncall, kind: slack, url: "\(slack.url)"}]
                route: {receiver: oncall}
                """)
        defer { single.end() }
        let node = single.node
        let ingest = try node.token("ingest")
        try await tell(node, ingest)
        _ = try await node.measure(#"{"rollout":"cart-api","namespace":"prod"}"#)
        _ = try await node.command(
            "silence", "add", "rollout=batch-jobs", "--for", "2h", "--who", "ann", "--why",
            "moving the queue")
        let (admin, _) = try await node.command(
            "token", "create", "--name", "ann", "--scope", "admin")
        let token = try #require(admin.firstMatch(of: /bw_[A-Za-z0-9_-]{43}/)).output
        try await eventually("the digest is a dead letter") {
            try await node.command("outbox", "list", "--state", "dead").output.contains("oncall")
        }

        let browser = try await Browser(single.engine)
        do {
            try await visit(browser, node, String(token), ingest, slack)
        } catch {
            await browser.quit()
            throw error
        }
        await browser.quit()
    }

    private func visit(
        _ browser: Browser, _ node: NodeProcess, _ token: String, _ ingest: String,
        _ slack: SlackDouble
    ) async throws {
        let shots = ProcessInfo.processInfo.environment["BELLWETHER_SCREENSHOTS"]
        try await browser.open(node.url + "/")
        if let shots { try await browser.screenshot(to: shots + "/sign-in.png") }
        try await browser.type("bw_wrong", into: "#token")
        try await browser.click(".sign-in button")
        try await eventually("the wrong token is refused in words") {
            await browser.text("[role=alert]").contains("not a token")
        }
        try await browser.type(token, into: "#token")
        try await browser.click(".sign-in button")
        try await eventually("the board is there") {
            await browser.count("article.rollout") >= 3
        }
        #expect(try await browser.value("document.cookie").string == "", "out of scripts' reach")

        // Hostile names are shown as plain text.
        #expect(await browser.text("main").contains("<img src=x onerror="))
        #expect(await browser.count("main img, main script") == 0)
        #expect(try await browser.value("window.evil === undefined").bool == true)

        // The page updates without a reload.
        try await eventually("it is live") { await browser.text("#live") == "live" }
        _ = try await browser.value("(window.stayed = 1)")
        _ = try await node.post(
            "/v1/events", token: ingest, Self.line("payments-api", az: "us-east-1b", 9, "unhealthy")
        )
        try await eventually("the new attempt appears by itself") {
            await browser.count("a.cell.unhealthy[aria-label^=\\\"attempt 9,\\\"]") == 1
        }
        #expect(try await browser.value("window.stayed").integer == 1)

        let tree = try await browser.accessibilityTree()
        for wanted in [
            "banner ", "main ", "heading Rollouts in flight", "heading payments-api",
            "rowheader eu-west-1a gw-a1", "columnheader Zone", "link Skip to content",
            "button Sign out", "status ",
        ] {
            #expect(tree.contains { $0.hasPrefix(wanted) }, "\(wanted) in \(tree.prefix(60))")
        }
        #expect(tree.contains { $0.hasPrefix("link attempt 7, unhealthy, ") })
        #expect(
            tree.contains {
                $0.hasPrefix("image canary.5xx_rate, attempts 1 to")
                    || $0.hasPrefix("img canary.5xx_rate, attempts 1 to")
            })
        #expect(!tree.contains("link ") && !tree.contains("button "), "everything has a name")

        if let shots {
            try await browser.screenshot(to: shots + "/light.png")
            _ = try await browser.devTools(
                "Emulation.setEmulatedMedia",
                #"{"features":[{"name":"prefers-color-scheme","value":"dark"}]}"#)
            try await browser.screenshot(to: shots + "/dark.png")
        }
        _ = try await browser.devTools(
            "Emulation.setDeviceMetricsOverride",
            #"{"width":390,"height":844,"deviceScaleFactor":1,"mobile":true}"#)
        if let shots { try await browser.screenshot(to: shots + "/phone.png") }
        let width = try await browser.value("document.documentElement.scrollWidth").integer
        #expect((width ?? 999) <= 390, "a phone scrolls down only")
        _ = try await browser.devTools("Emulation.clearDeviceMetricsOverride")

        // After a retry no dead letter remains.
        let before = try slack.requests().count
        try await browser.click("tr:has(strong.mark) button[id^=retry-]")
        try await eventually("it was sent again") { try slack.requests().count > before }
        try await eventually("the page says so by itself") {
            await browser.text("#outbox ~ p").contains("0 dead")
        }

        // A change whose reload fails is shown later, also if no other change follows.
        try await eventually("it is live") { await browser.text("#live") == "live" }
        _ = try await browser.value(
            "(window.fetch = (f => () => (window.fetch = f, Promise.reject()))(window.fetch), 1)")
        _ = try await node.post(
            "/v1/events", token: ingest, Self.line("quiet-api", az: "us-east-1b", 77, "healthy"))
        try await eventually("the attempt appears although a reload failed") {
            await browser.count("a.cell.healthy[aria-label^=\\\"attempt 77,\\\"]") == 1
        }

        try await browser.click("#digests ~ ul a")
        try await eventually("the digest is shown in a frame of its own") {
            await browser.count("iframe[sandbox]") == 1
        }
        if let shots { try await browser.screenshot(to: shots + "/digest.png") }
        try await forms(browser, node, shots)

        try await browser.open(node.url + "/")
        try await browser.click("a.cell.unhealthy")
        try await eventually("the reasons are shown") {
            await browser.text("#checks ~ div").contains("canary.5xx_rate")
        }
        if let shots { try await browser.screenshot(to: shots + "/attempt.png") }
        #expect(try await browser.value("window.evil === undefined").bool == true)
    }

    /// Acknowledges an incident and silences a rollout, as somebody who follows a digest's links.
    private func forms(
        _ browser: Browser, _ node: NodeProcess, _ shots: String?
    ) async throws {
        try await browser.open(node.url + "/")
        try await browser.click("a[aria-label^='Acknowledge payments-api']")
        try await eventually("the form is shown") { await browser.count("#acknowledge") == 1 }
        #expect(try await browser.value("document.querySelector('#who').value").string == "ann")
        try await browser.type("the new pool", into: "#why")
        if let shots { try await browser.screenshot(to: shots + "/acknowledge.png") }
        try await browser.click("#acknowledge")
        try await eventually("the page names who looks after it") {
            await browser.text("main").contains("acknowledged by ann until")
        }
        try await browser.click("#release")
        try await eventually("and that nobody does") { await browser.count("#release") == 0 }

        // From another site, as a link in Slack: the browser sends no cookie with the first
        // request, and the page is shown all the same.
        let other = try await HTTPDouble.start()
        defer { other.kill() }
        try await browser.open("http://localhost:\(other.port)/")
        _ = try await browser.value(
            "(location.href = '\(node.url)/silences/new?filter=namespace%3Dprod%20rollout%3Dpayments-api')"
        )
        try await eventually("the form and what it holds back are shown") {
            await browser.text("#preview ~ div").contains("payments-api")
        }
        #expect(await browser.count("main img, main script") == 0)
        let tree = try await browser.accessibilityTree()
        for wanted in [
            "textbox Hold back digests with", "combobox For", "textbox Why", "button Silence",
        ] {
            #expect(tree.contains { $0.hasPrefix(wanted) }, "\(wanted) in \(tree)")
        }
        _ = try await browser.devTools(
            "Emulation.setDeviceMetricsOverride",
            #"{"width":390,"height":844,"deviceScaleFactor":1,"mobile":true}"#)
        if let shots { try await browser.screenshot(to: shots + "/silence.png") }
        let width = try await browser.value("document.documentElement.scrollWidth").integer
        #expect((width ?? 999) <= 390, "a phone scrolls down only")
        _ = try await browser.devTools("Emulation.clearDeviceMetricsOverride")
        try await browser.type("load test", into: "#why")
        try await browser.click("#silence")
        try await eventually("the silence is in force") {
            await browser.text("[role=status]").contains("In force")
        }
        let set = try await node.command("silence", "list")
        #expect(set.output.contains("load test") && set.output.contains("ann"))
        let audit = try await node.command("logs", "query", "--where", "event~silence.", "--json")
        #expect(audit.output.contains(#""event":"silence.added""#))
        #expect(audit.output.contains(#""caller":"ann""#))
        try await browser.click("#end")
        try await eventually("it is ended") {
            await browser.text("[role=status]").contains("Ended")
        }
    }

    /// A failing rollout in two zones, a healthy one, a hostile one, and a quiet one.
    private func tell(_ node: NodeProcess, _ ingest: String) async throws {
        var lines: [String] = []
        for attempt in 1...8 {
            let status = attempt < 4 ? "healthy" : attempt < 6 ? "degraded" : "unhealthy"
            lines.append(Self.line("payments-api", az: "eu-west-1a", attempt, status))
            lines.append(
                Self.line(
                    "payments-api", az: "us-east-1b", attempt, attempt < 6 ? "healthy" : "degraded")
            )
            lines.append(Self.line("checkout", az: "eu-west-1a", attempt, "healthy"))
            lines.append(
                Self.line(
                    "checkout", az: "us-east-1b", attempt, attempt == 5 ? "unknown" : "healthy"))
        }
        let evil = #"<img src=x onerror='window.evil=1'><script>window.evil=1</script>\u202e"#
        lines.append(Self.line(evil, az: evil, 1, "unhealthy", message: evil))
        let taken = try await node.post("/v1/events", token: ingest, lines.joined(separator: "\n"))
        #expect(taken.status == 200)
    }

    /// One verdict event as a gateway writes it. `rollout`, `az` and `message` are inserted
    /// unescaped.
    static func line(
        _ rollout: String, az: String, _ attempt: Int, _ status: String, message: String = "told"
    ) -> String {
        let rate = status == "healthy" ? 0.002 : 0.004 + 0.0025 * Double(attempt - 3)
        let latency = 170 + (status == "healthy" ? 3 : 35) * attempt
        let state = status == "unhealthy" ? "fail" : status == "degraded" ? "warn" : "pass"
        let node = az == "us-east-1b" ? "gw-b1" : "gw-a1"
        let deltas = [
            #"{"metric":"canary.5xx_rate","value":\#(rate),"previous":0.002,"stable":0.002,"limit":0.01,"unit":"ratio","state":"\#(state)"}"#,
            #"{"metric":"canary.p99_ms","value":\#(latency),"previous":180,"stable":171,"limit":500,"unit":"ms","state":"pass"}"#,
        ].joined(separator: ",")
        let reason =
            state == "pass"
            ? ""
            : #"{"check":"canary.5xx_rate","state":"\#(state)","value":\#(rate),"limit":0.01,"stable":0.002,"previous":0.002,"why":"abs_\#(state)"}"#
        return
            #"{"id":"\#(ContentHash.hex(Array("\(rollout)\(az)\(attempt)".utf8)).prefix(16))","ts":"\#(WallClock.system.now.rfc3339)","level":"info","event":"analysis.\#(status)","node":"\#(node)","az":"\#(az)","namespace":"prod","rollout":"\#(rollout)","revision":"17","concern":"all","attempt":\#(attempt),"status":"\#(status)","deltas":[\#(deltas)],"reasons":[\#(reason)],"message":"\#(message)","policy":"sha256:aaaabbbbccccdddd","binary":"sha256:\#(node == "gw-b1" ? "2222" : "1111")aaaabbbbcccc","run":1}"#
    }

    private static func page(
        _ node: NodeProcess, _ engine: TransferEngine, _ path: String, _ cookie: String
    ) async throws -> String {
        let reply = try await engine.http(
            HTTPTransfer(
                url: node.url + path, headers: [("Cookie", cookie)], tls: .file(node.certificate)))
        return String(decoding: reply.body, as: UTF8.self)
    }

    @Test("a log that cannot store events delays no verdict, and the fault is reported everywhere")
    func shedding() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let node = try NodeProcess(
            "gw-a1", engine: engine,
            yaml: BadInputTests.yaml + """

                log: {min_free: 1000000GiB}
                receivers: [{name: kept, kind: file}]
                route: {receiver: kept}

                """)
        let fleet = Fleet()
        try fleet.start(node)
        try await node.untilReady()

        let reply = try await node.measure(#"{"rollout":"shop"}"#)
        #expect(reply.status == 200)
        let again = try await node.measure(#"{"rollout":"shop"}"#)
        #expect(again.body == reply.body)
        let metrics = String(decoding: try await node.get("/metrics").body, as: UTF8.self)
        #expect(metrics.contains("bellwether_events_lost_total 1"), "\(metrics.prefix(2000))")
        let health = String(
            decoding: try await node.get("/readyz", token: node.token("read")).body, as: UTF8.self)
        #expect(health.contains("min_free"))
        let refused = try await post(
            node, engine, "/v1/events", #"{"event":"a","ts":"2026-11-23T06:00:00Z"}"#,
            [("Authorization", "Bearer \(try node.token("ingest"))")])
        #expect(refused.status == 503)
        #expect(refused.header("retry-after") != nil)
        // The receivers hear of it, though the log cannot carry it.
        let outgoing = node.data + "/outgoing"
        try await eventually("the trouble reaches a receiver", within: .seconds(30)) {
            let files = (try? FileManager.default.subpathsOfDirectory(atPath: outgoing)) ?? []
            return files.contains { name in
                let text = try? String(contentsOfFile: "\(outgoing)/\(name)", encoding: .utf8)
                return text?.contains("The event log accepts no lines (min_free)") == true
            }
        }
        fleet.killAll()
    }

    private func post(
        _ node: NodeProcess, _ engine: TransferEngine, _ path: String, _ body: String,
        _ headers: [(String, String)]
    ) async throws -> HTTPReply {
        try await engine.http(
            HTTPTransfer(
                url: node.url + path, method: "POST", headers: headers, body: Array(body.utf8),
                tls: .file(node.certificate)))
    }
}
