import Foundation
import TestSupport
import Testing
import Transfer

@Suite("A storm through a running node", .serialized)
struct StormSystemTests {
    /// Gateways of the one large group; a group distinguishes 32 zones.
    private static let gateways = 40
    /// All lines together are fewer than one read of `DigestService`: one window.
    private static let attempts = 25
    private static let otherGroups = 60

    private static func line(_ rollout: String, _ gateway: Int, _ n: Int, _ ts: String) -> String {
        """
        {"ts":"\(ts)","id":"\(rollout)-\(gateway)-\(n)","event":"analysis.unhealthy",\
        "level":"error","node":"gw-\(gateway)","az":"az-\(gateway)","namespace":"prod",\
        "rollout":"\(rollout)","revision":"1","attempt":\(n),"status":"unhealthy",\
        "deltas":[{"metric":"canary.5xx_rate","value":0.02,"stable":0.002,"limit":0.01,\
        "unit":"ratio","state":"fail"}],\
        "reasons":[{"check":"canary.5xx_rate","state":"fail","value":0.02,"limit":0.01,\
        "why":"abs_fail"}]}

        """
    }

    @Test("each group gets one post and one mail, the rest one roll-up; every event counts once")
    func counts() async throws {
        let slack = try await SlackDouble.start()
        let mail = try await SMTPDouble.start(.none, username: "", password: "")
        defer { mail.kill() }
        let single = try await SingleNode.start(
            "notifier",
            yaml: """
                roles: [notifier]
                digest: {first_after: 5s, window: 1h, max_window: 1h, repeat: 1h, max_groups: 4, storm: {groups: 0}}
                receivers:
                  - {name: slack, kind: slack, url: "\(slack.url)"}
                  - {name: mail, kind: smtp, url: "smtp://127.0.0.1:\(mail.port)", tls: none, \
                from: b@example.com, to: [a@example.com]}
                """)
        defer { single.end() }
        let node = single.node

        let ts = Date().ISO8601Format()
        var body = ""
        for n in 1...Self.attempts {
            for gateway in 0..<Self.gateways { body += Self.line("shop", gateway, n, ts) }
        }
        for group in 0..<Self.otherGroups {
            for n in 1...10 { body += Self.line("service-\(group)", 0, n, ts) }
        }
        let token = try node.token("ingest")
        #expect(try await node.post("/v1/events", token: token, body).status == 200)

        try await eventually("all is delivered", within: .seconds(60)) {
            let mails = (try? mail.messages())?.count ?? 0
            return mails >= 4 && ((try? slack.requests())?.count ?? 0) >= 4
        }
        let reply = try await node.get("/v1/digests?limit=100", token: try node.token("read"))
        let root = try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any]
        let digests = (root?["digests"] as? [[String: Any]] ?? [])
            .compactMap { $0["digest"] as? [String: Any] }
        #expect(digests.count == 4)
        #expect(try slack.requests().map(\.status) == [200, 200, 200, 200])
        let mails = try mail.messages()
        #expect(mails.count == 4)
        #expect(mails.allSatisfy { $0.data.utf8.count <= 100_000 })

        let all = Self.gateways * Self.attempts + Self.otherGroups * 10
        #expect(digests.reduce(0) { $0 + ($1["events"] as? Int ?? 0) } == all)
        let large = try #require(
            digests.first { ($0["group"] as? [String: String])?["rollout"] == "shop" })
        #expect(large["events"] as? Int == Self.gateways * Self.attempts)
        #expect((large["places"] as? [Any])?.count == 32)
        #expect(large["omitted_lines"] as? Int == (Self.gateways - 32) * Self.attempts)
        let reasons = large["reasons"] as? [[String: Any]] ?? []
        #expect(reasons.map { $0["count"] as? Int } == [Self.gateways * Self.attempts])

        let rollup = try #require(digests.compactMap { $0["rollup"] as? [String: Any] }.first)
        // The large group and two others have messages of their own.
        #expect(rollup["groups"] as? Int == Self.otherGroups - 2)
        let members = rollup["members"] as? [[String: Any]] ?? []
        #expect(members.count == 40)
        #expect(members.allSatisfy { $0["events"] as? Int == 10 })
        let posts = try slack.requests().map(\.body)
        #expect(posts.contains { $0.contains("58 canaries failing") })
        #expect(posts.contains { $0.contains("and 28 more groups") })
        #expect(posts.contains { $0.contains("1,000 events, 0 dropped") })
        #expect(posts.contains { $0.contains("200 events from further places") })
    }

    @Test("a body of megabytes, one group of the log, is read and reported completely")
    func longGroup() async throws {
        let single = try await SingleNode.start(
            "notifier",
            yaml: """
                roles: [notifier]
                digest: {first_after: 1s, window: 1h, max_window: 1h, repeat: 1h, storm: {groups: 0}}
                """)
        defer { single.end() }
        let node = single.node

        let ts = Date().ISO8601Format()
        // More than twice the lines of one read of `DigestService`.
        let body = (1...9000).map { Self.line("shop", $0 % 4, $0, ts) }.joined()
        try #require(body.utf8.count > 3 << 20)
        let token = try node.token("ingest")
        #expect(try await node.post("/v1/events", token: token, body).status == 200)
        let read = try node.token("read")
        try await eventually("every event is reported", within: .seconds(60)) {
            let reply = try await node.get("/v1/digests?limit=100", token: read)
            let root = try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any]
            let digests = (root?["digests"] as? [[String: Any]] ?? [])
                .compactMap { $0["digest"] as? [String: Any] }
            return digests.reduce(0) { $0 + ($1["events"] as? Int ?? 0) } == 9000
        }
    }
}
