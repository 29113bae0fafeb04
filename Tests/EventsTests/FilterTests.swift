import Events
import Testing

@Suite("The filter language")
struct FilterTests {
    /// Lines by a letter.
    static let lines: [(name: Character, line: String)] = [
        (
            "a",
            #"{"v":1,"id":"e1","ts":"2026-11-23T06:00:00.123Z","level":"error","event":"analysis.unhealthy","node":"gw-a1","az":"eu-1","epoch":"e","seq":42,"namespace":"prod","rollout":"payments-api","revision":"17","attempt":4,"status":"unhealthy","deltas":[{"metric":"canary.5xx_rate","value":0.019,"previous":0.002,"limit":0.01,"unit":"ratio","state":"fail"},{"metric":"canary.p99_ms","value":210,"state":"pass"}],"reasons":[{"check":"canary.5xx_rate","state":"fail","value":0.019,"limit":0.01,"why":"abs_fail"}],"message":"too \"few\" requests","document":{"status":"unhealthy","score":87,"canary":{"5xx_rate":0.019,"p99_ms":210},"disk":{"ok":true}}}"#
        ),
        (
            "b",
            #"{"id":"e2","ts":"2026-11-23T07:00:00Z","level":"warn","event":"analysis.degraded","node":"gw-b1","az":"eu-2","namespace":"prod","rollout":"search","attempt":10,"status":"degraded","deltas":[{"metric":"canary.5xx_rate","value":0.004},{"metric":"wait_s","value":0.5},{"metric":"heap","value":131072,"unit":"bytes"},{"metric":"lag","value":2,"unit":"s"}]}"#
        ),
        (
            "c",
            #"{"id":"e3","ts":"2026-11-24T06:00:00+02:00","level":"info","event":"analysis.healthy","node":"gw-a1","az":"eu-1","namespace":"dev","rollout":"payments-web","attempt":1,"status":"healthy","deltas":[]}"#
        ),
        (
            "d",
            #"{"id":"e4","ts":"2026-11-24T09:00:00Z","event":"backup.failed","node":"db-1","level":"error","team":"data","free":1048576,"tags":["x","y"],"own":{"deep":{"er":"yes"}},"a.b":"dotted","size":"12","note":"1%","until":null}"#
        ),
    ]

    /// The letters of the lines that a filter selects.
    static func selected(_ filter: Filter) -> String {
        String(lines.filter { filter.matches(Array($0.line.utf8)) }.map(\.name))
    }

