import Foundation
import Secrets
import Settings
import TestSupport
import Testing

/// Every kind of probe that uses HTTP, with its other required keys.
private let kinds = [
    "kind: http", "kind: prometheus", "kind: prometheus_query, queries: {x.y: z}",
    "kind: queue, pointer: /n",
]

@Suite("HTTP access of probes")
struct AccessTests {
    private func access(_ settings: Settings) -> Settings.Probe.Access? {
        switch settings.analysis.probes.first?.kind {
        case .http(let http): http.access
        case .prometheus(let page): page.access
        case .prometheusQuery(let query): query.access
        case .queue(let queue): queue.access
        default: nil
        }
    }

    @Test("all kinds accept the same keys, with the same result", arguments: kinds)
    func same(_ kind: String) throws {
        let folder = try TemporaryDirectory()
        for name in ["ca", "cert", "key", "token", "password"] {
            try "x\n".write(toFile: folder.file(name), atomically: true, encoding: .utf8)
        }
        func read(_ keys: String) throws -> Settings {
            try Settings.parse(
                text:
                    "analysis: {probes: [{name: a, \(kind), url: \"https://h:1\", \(keys)}], checks: [{id: x.y, warn: 1}], concerns: {}}"
                    .replacing("DIR", with: folder.path), environment: ["U": "ops\n"])
        }
        let basic = try #require(
            access(
                try read(
                    "headers: {X-Scope-OrgID: team-a}, basic_auth: {username: \"${env:U}\", password_file: DIR/password}, ca_file: DIR/ca, client_certificate: DIR/cert, client_key: DIR/key, proxy_from_environment: true"
                )))
        var expected = Settings.Probe.Access()
        expected.url = "https://h:1"
        expected.headers = ["X-Scope-OrgID": .visible("team-a")]
        expected.username = "ops"
        expected.password = .file(folder.file("password"))
        expected.trust.caFile = folder.file("ca")
        expected.clientCertificate = folder.file("cert")
        expected.clientKey = folder.file("key")
        expected.proxyFromEnvironment = true
        #expect(basic == expected)
        for key in ["token_file", "bearer_token_file"] {
            let settings = try read("\(key): DIR/token")
            #expect(access(settings)?.token == .file(folder.file("token")))
            #expect(try Settings.parse(text: settings.describe()) == settings)
        }
    }

    /// The remedy must be valid itself.
    @Test("a user in an address: the kind accepts the keys of the remedy", arguments: kinds)
    func remedy(_ kind: String) throws {
        let folder = try TemporaryDirectory()
        try "x\n".write(toFile: folder.file("p"), atomically: true, encoding: .utf8)
        func text(_ url: String, _ more: String) -> String {
            "analysis: {probes: [{name: a, \(kind), url: \"\(url)\"\(more)}], checks: [{id: x.y, warn: 1}], concerns: {}}"
        }
        let fault = try #require(faults(of: text("https://123:glc_x@h", "")).first)
        let remedy = try #require(
            fault.remedy.firstMatch(of: #/write (basic_auth: \{.*\})/#)?.output.1)
        let keys = remedy.replacing("NAME", with: "u").replacing("PATH", with: folder.file("p"))
        #expect(faults(of: text("https://h", ", \(keys)")) == [])
    }
}

@Suite("Keys that faults and remedies name")
struct RemedyKeyTests {
    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")

    private static func files(_ module: String) throws -> [String] {
        let folder = sources.appendingPathComponent(module)
        let names = try #require(
            FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String })
        return try names.filter { $0.hasSuffix(".swift") }.map {
            try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)
                .replacing(#/(?m)//.*$/#, with: "")
        }
    }

    /// The keys that some reader requests from a mapping.
    private static func known() throws -> Set<String> {
        var keys: Set<String> = []
        for text in try files("Settings") {
            for match in text.matches(of: #/([a-zA-Z]+)\(\s*(?:r, |file: )?"([a-z_0-9]+)"/#) {
                let key = String(match.output.2)
                keys.insert(key)
                if match.output.1 == "secret" { keys.insert(key + "_file") }
            }
        }
        return keys
    }

    @Test(
        "each exists",
        arguments: ["Settings", "Secrets", "Server", "Transfer", "Probes", "Gateway", "App"])
    func exist(_ module: String) throws {
        let known = try Self.known()
        #expect(known.isSuperset(of: ["basic_auth", "password_file", "url_file", "token_files"]))
        // Words from responses, from PromQL and from Argo's templates.
        let others: Set = [
            "error_description", "host", "method", "histogram_quantile", "histogram_count",
        ]
        for text in try Self.files(module) {
            for literal in text.matches(of: #/"((?:[^"\\\n]|\\.)*)"/#).map(\.output.1) {
                // Only messages, neither SQL, nor a metrics page, nor a recipe's template.
                guard literal.contains(" "), !literal.contains("SELECT "),
                    !literal.contains("{{"),
                    !literal.contains("{role"),
                    !literal.contains("# TYPE")
                else { continue }
                let named =
                    literal.matches(of: #/(?:^|[\s("])([a-z]+(?:_[a-z0-9]+)+)(?:$|[\s,.;:)"])/#)
                    .map(\.output.1)
                    + literal.matches(of: #/(?:write|give|use|keep|name) ([a-z_0-9]+):/#)
                    .map(\.output.1)
                let missing = named.map(String.init).filter {
                    !known.contains($0) && !others.contains($0) && !$0.hasPrefix("http_request")
                }
                #expect(missing == [], "\(literal)")
            }
        }
    }
}
