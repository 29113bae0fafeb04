import Events
import Testing

@testable import EventLog

@Suite("Expressions")
struct ExpressionTests {
    static let line = Array(
        #"{"event":"analysis.unhealthy","status":"unhealthy","attempt":4,"ts":"2026-11-23T06:00:00.123Z","flag":true,"none":null,"message":"too \"few\" requests","deltas":[{"metric":"canary.5xx_rate","value":0.019},{"metric":"p99","value":210}],"a.b":"dotted","own":{"deep":{"er":"yes"}}}"#
            .utf8)

    @Test(
        "matches",
        arguments: [
            "", "status=unhealthy", "status!=healthy", "absent!=x", "attempt=4", "attempt=4.0",
            "attempt>3.5", "attempt<5", "message~few", #"message~"\"few\" req""#,
            "deltas.metric=p99", "deltas.value>200", "deltas.canary.5xx_rate.value>0.01",
            "deltas.p99.value=210", "deltas.canary.5xx_rate.metric~5xx", "deltas.0.value<0.02",
            "own.deep.er=yes",
            "flag=true", "none=null", "ts>2026-11-23T05", "ts<2026-11-24", "a.b=dotted",
            "status=unhealthy  attempt=4", "deltas~p99", "event~.un",
        ])
    func holds(text: String) throws { #expect(try Expression(text).matches(Self.line)) }

    @Test(
        "does not match",
        arguments: [
            "status=healthy", "status!=unhealthy", "absent=x", "absent>1", "attempt=40",
            "attempt>4", "message~many", "deltas.metric=p98", "deltas.value>211",
            "deltas.1.value<1", "deltas.canary.5xx_rate.value>0.02", "deltas.canary.value>0",
            "deltas.p99.value<210", "deltas.p999.value>0",
            "own.deep=yes", "flag=false", "none>1", "status=unhealthy attempt=5", "message>zz",
            "deltas.metric!=p99",
        ])
    func failsToHold(text: String) throws { #expect(try !Expression(text).matches(Self.line)) }

    @Test(
        "faults name the position and the remedy",
        arguments: [
            ("status", 1, "no comparison"), ("a=1 =2", 5, "no field before the comparison"),
            ("a=", 1, "no value after the comparison"), ("a==b", 1, "unknown comparison"),
            ("a..b=1", 1, "empty part in the path"), (#"a="x"#, 1, "the quoted value doesn't end"),
            (#"a="x"y"#, 1, "something follows the quoted value"),
            ("x=1 a!b", 5, "unknown comparison"),
        ])
    func faults(text: String, column: Int, fault: String) {
        #expect {
            _ = try Expression(text)
        } throws: { error in
            guard let error = error as? ExpressionFault else { return false }
            return error.column == column && error.fault == fault && !error.remedy.isEmpty
        }
    }
}
