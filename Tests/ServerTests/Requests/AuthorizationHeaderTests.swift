import HTTPTypes
import Testing

@testable import Server

@Suite("The Authorization header")
struct AuthorizationHeaderTests {
    private func read(_ header: String) -> Credential {
        var head = HTTPRequest(method: .get, scheme: "https", authority: "node", path: "/")
        head.headerFields[.authorization] = header
        return Credential(head, schemes: [.bearer, .basic])
    }

    @Test(
        "its scheme is read in any case, with any number of blanks after it",
        arguments: ["Bearer bw_x", "bearer bw_x", "BEARER   bw_x"])
    func bearer(_ header: String) { #expect(read(header) == .token("bw_x")) }

    @Test("everything after the scheme is the token")
    func wholeToken() { #expect(read("Bearer a b é") == .token("a b é")) }

    @Test("a password is a token, and so is a user name without one")
    func basic() {
        #expect(read("Basic dXNlcjpid194") == .token("bw_x"))
        #expect(read("basic YndfeDo=") == .token("bw_x"))
    }

    @Test(
        "anything else is malformed",
        arguments: [
            "Bearer", "Bearer ", "bw_x", "Digest bw_x", "Bearerbw_x x", "", " ", "Basic !",
            "Bearer " + String(repeating: "x", count: Credential.longest + 1),
        ])
    func malformed(_ header: String) { #expect(read(header) == .malformed) }
}
