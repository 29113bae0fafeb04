import Testing

@testable import Settings

/// Two configurations compared key by key.
@Suite("What a configuration changes")
struct SettingsListTests {
    private func list(_ yaml: String) throws -> SettingsList {
        SettingsList(try Settings.parse(text: yaml).describe())
    }

    @Test("equal settings have no changes, however they are written")
    func equal() throws {
        let a = try list("log: {max_age: 30d}\nnode: gw")
        let b = try list("node: gw\nlog:\n  max_age: 720h")
        #expect(b.changes(since: a) == [])
    }

    @Test("a changed, a new and a removed key are named by their paths")
    func changes() throws {
        let old = try list(
            """
            node: gw
            receivers: [{name: a, kind: file}, {name: b, kind: file, directory: /x}]
            route: {receiver: a}
            """)
        let new = try list(
            """
            node: gw
            log: {max_age: 7d}
            receivers: [{name: b, kind: file, directory: /y}, {name: c, kind: file}]
            route: {receiver: b}
            """)
        let changes = new.changes(since: old)
        func change(_ key: String) -> SettingsList.Change? { changes.first { $0.key == key } }
        #expect(change("log.max_age")?.old == "30d" && change("log.max_age")?.new == "7d")
        #expect(change("receivers[b].directory")?.old == "/x")
        #expect(change("receivers[b].directory")?.new == "/y")
        #expect(change("receivers[c].name")?.old == nil && change("receivers[c].name")?.new == "c")
        #expect(change("receivers[a].name")?.old == "a" && change("receivers[a].name")?.new == nil)
        #expect(change("receivers[b].name") == nil && change("node") == nil)
    }

    @Test("the probes of a policy are compared, common ones and its own")
    func policies() throws {
        func policy(_ probes: String) -> String {
            "analysis: {policies: [{name: p, match: {rollout: a}, probes: [\(probes)]}]}"
        }
        let old = try list(policy("node"))
        let new = try list(policy("canary, {name: own, kind: disk}"))
        let changes = new.changes(since: old)
        func change(_ key: String) -> SettingsList.Change? { changes.first { $0.key == key } }
        let first = change("analysis.policies[p].probes[0]")
        #expect(first?.old == "node" && first?.new == "canary")
        #expect(change("analysis.policies[p].probes[own].kind")?.new == "disk")
    }
}