    private static let selections: [(String, String)] = [
        ("", "abcd"), ("status=unhealthy", "a"), ("status!=unhealthy", "bcd"),
        ("attempt=4", "a"), ("attempt=4.0", "a"), ("attempt>1", "ab"), ("attempt<10", "ac"),
        ("attempt>=4", "ab"), ("attempt<=4", "ac"), ("attempt >= 4", "ab"),
        ("message~few", "a"), (#"message~"\"few\" req""#, "a"), ("message~'too \"f'", "a"),
        (#"rollout=~"^pay.*(api|web)$""#, "ac"), ("rollout=~'-[b-w]{2,3}$'", "c"),
        ("rollout=~^pay", "ac"), ("rollout=~(?i)PAYMENTS", "ac"),
        ("rollout in (search, payments-web)", "bc"), ("rollout in (\"search\")", "b"),
        ("rollout not in (search,payments-web)", "ad"), ("not rollout in (search)", "acd"),
        ("attempt in (1, 4)", "ac"),
        // Joints.
        ("namespace=prod status=degraded", "b"), ("namespace=prod and status=degraded", "b"),
        ("status=degraded or status=healthy", "bc"),
        ("status=degraded OR namespace=dev AND attempt=1", "bc"),
        ("(status=degraded or status=healthy) namespace=prod", "b"),
        ("not (namespace=prod or namespace=dev)", "d"), ("not not status=healthy", "c"),
        ("not namespace=prod attempt=1", "c"), ("( ( az=eu-1 ) )", "ac"),
        // Ordered words.
        ("status>=degraded", "ab"), ("status<unhealthy", "bc"), ("level>warn", "ad"),
        // Times.
        ("ts>2026-11-23T06:30:00Z", "bcd"), ("ts<=2026-11-24T04:00:00Z", "abc"),
        ("ts=2026-11-24T04:00:00Z", "c"), ("ts>2026-11-24", "cd"), ("ts<2026-11-24", "ab"),
        // Lists, element by element.
        ("deltas.metric=canary.p99_ms", "a"), ("deltas.value>200", "ab"),
        ("deltas.canary.5xx_rate.value>0.01", "a"), ("deltas.0.value<0.01", "b"),
        ("deltas.canary.p99_ms.value=210", "a"), ("deltas.canary.p99_ms.metric~p99", "a"),
        ("deltas.state=fail", "a"), ("reasons.canary.5xx_rate.why=abs_fail", "a"),
        ("deltas~lag", "b"), ("deltas.metric!=canary.p99_ms", "bcd"),
        // Units.
        ("deltas.value>1%", "a"), ("deltas.value<1%", "b"), ("deltas.value=1.9%", "a"),
        ("deltas.canary.5xx_rate.value>1%", "a"), ("deltas.canary.5xx_rate.value>0.4%", "a"),
        ("deltas.value>=200ms", "ab"), ("deltas.value>0.4s", "b"), ("deltas.value=500ms", "b"),
        ("deltas.wait_s.value=500ms", "b"), ("deltas.canary.p99_ms.value>0.2s", "a"),
        ("deltas.value>64KiB", "b"), ("deltas.lag.value>1999ms", "b"),
        ("document.canary.5xx_rate>1%", "a"), ("document.canary.p99_ms>0.2s", "a"),
        ("free>=1MiB", "d"),
        // Wildcards.
        ("event=analysis.*", "abc"), ("rollout=pay*api", "a"), ("event!=analysis.*", "d"),
        ("event in (backup.*, analysis.healthy)", "cd"), ("rollout=*", "abc"),
        // Other members.
        ("document.disk.ok=true", "a"), ("document.score>80", "a"), ("until=null", "d"),
        ("revision=17", "a"), ("revision>9", "a"), ("status=*healthy", "ac"),
    ]

    @Test("each filter selects the expected lines", arguments: selections)
    func selects(text: String, expected: String) throws {
        let filter = try Filter(text)
        #expect(Self.selected(filter) == expected)
        for (name, line) in Self.lines {
            let bytes = Array(line.utf8)
            let isStored = bytes.withUnsafeBytes { filter.matches(stored: $0) }
            #expect(isStored == expected.contains(name), "the stored line \(name)")
        }
        // The text of a filter means the same.
        let again = try Filter(filter.description)
        #expect(again.description == filter.description)
        #expect(Self.selected(again) == expected, "\(filter)")
    }

    private static let own: [(String, String)] = [
        ("team=data", "d"), ("tags=y", "d"), ("tags~y", "d"), ("own.deep.er=yes", "d"),
        ("own.deep=yes", ""), ("a.b=dotted", "d"), ("size=12", "d"), ("size>9", "d"),
        ("team!=data status=healthy", "c"), (#""team"=data"#, "d"), ("note=1%", "d"),
        ("status=elsewhere", ""), ("attempt>ten", ""), ("team=x or status>=degraded", "ab"),
        ("free>0.5MiB", "d"), ("note>'1KB'", ""), ("note<'9x'", "d"), ("team=1KB", ""),
        ("attempt=4 attempt=4.0", "a"), ("tags=x tags=y", "d"), ("az=eu* az=eu-1", "ac"),
        ("team=dä*", ""), ("team=*t*", "d"),
    ]

    @Test("fields of senders' own", arguments: own)
    func anyField(text: String, expected: String) throws {
        let filter = try Filter(text, .events.orAny)
        #expect(Self.selected(filter) == expected)
        #expect(try Filter(filter.description, .events.orAny) == filter)
    }

    /// Lists of scalars: a line matches if an element does.
    private static let lists: [(filter: String, expected: String)] = [
        ("tags=x", "ps"), ("tags!=x", "qrt"), ("not tags=x", "qrt"), ("tags=X", ""),
        ("tags=x*", "ps"), ("tags~ye", "p"), ("tags=~'^ye'", "p"), ("tags=~'^x.*yes$'", ""),
        ("tags in (yes, z)", "p"), ("tags not in (yes, z)", "qrst"), ("tags>w", "ps"),
        ("tags<w", "r"), ("tags='[\"x\",\"yes\"]'", ""), ("tags.0=x", "p"), ("tags.1=x", ""),
        ("tags=null", "r"), ("tags=true", "r"), ("not tags~''", "qt"), ("tags=x tags=yes", "p"),
        ("ports=443", "pq"), ("ports=443.0", "p"), ("ports>1000", "p"), ("ports>=8080", "p"),
        ("ports<443", "q"), ("ports<=80", "q"), ("ports in (80, 8080)", "pq"),
        ("ports not in (80)", "prst"), ("ports!=443", "rst"), ("ports=~'^80'", "pq"),
        ("sizes>1MiB", "p"), ("sizes<64KiB", "p"), ("wait_ms>=0.2s", "p"), ("share<2%", "p"),
        ("data.zones=b", "p"), ("data.zones in (c)", ""), ("deep.names=b", "p"),
        ("nested=inner", "p"), ("tags>=x ports>400", "p"),
    ]

    private static let listLines: [(name: Character, line: String)] = [
        (
            "p",
            #"{"tags":["x","yes"],"ports":[443,8080],"sizes":[100,2097152],"wait_ms":[50,200],"share":[0.01,0.5],"data":{"zones":["a","b"]},"deep":[{"names":["a"]},{"names":["c","b"]}],"nested":[["inner"],"outer"]}"#
        ),
        ("q", #"{"tags":[],"ports":[80,"443"]}"#), ("r", #"{"tags":[null,true,7]}"#),
        ("s", #"{"tags":"x"}"#), ("t", #"{"other":["x"]}"#),
    ]

    @Test("each operator compares a list of texts or numbers element by element", arguments: lists)
    func elements(filter text: String, expected: String) throws {
        let filter = try Filter(text, .events.orAny)
        let again = try Filter(filter.description, .events.orAny)
        for (name, line) in Self.listLines {
            let bytes = Array(line.utf8)
            let holds = expected.contains(name)
            #expect(filter.matches(bytes) == holds, "the line \(name)")
            #expect(again.matches(bytes) == holds, "\(filter) on the line \(name)")
            #expect(bytes.withUnsafeBytes { filter.matches(stored: $0) } == holds, "\(name) stored")
        }
    }

    private static let refusals: [(String, Int, String, String)] = [
        // Names.
        ("stauts=degraded", 1, "no field stauts", "did you mean status?"),
        ("namespace=prod  stauts=degraded", 17, "no field stauts", "did you mean status?"),
        ("team=data", 1, "no field team", "known are id, node"),
        ("deltas.valu>1", 1, "no field deltas.valu", "did you mean deltas.value?"),
        (
            "deltas.canary.5xx_rate.valeu>1", 1, "valeu",
            "did you mean deltas.canary.5xx_rate.value?"
        ),
        ("deltas.canary.5xx_rate>1", 1, "5xx_rate", "deltas.canary.5xx_rate.value?"),
        ("deltas>1", 1, "deltas is a list", "did you mean deltas.value?"),
        ("document.stauts=healthy", 1, "stauts", "did you mean document.status?"),
        ("attempt.n=1", 1, "attempt has no members", "write attempt"),
        ("reasons.0.check.x=1", 1, "x is no member of reasons", "known are check"),
        // Values.
        ("attempt>ten", 1, "attempt is a number", "plain number"),
        ("attempt=3.5", 1, "attempt is a whole number", "compare by < or >"),
        ("attempt in (1, 2.5)", 1, "whole number", "< or >"),
        ("deltas.*.value>1", 1, "* is no element of deltas", "write deltas.value"),
        ("deltas.-1.value>1", 1, "-1 is no element of deltas", "a number from 0"),
        ("rollout=a rollout=b", 1, "rollout never has two values", "rollout in (a, b)"),
        ("az=x (attempt=1 or attempt=2) az=y", 1, "az never has two values", "az in (x, y)"),
        ("attempt=", 1, "no value", "\"\""), ("attempt=nan", 1, "is a number", "number"),
        ("attempt>1%", 1, "not measured in this unit", "plain number"),
        ("attempt in (1, two)", 1, "is a number", "number"),
        ("status=degradet", 1, "no status is = degradet", "did you mean degraded?"),
        ("status~unhealty", 1, "no status is ~", "did you mean unhealthy?"),
        ("status=~^bad", 1, "no status is =~", "known are healthy, degraded"),
        ("status=x*", 1, "no status is = x*", "known are"),
        ("status>=bad", 1, "no status is >= bad", "known are"),
        ("level in (warn, eror)", 1, "no level is in eror", "did you mean error?"),
        ("deltas.state=failed", 1, "no deltas.state is", "did you mean fail?"),
        ("deltas.state>fail", 1, "has no order", "deltas.state=pass"),
        ("event=analysis.unhealty", 1, "no such event", "did you mean analysis.unhealthy?"),
        ("deltas.canary.p99_ms.value>1%", 1, "not measured in this unit", "in ms"),
        ("deltas.value>many", 1, "is a number", "1% or 250ms"),
        ("document.disk.speed>5ms", 1, "unit of document.disk.speed", "plain number"),
        ("ts>10m", 1, "ts is a time", "since"), ("ts>yesterday", 1, "ts is a time", "RFC 3339"),
        ("ts=2026-11-23", 1, "no time equals its beginning", "ts~2026-11-23"),
        ("ts in (2026-11-23)", 1, "no time equals its beginning", "ts~2026-11-23"),
        ("measured=yes", 1, "no measured is = yes", "true"),
        ("rollout=~\"(pay\"", 1, "a group is not closed", "close it"),
        ("rollout=~'(?=x)'", 1, "not supported", "(?:…)"),
        // Structure.
        ("(status=degraded", 1, "the parenthesis is not closed", "close it"),
        ("status=degraded)", 16, "nothing opens this parenthesis", "remove it"),
        ("()", 1, "nothing between", "remove"),
        ("status=degraded, az=x", 1, "a comma joins nothing", "and between"),
        ("status=degraded,az=x", 1, "a comma joins nothing", "in (a, b)"),
        (", status=degraded", 1, "a comma joins nothing", "and between"),
        ("rollout=\"a\", az=x", 12, "a comma joins nothing", "and between"),
        ("rollout in (a,, b)", 15, "a value of the list is missing", "in (a, b)"),
        ("rollout in (a, b,)", 12, "a value of the list is missing", "in (a, b)"),
        ("rollout in ()", 12, "a value of the list is missing", "in (a, b)"),
        ("rollout in (a b)", 1, "no comma between the values", "quote"),
        ("rollout in (a", 12, "the list is not closed", "close it"),
        ("rollout in a, b", 1, "in needs a list", "in (a, b)"),
        ("rollout=(a, b)", 1, "a comma joins nothing", "in (a, b)"),
        ("rollout=(a b)", 1, "a parenthesis of the value", "in (a, b)"),
        ("status", 1, "no comparison", "status=value"),
        ("message~too few", 13, "no comparison", "quote a value with spaces"),
        ("az=a or", 8, "a condition is missing", "field=value"),
        ("or az=a", 1, "a condition is missing before or", "remove or"),
        ("az=a and and az=b", 10, "a condition is missing before and", "remove and"),
        ("az=a && az=b", 6, "unknown word", "write and"),
        ("az=a || az=b", 6, "unknown word", "write or"),
        ("!az=a", 1, "unknown comparison", "not before the condition"),
        ("az==b", 1, "unknown comparison", "write ="),
        ("az!~b", 1, "unknown comparison", "not before the condition"),
        ("az<>b", 1, "unknown comparison", "write !="),
        ("attempt=>3", 1, "unknown comparison", "use one of"),
        ("rollout=x =2", 11, "no field before the comparison", "field=value"),
        ("rollout= az=x", 1, "no value after the comparison", "\"\""),
        ("a..b=1", 1, "empty part in the path", "single dots"),
        (#"message="x"#, 1, "the quoted value doesn't end", "escape as in JSON"),
        (#"message=x"y"#, 1, "a quote inside the value", "quote the whole value"),
        (#"message="x"y"#, 1, "something follows the quoted value", "space"),
        (#"message~"\d""#, 1, "the quoted value doesn't end", "'…'"),
    ]

    @Test("an invalid filter is refused with its place and a suggestion", arguments: refusals)
    func refused(text: String, column: Int, fault: String, remedy: String) throws {
        let error = try #require(throws: FilterFault.self) { try Filter(text) }
        #expect(error.column == column, "\(error)")
        #expect(error.fault.contains(fault), "\(error)")
        #expect(error.remedy.contains(remedy), "\(error)")
    }

    @Test("any field accepts names and types, and no broken syntax")
    func lifted() throws {
        let name = try #require(throws: FilterFault.self) { try Filter("team=data") }
        #expect(name.described(anyField: "--any-field").contains("(--any-field accepts"))
        for text in ["(team=data", "team=a, b=c", "team", "team>5ms", "size>1KB", "size<=20k"] {
            let fault = try #require(throws: FilterFault.self) {
                try Filter(text, .events.orAny)
            }
            #expect(!fault.described(anyField: "--any-field").contains("--any-field"), "\(fault)")
        }
        #expect(throws: FilterFault.self) { try FilterFields.events.check(path: "stauts") }
        #expect(throws: FilterFault.self) { try FilterFields.events.check(path: "") }
        try FilterFields.events.check(path: "deltas.canary.5xx_rate.value")
        try FilterFields.events.orAny.check(path: "team.name")
    }

    @Test("the fields of digests are those of the groups and of what digests report")
    func digests() throws {
        let fields = FilterFields.digests(groupBy: ["namespace", "team.name"])
        for text in ["namespace=prod team.name=x", "kind!=notice worst>=unknown az~eu"] {
            #expect(try Filter(text, fields).description.split(separator: " ").count > 2)
        }
        let fault = try #require(throws: FilterFault.self) { try Filter("rollout=a", fields) }
        #expect(fault.remedy.contains("digest.group_by"))
        // A digest may report two zones, but is of one group.
        #expect(try Filter("az=a az=b kind=failing kind=degraded", fields).terms.count == 4)
        #expect(throws: FilterFault.self) { try Filter("namespace=a namespace=b", fields) }
        #expect(throws: FilterFault.self) { try Filter("kind=notices", fields) }
    }

    @Test("elements of lists accept spaces in values, as they did before")
    func entries() throws {
        let fields = FilterFields.digests(groupBy: ["namespace", "rollout"])
        func text(_ entry: String) throws -> String {
            try Filter(entry: entry, fields).description
        }
        #expect(try text("az=eu west 1") == #"az="eu west 1""#)
        #expect(try text("az!=eu west") == #"az!="eu west""#)
        #expect(try text("az~eu west") == #"az~"eu west""#)
        #expect(try text("namespace=prod rollout~pay") == "namespace=prod and rollout~pay")
        #expect(try text("rollout~a=b") == #"rollout~"a=b""#)
        for entry in ["nothing", "=x", "az=a or", "zone=eu west", "az=a b=c d"] {
            #expect(throws: FilterFault.self, "\(entry)") { try text(entry) }
        }
    }

    @Test("a filter has bounds")
    func bounds() throws {
        let deep = String(repeating: "(", count: 40) + "az=a" + String(repeating: ")", count: 40)
        let long = String(repeating: "az=a ", count: 201)
        for text in [deep, long, String(repeating: "x", count: 9000)] {
            #expect(throws: FilterFault.self) { try Filter(text) }
        }
    }

    @Test("each of our event names has one kind")
    func kinds() {
        #expect(Set(EventName.all).count == EventName.all.count)
        #expect(EventName.kind(EventName.recovered) == .recovery)
        #expect(EventName.kind(EventName.rolloutPaused) == .outcome(.paused))
        #expect(EventName.kind("backup.failed") == nil)
        for status in VerdictStatus.allCases {
            #expect(EventName.kind(EventName.analysis(status)) == .verdict(status))
        }
    }
}
