import Digests
import Foundation
import TestSupport
import Testing

@testable import Rendering

@Suite("Templates")
struct TemplateTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("templates")

    @Test("The files and the built-in templates are equal", arguments: TemplateName.allCases)
    func files(_ name: TemplateName) throws {
        let source = try #require(BuiltinTemplates.sources[name])
        try Golden.expect(source, in: "\(name.rawValue).mustache", folder: Self.folder)
    }

    @Test("The shipped templates folder has no fault and changes nothing")
    func shipped() {
        let renderer = Renderer(templatesDirectory: Self.folder.path)
        #expect(renderer.faults.isEmpty)
        for digest in SampleDigests.all {
            #expect(renderer.render(digest) == Renderer().render(digest))
        }
    }

    @Test("Views contain only the known names")
    func known() {
        let options = RenderOptions(runbookURL: "https://a/{rollout}", statusURL: "https://a/")
        for digest in SampleDigests.all + FuzzTests.digests(seed: 1) {
            for limits in ViewLimits.mail.tightening {
                let view = MessageView(digest: digest, options: options, limits: limits)
                #expect(Self.names(in: view.values).subtracting(KnownNames.message) == [])
                #expect(Set(view.subjectValues.keys).subtracting(KnownNames.subject) == [])
            }
        }
    }

    private static func names(in value: Any) -> Set<String> {
        if let members = value as? [String: Any] {
            return members.values.reduce(into: Set(members.keys)) { $0.formUnion(names(in: $1)) }
        }
        let elements = value as? [[String: Any]] ?? []
        return elements.reduce(into: []) { $0.formUnion(names(in: $1)) }
    }

    @Test("templates/README.md lists every name that templates may use")
    func documented() throws {
        let readme = try String(
            contentsOf: Self.folder.appendingPathComponent("README.md"), encoding: .utf8)
        for name in KnownNames.message.sorted() {
            #expect(readme.contains("`\(name)`"), "\(name) is not documented")
        }
    }

    /// A renderer with a folder of the given files.
    private func renderer(_ files: [String: String]) throws -> (Renderer, TemporaryDirectory) {
        let folder = try TemporaryDirectory()
        for (name, text) in files {
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file(name)))
        }
        return (Renderer(templatesDirectory: folder.path), folder)
    }

    @Test("A file replaces its template, including partials; the rest stays built-in")
    func override() throws {
        let (renderer, _) = try renderer([
            "text.mustache": "{{>text-head}}\n{{#rows}}{{place}};{{/rows}}",
            "text-head.mustache": "!! {{headline}} & more\n",
        ])
        #expect(renderer.faults.isEmpty)
        let rendered = renderer.render(SampleDigests.all[1])
        #expect(
            rendered.text
                == "!! payments-api canary failing in 2 AZs & more\neu-west-1a;us-east-1b;\n")
        #expect(rendered.html == Renderer().render(SampleDigests.all[1]).html)
    }

    @Test("Partials escape like the file that includes them")
    func partialEscapes() throws {
        let (renderer, _) = try renderer([
            "html.mustache": "<p>{{>html-reasons}}</p>",
            "html-reasons.mustache": "{{#reasons}}{{reason}}{{/reasons}}{{headline}}",
            "slack-summary.mustache": "{{>slack-part}}",
            "slack-part.mustache": "{{headline}}{{#reasons}}{{reason}}{{/reasons}}",
        ])
        #expect(renderer.faults.isEmpty)
        let rendered = renderer.render(HostileDigests.one(saying: "<!channel>*x*"))
        #expect(rendered.html.contains("&lt;!channel&gt;"))
        #expect(!rendered.html.contains("<!channel>"))
        #expect(SlackChecker(rendered.slack).faults.isEmpty)
    }

    @Test(
        "A fault names file, line and remedy, and the built-in template is used",
        arguments: [
            ("text.mustache", "a\n{{nonsense}}", 2, "unknown name \"nonsense\""),
            ("text.mustache", "{{headline}}\n\n{{#rows}}\n{{plaice}}{{/rows}}", 4, "unknown name"),
            ("text.mustache", "{{#rows}}\nopen", nil, "not a template"),
            ("text.mustache", "{{headline", nil, "not a template"),
            ("text.mustache", "x\n{{{headline}}}", 2, "unescaped"),
            ("text.mustache", "{{&headline}}", 1, "unescaped"),
            ("text.mustache", "{{=<% %>=}}<%& headline %>", 1, "delimiters"),
            ("text.mustache", "{{% CONTENT_TYPE: HTML}}{{headline}}", 1, "content type"),
            ("text.mustache", "{{<base}}{{/base}}", 1, "not supported"),
            ("text.mustache", "{{>*headline}}", 1, "unknown partial"),
            ("text.mustache", "{{>text-gone}}", 1, "unknown partial"),
            ("text.mustache", "{{>text}}", 1, "includes itself"),
            ("text.mustache", "{{shout(headline)}}", 1, "unknown transform"),
            ("text.mustache", "{{! nothing }}", nil, "as nothing"),
            ("text.mustache", String(repeating: "{{#rows}}", count: 4000), 1, "too deeply"),
            ("text.mustache", String(repeating: "x", count: 300_000), nil, "too large"),
            ("subject.mustache", "{{metrics}}", 1, "unknown name"),
            ("mail.mustache", "x", nil, "no template has this name"),
        ])
    func faults(file: String, source: String, line: Int?, fault: String) throws {
        let (renderer, folder) = try renderer([file: source])
        let found = try #require(renderer.faults.first)
        #expect(found.file == folder.file(file))
        #expect(found.fault.contains(fault), "\(found)")
        if let line { #expect(found.line == line, "\(found)") }
        #expect(!found.remedy.isEmpty)
        let digest = SampleDigests.all[0]
        #expect(renderer.render(digest) == Renderer().render(digest))
    }

    @Test("Circular partials, and templates that include a faulty one, are detected")
    func circles() throws {
        let (renderer, _) = try renderer([
            "html.mustache": "{{>html-a}}", "html-a.mustache": "{{>html-b}}",
            "html-b.mustache": "x{{>html-a}}", "text.mustache": "{{>text-x}}",
            "text-x.mustache": "{{wrong}}", "slack-footer.mustache": "{{>text-x}}",
        ])
        let faults = renderer.faults.map(\.description)
        #expect(faults.count { $0.contains("includes itself") } == 1)
        #expect(faults.count { $0.contains("has a fault") } == 3)
        #expect(faults.count { $0.contains("another markup") } == 1)
        #expect(renderer.render(SampleDigests.all[0]) == Renderer().render(SampleDigests.all[0]))
    }

    @Test("A missing folder is one fault; bytes that are not UTF-8 another")
    func unreadable() throws {
        let gone = Renderer(templatesDirectory: "/nowhere/at/all")
        #expect(gone.faults.map(\.file) == ["/nowhere/at/all"])
        let folder = try TemporaryDirectory()
        try Data([0x66, 0xFF, 0xFE]).write(to: URL(fileURLWithPath: folder.file("text.mustache")))
        #expect(
            Renderer(templatesDirectory: folder.path).faults.first?.fault.contains("UTF-8") == true)
    }

    @Test("A byte order mark before a template is not part of the message")
    func byteOrderMark() throws {
        let (renderer, _) = try renderer(["subject.mustache": "\u{FEFF}fixed"])
        #expect(renderer.faults.isEmpty)
        #expect(renderer.render(SampleDigests.all[1]).subject == "fixed")
    }

    @Test("A template with too much output is cut to Slack's limits; too much HTML falls back")
    func flood() throws {
        let (renderer, _) = try renderer([
            "slack-summary.mustache": String(repeating: "```{{headline}} & <x> ", count: 400),
            "slack-headline.mustache": String(repeating: "{{headline}} ", count: 400),
            "html.mustache": String(repeating: "{{headline}} ", count: 4000),
        ])
        #expect(renderer.faults.isEmpty)
        let rendered = renderer.render(SampleDigests.all[1])
        let root = try JSONSerialization.jsonObject(with: Data(rendered.slack.utf8))
        let texts = Self.texts(in: root)
        #expect(texts.allSatisfy { $0.utf16.count <= 3000 })
        #expect(texts.contains { $0.contains("… (shortened)") })
        #expect(rendered.html == Renderer().render(SampleDigests.all[1]).html)
    }

    private static func texts(in value: Any) -> [String] {
        if let text = value as? String { return [text] }
        if let list = value as? [Any] { return list.flatMap(texts) }
        if let object = value as? [String: Any] { return object.values.flatMap(texts) }
        return []
    }
}
