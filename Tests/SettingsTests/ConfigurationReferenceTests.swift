import Foundation
import Testing

@testable import Settings

/// Compares `docs/configuration.md` with the keys that the readers declare.
///
/// The page's last column is written by people; everything else in its tables is generated. To
/// update the page, run these tests with BELLWETHER_WRITE_REFERENCE=1 and write the sentence of
/// each new key.
@Suite("The configuration reference")
struct ConfigurationReferenceTests {
    private static let page = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/configuration.md")

    @Test("has every key with its type, default and range, and a sentence for each")
    func isCurrent() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let reference = ConfigurationReference(
            keys: Settings.declarations(readFrom: ConfigurationReference.everyKey))
        let page = try #require(reference.page(updating: text))
        if ProcessInfo.processInfo.environment["BELLWETHER_WRITE_REFERENCE"] != nil {
            try page.write(to: Self.page, atomically: true, encoding: .utf8)
        }
        let lines = Set(text.split(separator: "\n"))
        for line in page.split(separator: "\n") where !lines.contains(line) {
            Issue.record("docs/configuration.md lacks: \(line)")
        }
        #expect(page == text, "run with BELLWETHER_WRITE_REFERENCE=1")
        for line in page.split(separator: "\n") where line.hasPrefix("| `") {
            #expect(!line.hasSuffix("|  |"), "\(line) has no sentence")
        }
    }

    @Test("every key of the file with all keys has a type")
    func types() {
        let keys = Settings.declarations(readFrom: ConfigurationReference.everyKey)
        #expect(keys.count > 200)
        let typed = Set(
            keys.filter { !$0.type.isEmpty }.map { ConfigurationReference.general($0.path) })
        // Asked for on the outermost route only to refuse them there; and the old name of `select`.
        let others = ["route.match", "route.where", "analysis.probes[4].labels"]
        for key in keys where !others.contains(key.path) {
            let isTyped = typed.contains(ConfigurationReference.general(key.path))
            #expect(isTyped, "\(key.path): ConfigurationReference.everyKey must set it")
        }
    }

    @Test("every key that the shipped configuration shows is in the reference")
    func shipped() throws {
        let file = Self.page.deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Config/bellwether.yaml")
        let declared = Set(
            Settings.declarations(readFrom: ConfigurationReference.everyKey).map {
                ConfigurationReference.general($0.path)
            })
        for key in Settings.declarations(
            readFrom: try String(contentsOf: file, encoding: .utf8))
        {
            let path = ConfigurationReference.general(key.path)
            let isName = ["concerns.errors", "concerns.latency"].contains { path.hasSuffix($0) }
            #expect(isName || declared.contains(path), "\(path)")
        }
    }
}

/// The tables of the reference, one for each mapping of the configuration.
struct ConfigurationReference {
    private struct Row {
        var key: String
        var kinds: [String]
        var facts: String
    }

    private var sections: [(name: String, rows: [Row])] = []

    /// Sections whose keys depend on `kind`, with the kinds in the order of `everyKey`.
    private static let kinds: [String: [String]] = [
        "analysis.probes": [
            "disk", "process", "tcp", "http", "prometheus", "prometheus_query", "prometheus_query",
            "file (json)", "file (doctor)", "file (textfile)", "queue (folder)", "queue (url)",
            "command", "certificate",
        ],
        "analysis.checks": ["counter", "latency"],
        "receivers": ["slack (webhook)", "slack (bot)", "webhook", "smtp", "file", "exec"],
    ]

    init(keys: [KeyDeclarations.Key]) {
        let maps = Set(keys.filter { $0.type == "names and texts" }.map { Self.general($0.path) })
        // The author of the file chooses the names in a mapping of names and texts.
        for key in keys where !key.type.isEmpty {
            let path = Self.general(key.path)
            guard !maps.contains(Self.parent(of: path)) else { continue }
            add(key)
        }
    }

