import Events
import Foundation
import Probes
import Settings
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import App

/// Tables that people write in docs/, compared with the code.
@Suite("Tables of the documentation")
struct DocumentedTablesTests {
    /// The cells of the rows of the first table with this header; `after` is a line before it.
    private static func rows(
        _ page: String, _ header: String, after heading: String = ""
    ) throws -> [[String]] {
        let path = LayoutTests.top.appendingPathComponent("docs/\(page)")
        let lines = try String(contentsOf: path, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        var begin = 0
        if !heading.isEmpty { begin = try #require(lines.firstIndex { $0 == heading }) }
        let place = try #require(
            lines[begin...].firstIndex { $0 == header }, "docs/\(page) has no table \(header)")
        let rows = lines[place...].dropFirst(2).prefix { $0.hasPrefix("|") }
        try #require(!rows.isEmpty)
        return rows.map { row in
            row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    /// What a cell has as code.
    private static func words(_ cell: String) -> [String] {
        cell.matches(of: #/`([^`]+)`/#).map { String($0.output.1) }
    }

    private static func probe(_ keys: String) throws -> Settings.Probe {
        let folder = try TemporaryDirectory("tables")
        let path = folder.file("bellwether.yaml")
        try "analysis: {probes: [{name: NAME, \(keys)}]}"
            .write(toFile: path, atomically: true, encoding: .utf8)
        return try #require(try Settings.load(path: path, environment: [:]).analysis.probes.first)
    }

    @Test("docs/probes.md has every reason of missing data, and no other")
    func reasons() throws {
        let shown = try Self.rows("probes.md", "| reason | |").flatMap { Self.words($0[0]) }
        #expect(shown.sorted() == MissingDataReason.allCases.map(\.rawValue).sorted())
    }

    @Test("docs/probes.md has every kind of probe with the signals that it reports")
    func kinds() throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let keys = [
            "disk": "path: /", "process": "process: x", "tcp": "address: \"127.0.0.1:1\"",
            "http": "url: \"http://127.0.0.1:1\"", "prometheus": "url: \"http://127.0.0.1:1\"",
            "queue": "folder: /x", "command": "command: [/bin/true]",
            "certificate": "address: \"127.0.0.1:1\"",
        ]
        var shown: Set<String> = []
        var compared = 0
        for row in try Self.rows("probes.md", "| kind | signals | |") {
            let kind = try #require(Self.words(row[0]).first)
            shown.insert(kind)
            guard let keys = keys[kind] else { continue }
            compared += 1
            let words = Self.words(row[1])
            var signals = Set(words.filter { $0.contains(".") })
            // "and the same of `stable`"
            if words.contains("stable") {
                signals.formUnion(signals.map { $0.replacing("canary.", with: "stable.") })
            }
            let probe = try Self.probe("kind: \(kind), \(keys)")
                .made(with: .init(engine: engine), idle: .seconds(60))
            #expect(Set(probe.signals.map(\.name)) == signals, "\(kind)")
        }
        #expect(compared == keys.count)
        // The configuration reference is generated.
        let reference = try Self.rows(
            "configuration.md", "| key | kinds | type | default | range | |",
            after: "## analysis.probes[]")
        let known = reference.flatMap { $0[1].split(separator: ", ") }.filter { $0 != "all" }
            .map { String($0.prefix { $0 != " " }) }
        #expect(shown == Set(known))
    }

    @Test("docs/probes.md has every preset with the names and values that it sets")
    func presets() throws {
        var shown: [String] = []
        for row in try Self.rows("probes.md", "| `preset` | counter, label | failing |") {
            let preset = try #require(Self.words(row[0]).first)
            shown.append(preset)
            let probe = try Self.probe(
                "kind: prometheus, url: \"http://127.0.0.1:1\", preset: \(preset)")
            var page: Settings.Probe.Prometheus?
            if case .prometheus(let read) = probe.kind { page = read }
            let set = try #require(page)
            #expect(Self.words(row[1]) == [set.requests, set.statusLabel], "\(preset)")
            // Without the words in parentheses.
            let failing = row[2].replacing(#/ \([^)]*\)/#, with: "").split(separator: ", ")
            #expect(failing.map(String.init) == set.failing, "\(preset)")
        }
        let all = Settings.Probe.Prometheus.Preset.allCases.map(\.rawValue)
        #expect(shown.sorted() == all.sorted())
    }

    @Test("docs/design.md has tests for every invariant of ARCHITECTURE.md")
    func invariants() throws {
        let text = try String(
            contentsOf: LayoutTests.top.appendingPathComponent("ARCHITECTURE.md"), encoding: .utf8)
        let begin = try #require(text.firstRange(of: "\n## Invariants\n")).upperBound
        let section = text[begin...].prefix(
            upTo: text[begin...].firstRange(of: "\n## ")?.lowerBound ?? text.endIndex)
        let numbers = section.matches(of: #/(?m)^(\d+)\. /#).map { String($0.output.1) }
        let rows = try Self.rows(
            "design.md", "| | tests |", after: "## The tests of the invariants")
        #expect(numbers.count > 10)
        #expect(rows.map { $0[0] } == numbers)
        #expect(rows.allSatisfy { !Self.words($0[1]).isEmpty })
    }

    @Test("docs/checks.md names every rule, and its table no other")
    func rules() throws {
        let source = try String(
            contentsOf: LayoutTests.top.appendingPathComponent(
                "Sources/Analysis/Judging/Rule.swift"), encoding: .utf8)
        let rules = Set(source.matches(of: #/= Rule\("(\w+)"\)/#).map { String($0.output.1) })
        #expect(rules.count > 5)
        let page = try String(
            contentsOf: LayoutTests.top.appendingPathComponent("docs/checks.md"), encoding: .utf8)
        #expect(rules.filter { !page.contains("`\($0)`") } == [])
        let table = try Self.rows("checks.md", "| rule (`why`) | outcome | when |")
        #expect(Set(table.flatMap { Self.words($0[0]) }).subtracting(rules) == [])
    }
}
