import Digests
import Events
import Foundation
import JSON
import Rendering
import Testing

@Suite("Templates of webhooks")
struct WebhookTemplateTests {
    private static let url = "https://hooks.example/x"
    private static let digest = GoldenTests.renderer.render(SampleDigests.all[1])

    private func template(
        _ body: String, url: String = url, headers: [(name: String, value: String)] = [],
        variables: Set<String> = [], maxBytes: Int = 1 << 20, method: String = "POST"
    ) throws -> WebhookTemplate {
        var source = WebhookTemplate.Source()
        source.body = body
        source.headers = headers
        source.variables = variables
        source.maxBytes = maxBytes
        source.method = method
        return try WebhookTemplate(source, url: url)
    }

    private func body(
        _ body: String, _ digest: RenderedDigest = digest, variables: [String: String] = [:],
        headers: [(name: String, value: String)] = [], maxBytes: Int = 1 << 20,
        mark: String? = nil
    ) throws -> String {
        let request = try template(
            body, headers: headers, variables: Set(variables.keys), maxBytes: maxBytes
        ).request(
            for: digest, url: Self.url, receiver: "hook", variables: variables, mark: mark)
        return String(decoding: request.body, as: UTF8.self)
    }

    private func json(_ text: String) throws -> JSONValue {
        try JSONValue(
            parsing: Array(text.utf8), limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 40))
    }

    @Test("a value inside quotes is escaped, one outside is JSON of its own kind")
    func places() throws {
        let made = try json(
            body(
                """
                {"a": "{{title}}", "b": {{title}}, "c": {{color_number}}, "d": {{is_over}},
                 "e": {{outcome}}, "f": {{links}}, "g": "{{color_number}} {{outcome}}"}
                """))
        let title = "[FAILING] payments-api (prod, revision 17)"
        #expect(made["a"]?.string == title)
        #expect(made["b"]?.string == title)
        #expect(made["c"]?.integer == 0xB3261E)
        #expect(made["d"]?.bool == false)
        #expect(made["e"] == .null)
        #expect(made["f"]?[0]?["name"]?.string == "Rollout")
        #expect(made["g"]?.string == "11740702 ")
    }

    @Test("no value breaks out of its text, of the document, or into another header")
    func breakOut() throws {
        let attacks = [
            #"","admin":true,"x":""#, "\\", "\"", "\u{0}\u{7}\r\n", #"\u0022"#, "{{title}}",
            "{{{title}}}", "\u{2028}", "}}", "]}", "é日\u{1F600}", "\u{202E}",
        ]
        for attack in attacks {
            let variables = ["v": attack]
            let made = try json(
                body(
                    #"{"a": "{{var.v}}", "b": {{var.v}}, "c": ["x{{var.v}}y{{var.v}}z"]}"#,
                    variables: variables))
            guard case .object(let members) = made else {
                Issue.record("\(made)")
                continue
            }
            #expect(members.map(\.key) == ["a", "b", "c"])
            #expect(made["a"] == made["b"])
            let request = try template(
                "", url: "https://hooks.example/{{var.v}}/x",
                headers: [("X-A", "{{var.v}}"), ("Content-Type", "application/json")],
                variables: ["v"]
            ).request(
                for: Self.digest, url: "https://hooks.example/{{var.v}}/x", receiver: "hook",
                variables: variables)
            let header = try #require(request.headers.first { $0.0 == "X-A" }?.1)
            #expect(header.unicodeScalars.allSatisfy { (0x20..<0x7F).contains($0.value) })
            let path = request.url.dropFirst("https://hooks.example/".count)
            #expect(path.split(separator: "/", omittingEmptySubsequences: false).count == 2)
            #expect(request.url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        }
    }

    @Test("sections repeat over lists, and are left out for null, false and empty values")
    func sections() throws {
        let made = try json(
            body(
                """
                {"links": [{{#links}}"{{name}}"{{^last()}}, {{/last()}}{{/links}}],
                 {{#argo_reason}}"no": 1,{{/argo_reason}}
                 {{^argo_reason}}"none": 1,{{/argo_reason}}
                 {{#group.rollout}}"rollout": "{{.}}",{{/group.rollout}}
                 {{#group.team}}"team": "{{.}}",{{/group.team}}
                 "n": {{count(links)}}}
                """))
        #expect(made["links"]?[0]?.string == "Rollout")
        #expect(made["no"] == nil && made["team"] == nil)
        #expect(made["none"]?.integer == 1)
        #expect(made["rollout"]?.string == "payments-api")
        guard case .array(let links)? = made["links"] else {
            Issue.record("no list")
            return
        }
        #expect(made["n"]?.integer == Int64(links.count))
    }

    @Test("functions cut and escape, the inner one first")
    func functions() throws {
        let variables = ["v": "<a> **é** @all ``` 1234567890"]
        let made = try json(
            body(
                """
                {"max": "{{max8(var.v)}}", "bytes": "{{bytes10(var.v)}}", "html": "{{html(max8(var.v))}}",
                 "markdown": "{{markdown(var.v)}}", "code": "{{code(var.v)}}"}
                """, variables: variables))
        #expect(made["max"]?.string == "<a> **é…")
        #expect(made["bytes"]?.string == "<a> **…")
        #expect(made["html"]?.string == "&lt;a&gt; **é…")
        #expect(made["markdown"]?.string == #"\<a\> \*\*é\*\* ＠all \`\`\` 1234567890"#)
        #expect(made["code"]?.string?.contains("```") == false)
    }

    @Test("texts are cut until the body fits; a body that cannot fit is refused")
    func sizes() throws {
        let storm = try #require(SampleDigests.named.first { $0.name == "storm-rollup" }).digest
        let rendered = GoldenTests.renderer.render(storm)
        let whole = try body(#"{"text": "{{text}}"}"#, rendered)
        let small = try body(#"{"text": "{{text}}"}"#, rendered, maxBytes: 1500)
        #expect(whole.utf8.count > 3000)
        #expect((500...1500).contains(small.utf8.count))
        #expect(try json(small)["text"]?.string?.hasSuffix("…") == true)
        #expect(throws: WebhookFaults.self) {
            try template(#"{"text": "\#(String(repeating: "x", count: 400))"}"#, maxBytes: 300)
        }
    }

    @Test("other content types are escaped for their own language")
    func forms() throws {
        let variables = ["v": "a&b=c <d>\n\"e\""]
        func made(_ type: String) throws -> String {
            try body("x={{var.v}}", variables: variables, headers: [("Content-Type", type)])
        }
        #expect(
            try made("application/x-www-form-urlencoded")
                == "x=a%26b%3Dc%20%3Cd%3E%0A%22e%22")
        #expect(try made("text/html; charset=utf-8") == "x=a&amp;b=c &lt;d&gt;\n&quot;e&quot;")
        #expect(try made("application/xml") == "x=a&amp;b=c &lt;d&gt;\n&quot;e&quot;")
        #expect(try made("text/plain") == "x=a&b=c <d>\n\"e\"")
    }

    @Test("the method and the address may depend on the mark")
    func marks() throws {
        let url = "https://issues.example/{{#mark}}{{.}}{{/mark}}"
        let template = try template(
            "{}", url: url, method: "{{#mark}}PATCH{{/mark}}{{^mark}}POST{{/mark}}")
        let first = try template.request(for: Self.digest, url: url, receiver: "hook")
        let next = try template.request(
            for: Self.digest, url: url, receiver: "hook", mark: "7/../8")
        #expect(first.method == "POST" && first.url == "https://issues.example/")
        #expect(next.method == "PATCH" && next.url == "https://issues.example/7%2F..%2F8")
    }

    @Test(
        "a fault names its part, its line and a remedy",
        arguments: [
            (#"{"a": "{{nonsense}}"}"#, 1, "unknown name \"nonsense\""),
            ("{\n\"a\": \"{{group.x}}{{var.key}}\"}", 2, "there is no variable \"key\""),
            (#"{"a": "{{#links}}x"{{/links}}}"#, 1, "different sides of a quote"),
            (#"{"a": "{{title}}}"#, nil, "ends inside a text"),
            (#"{"a": {{{title}}}}"#, 1, "unescaped"),
            (#"{"a": "{{&title}}"}"#, 1, "unescaped"),
            (#"{"a": "{{>text}}"}"#, 1, "includes no other file"),
            (#"{"a": "{{shout(title)}}"}"#, 1, "unknown function \"shout\""),
            (#"{"a": "{{#links}}"}"#, 1, "is not closed"),
            (#"{"a": "{{/links}}"}"#, 1, "closed but not open"),
            (#"{"a": "{{title"}"#, 1, "a tag is not closed"),
            (#"{"a": "{{title}}" "b": 1}"#, 1, "does not render to JSON"),
            ("{\n \"a\": [{{#links}}{{name}}{{/links}}]\n}", 2, "does not render to JSON"),
            (#"{"a": 1, "a": 2 {{! twice }}}"#, 1, "does not render to JSON"),
            (String(repeating: "{{#links}}", count: 4000), 1, "too deeply"),
        ] as [(String, Int?, String)])
    func faults(_ body: String, _ line: Int?, _ fault: String) throws {
        let thrown = #expect(throws: WebhookFaults.self) { try template(body) }
        let found = try #require(thrown?.faults.first { $0.fault.contains(fault) }, "\(thrown)")
        #expect(found.file == "body")
        #expect(found.line == line)
        #expect(!found.remedy.isEmpty)
    }

    @Test("faults of the address, the method and a header name their key")
    func otherFaults() throws {
        let keys =
            [
                "url": { try template("{}", url: "https://x.example/{{nonsense}}") },
                "method": { try template("{}", method: "{{title}}") },
                "headers.X-A": { try template("{}", headers: [("X-A", "{{var.none}}")]) },
            ] as [String: () throws -> WebhookTemplate]
        for (key, make) in keys {
            let thrown = #expect(throws: WebhookFaults.self) { try make() }
            #expect(thrown?.faults.map(\.file) == [key])
        }
    }

    @Test("every name of a digest's JSON may be used, and docs/receivers.md lists it")
    func names() throws {
        let page = try String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
                .appendingPathComponent("docs/receivers.md"), encoding: .utf8)
        func names(_ value: JSONValue, _ found: inout Set<String>) {
            switch value {
            case .object(let members):
                for member in members {
                    found.insert(member.key)
                    if member.key != "group" { names(member.value, &found) }
                }
            case .array(let elements): for element in elements { names(element, &found) }
            default: break
            }
        }
        var found: Set<String> = []
        for digest in SampleDigests.all + FuzzTests.digests(seed: 3) {
            names(try json(GoldenTests.renderer.render(digest).model), &found)
        }
        for name in found.sorted() {
            #expect(throws: Never.self) { try template("[\"{{\(name)}}\"]") }
            #expect(page.contains("`\(name)`"), "\(name) is not documented")
        }
    }
}