    /// The path without indices and with NAME for a name that the file's author chooses.
    static func general(_ path: String) -> String {
        path.replacing(/\[\d+\]/, with: "[]").replacing("X.SIGNAL", with: "NAME")
            // Checks of a concern have the keys of all checks.
            .replacing("analysis.concerns.NAME.own[].", with: "analysis.checks[].")
            // So have those of a policy.
            .replacing("analysis.policies[].checks[].", with: "analysis.checks[].")
            .replacing("analysis.policies[].concerns.", with: "analysis.concerns.")
    }

    private static func parent(of path: String) -> String {
        String(path[..<(path.lastIndex(of: ".") ?? path.startIndex)])
    }

    private mutating func add(_ key: KeyDeclarations.Key) {
        let path = Self.general(key.path)
        let cut = path.lastIndex(of: ".")
        let name = String(path[(cut.map(path.index(after:)) ?? path.startIndex)...])
        // A name that the author of the file chooses is no key.
        guard !name.contains("NAME"), !name.hasSuffix("]") else { return }
        let section = Self.parent(of: path)
        let facts =
            "\(key.type) | \(Self.code(key.standard)) | \(key.range.replacing("|", with: "\\|"))"
        let place: Int
        if let known = sections.firstIndex(where: { $0.name == section }) {
            place = known
        } else {
            place = sections.count
            sections.append((section, []))
        }
        let kinds = Self.kind(of: key.path).map { [$0] } ?? []
        if let same = sections[place].rows.firstIndex(where: { $0.key == name && $0.facts == facts }
        ) {
            let new = kinds.filter { !sections[place].rows[same].kinds.contains($0) }
            sections[place].rows[same].kinds += new
        } else {
            sections[place].rows.append(Row(key: name, kinds: kinds, facts: facts))
        }
    }

    private static func code(_ standard: String) -> String {
        standard.isEmpty ? "–" : "`\(standard)`"
    }

    /// The kind of the element that a path leads into.
    private static func kind(of path: String) -> String? {
        guard let match = path.firstMatch(of: /^([a-z.]+)\[(\d+)\]/),
            let kinds = kinds[String(match.output.1)], let index = Int(match.output.2),
            kinds.indices.contains(index),
            // The kind of a check is that of its statistics.
            match.output.1 != "analysis.checks" || path.contains(".statistics.")
        else { return nil }
        return kinds[index]
    }

    /// The page with its tables generated anew; nil without the mark behind the introduction.
    func page(updating text: String) -> String? {
        let mark = "<!-- Generated from here on; the last column is kept. -->\n"
        guard let end = text.firstRange(of: mark)?.upperBound else { return nil }
        let sentences = Self.sentences(of: text)
        var page = String(text[..<end])
        for (name, rows) in sections {
            page += "\n## \(name.isEmpty ? "The top" : name)\n\n"
            let hasKinds = rows.contains { !$0.kinds.isEmpty }
            page += "| key |\(hasKinds ? " kinds |" : "") type | default | range | |\n"
            page += "| --- |\(hasKinds ? " --- |" : "") --- | --- | --- | --- |\n"
            let all = Set(rows.flatMap(\.kinds))
            for row in rows {
                // Of two types of a key, the narrower says more.
                let hasNarrower = rows.contains {
                    $0.key == row.key && !$0.facts.hasPrefix(KeyDeclarations.text)
                }
                if hasNarrower, row.facts.hasPrefix(KeyDeclarations.text) { continue }
                let kinds =
                    Set(row.kinds) == all ? "all" : row.kinds.joined(separator: ", ")
                let sentence =
                    sentences["\(name) \(row.key) \(kinds)"] ?? sentences["\(name) \(row.key)"]
                    ?? ""
                page +=
                    "| `\(row.key)` |\(hasKinds ? " \(kinds) |" : "") \(row.facts) | \(sentence) |\n"
            }
        }
        return page
    }

