import JSONScan

extension Settings {
    /// Everything that decides a verdict, as canonical JSON: interval, settle,
    /// fail share, checks with their limits, concerns. Its SHA-256 is the
    /// `policy` of verdicts.
    ///
    /// Two configurations that judge alike have the same bytes, whatever the
    /// order of their checks; where signals come from (probes, addresses) is
    /// left out, so that gateways in two zones can share a policy.
    public var policyDocument: [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            w.member("v", 1)
            w.member("interval_ms", Int(analysis.interval / .milliseconds(1)))
            w.member("settle_ms", Int(analysis.settle / .milliseconds(1)))
            w.member("fail_share", analysis.failShare)
            w.member(array: "checks") { w in
                for check in analysis.checks.sorted(by: { $0.id < $1.id }) {
                    w.object { w in
                        w.member("id", check.id)
                        w.member("warn", check.warn)
                        w.member("fail", check.fail)
                        w.member("direction", check.direction.rawValue)
                        w.member("critical", check.critical)
                        w.member("weight", check.weight)
                        w.member("nodata", check.nodata.rawValue)
                        w.member("advisory", check.advisory)
                    }
                }
            }
            w.member(object: "concerns") { w in
                for (name, ids) in analysis.concerns.sorted(by: { $0.key < $1.key }) {
                    w.member(array: name) { w in for id in Set(ids).sorted() { w.value(id) } }
                }
            }
        }
        return writer.bytes
    }
}
