import Events
import HTTPTypes
import TestSupport
import Testing

@testable import Server

@Suite struct SessionTests {
    private let identity = Identity(id: "t-1", name: "ann", scopes: [.read, .admin], proof: .token)
    private let now = Timestamp(milliseconds: 1_000_000)

    @Test func whatWasSealedOpensUntilItsTime() {
        let seal = SessionSeal()
        let cookie = seal.seal(identity, until: now + .seconds(60))
        let session = seal.open(cookie, at: now)
        #expect(session?.identity.id == "t-1")
        #expect(session?.identity.scopes == [.read, .admin])
        #expect(session?.identity.proof == .session)
        #expect(seal.open(cookie, at: now + .milliseconds(59_999)) != nil)
        #expect(seal.open(cookie, at: now + .seconds(60)) == nil)
    }

    @Test func whatWasChangedOrSealedElsewhereDoesNot() {
        let seal = SessionSeal(key: Array(0..<32))
        let cookie = seal.seal(identity, until: now + .seconds(60))
        #expect(SessionSeal().open(cookie, at: now) == nil)
        let bytes = Array(cookie.utf8)
        for index in bytes.indices {
            var changed = bytes
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : 0x41
            #expect(seal.open(String(decoding: changed, as: UTF8.self), at: now) == nil)
        }
        for other in ["", ".", "a.b", cookie + ".x", String(cookie.dropLast(10))] {
            #expect(seal.open(other, at: now) == nil)
        }
    }

    @Test func aFormBelongsToItsSession() {
        let seal = SessionSeal()
        let mine = seal.seal(identity, until: now + .seconds(60))
        let other = seal.seal(identity, until: now + .seconds(61))
        let token = seal.formToken(for: mine)
        #expect(seal.verifies(formToken: token, for: mine))
        #expect(!seal.verifies(formToken: token, for: other))
        // The cookie's own tag is not a form token.
        #expect(!seal.verifies(formToken: String(mine.split(separator: ".")[1]), for: mine))
    }

    @Test("a session that was ended is invalid, and other sessions stay valid")
    func ended() {
        let seal = SessionSeal()
        let mine = seal.seal(identity, until: now + .seconds(60))
        let other = seal.seal(identity, until: now + .seconds(60))
        seal.end(mine)
        #expect(seal.open(mine, at: now) == nil)
        #expect(seal.open(other, at: now) != nil)
        // An invalid cookie cannot end a session or fill the list.
        for _ in 0..<20_000 { seal.end("x" + other) }
        #expect(seal.open(other, at: now) != nil)
        #expect(seal.open(mine, at: now) == nil)
    }

    @Test("an expired session stays expired when the clock is set back")
    func over() {
        let seal = SessionSeal()
        let cookie = seal.seal(identity, until: now + .seconds(60))
        #expect(seal.open(cookie, at: now + .seconds(61)) == nil)
        #expect(seal.open(cookie, at: now) == nil)
    }

    @Test func theCookieIsTheOnlyOneOfItsName() {
        func value(_ cookies: String...) -> String? {
            var head = HTTPRequest(method: .get, scheme: "https", authority: "a", path: "/")
            head.headerFields = HTTPFields(cookies.map { HTTPField(name: .cookie, value: $0) })
            return SessionCookie.value(in: head)
        }
        #expect(value("a=b; __Host-bellwether=x.y; c=d") == "x.y")
        #expect(value("a=b", "__Host-bellwether=x.y") == "x.y")
        #expect(value("__Host-bellwether=x; __Host-bellwether=y") == nil)
        #expect(value("x__Host-bellwether=x") == nil)
        #expect(value("__Host-bellwether=") == nil)
        let header = SessionCookie.setting("x", maxAge: .seconds(3600))
        for part in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=3600"] {
            #expect(header.contains(part))
        }
        #expect(!header.contains("Domain"))
    }

    @Test func otherSitesAreTold() throws {
        func sameOrigin(_ fields: HTTPFields) -> Bool {
            var head = HTTPRequest(method: .post, scheme: "https", authority: "a:1", path: "/")
            head.headerFields = fields
            return SessionCookie.isSameOrigin(head)
        }
        let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
        #expect(sameOrigin([site: "same-origin"]))
        #expect(!sameOrigin([site: "same-site", .origin: "https://a:1"]))
        #expect(!sameOrigin([site: "cross-site"]))
        #expect(sameOrigin([.origin: "https://a:1"]))
        #expect(!sameOrigin([.origin: "https://a:2"]))
        #expect(!sameOrigin([.origin: "null"]))
        #expect(!sameOrigin([:]))
    }

    // MARK: - Through the server

    @Test(arguments: [false, true])
    func aSessionReadsUntilItsTokenIsRevoked(http2: Bool) async throws {
        let seal = SessionSeal()
        var setup = RunningServer.Setup()
        setup.sessions = seal
        let server = try await RunningServer(setup)
        let curl = Curl(server, http2: http2)
        let token = try await server.tokens.create(name: "ann", scopes: [.read])
        guard case .accepted(let identity) = await server.tokens.verify(token.text) else {
            Issue.record("not accepted")
            return
        }
        let cookie = seal.seal(identity, until: WallClock.system.now + .seconds(3600))
        func page(_ cookie: String) async throws -> String {
            try await curl.get("/", "-H", "Cookie: \(SessionCookie.name)=\(cookie)").text
        }
        #expect(try await page(cookie) == "ann")
        #expect(try await page(cookie + "x") == "sign in")
        #expect(try await curl.get("/").text == "sign in")
        // A cookie is not accepted where a bearer token is required.
        let events = try await curl.get(
            "/rollouts/analysis", "-H", "Cookie: \(SessionCookie.name)=\(cookie)")
        #expect(events.status == 401)
        try await server.tokens.revoke(token.record.id)
        #expect(try await page(cookie) == "sign in")
    }
}