    /// The last column of each row, by section and key, and by section, key and kinds.
    private static func sentences(of text: String) -> [String: String] {
        var sentences: [String: String] = [:]
        var section = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## ") {
                section = line == "## The top" ? "" : String(line.dropFirst(3))
            }
            guard line.hasPrefix("| `") else { continue }
            let cells = line.replacing("\\|", with: "\u{1}").split(
                separator: "|", omittingEmptySubsequences: false
            ).map { $0.replacing("\u{1}", with: "\\|").trimmingCharacters(in: .whitespaces) }
            let key = cells[1].replacing("`", with: "")
            let sentence = cells[cells.count - 2]
            guard !sentence.isEmpty else { continue }
            sentences["\(section) \(key)"] = sentences["\(section) \(key)"] ?? sentence
            sentences["\(section) \(key) \(cells[2])"] = sentence
        }
        return sentences
    }

    /// A configuration that sets every key that is read only beside another one. Its files need not
    /// exist: faults do not matter.
    static let everyKey = """
        roles: [gateway, notifier]
        auth: {token_files: [{path: /x, name: x, scopes: [read]}]}
        analysis:
          window: 5s
          probes:
            - {name: a, kind: disk}
            - {name: b, kind: process}
            - {name: c, kind: tcp, address: "x:1"}
            - {name: d, kind: http, url: "http://x", expect: [2xx], fields: {X.SIGNAL: /x}, ACCESS}
            - {name: e, kind: prometheus, url: "http://x", select: {NAME: x}, canary: {NAME: x}, stable: {NAME: x}, ACCESS}
            - {name: f, kind: prometheus_query, url: "http://x", queries: {X.SIGNAL: {failing: x, total: x}}, ACCESS}
            - {name: g, kind: prometheus_query, url: "http://x", queries: {X.SIGNAL: {buckets: x}}, ACCESS}
            - {name: h, kind: file, path: /x, schema: json, made_at: /x, require: {NAME: number}, fields: {X.SIGNAL: /x}}
            - {name: i, kind: file, path: /x, schema: doctor, made_at: /x, require: {NAME: number}}
            - {name: j, kind: file, path: /x, schema: textfile, fields: {X.SIGNAL: x}}
            - {name: k, kind: queue, folder: /x}
            - {name: l, kind: queue, url: "http://x", pointer: /x, ACCESS}
            - {name: m, kind: command, command: [/x], environment: {NAME: x}, fields: {X.SIGNAL: /x}}
            - {name: n, kind: certificate, address: "x:1"}
          checks:
            - {id: canary.5xx_rate, statistics: {kind: counter, phi: 1, prev_warn: 1}}
            - {id: canary.p99_ms, statistics: {kind: latency, phi: 1, prev_warn: 1, q: 0.99, tau: 1}}
            - {id: canary.rps, stable_warn: 1, stable_fail: 1, previous_warn: 1, direction: below}
          concerns:
            NAME: {checks: [canary.rps], own: [{id: canary.rps, warn: 1}], template: {interval: 10s, count: 1, failure_limit: 1}}
          policies:
            - {name: x, match: {namespace: x, rollout: x}, checks: [{id: canary.rps, warn: 1}], concerns: {NAME: {checks: [canary.rps]}}}
        log: {min_free: 1GiB}
        bucket: {credentials: {access_key: x}}
        ha: {advertise: "https://x"}
        digest: {abort_after: 1, attempts: 1, links: [{name: x, url: "https://x"}], owners: [{match: {namespace: x}, owner: x}]}
        receivers:
          - {name: a, kind: slack, url: x}
          - {name: b, kind: slack, token: x, channel: C01, api_url: "https://x"}
          - {name: c, kind: webhook, url: x, body: x, headers: {NAME: x}, success: [200], retry: [500], variables: {NAME: x}}
          - {name: d, kind: smtp}
          - {name: e, kind: file}
          - {name: f, kind: exec, command: [/x]}
        route: {receivers: [a], routes: [{match: {namespace: x}, where: [az~x], receivers: [a], continue: true}]}
        silences:
          - {id: a, where: [az~x], days: [mon], from: "22:00", until: "23:00", utc_offset: "+01:00", who: x, why: x}
        """.replacing(
            "ACCESS",
            with: "headers: {NAME: x}, token: x, bearer_token_file: /x, basic_auth: {username: x}")
}
