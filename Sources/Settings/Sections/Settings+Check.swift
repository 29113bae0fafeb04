import Core

public import Events

extension Settings {
    /// One entry of `analysis.checks`: the limits of one signal.
    public struct Check: Sendable, Equatable {
        /// The side of a limit that is bad.
        public enum Direction: String, Sendable, CaseIterable {
            case above
            case below
        }

        /// The outcome of a check whose signal is missing.
        public enum NoData: String, Sendable, CaseIterable {
            case ignore
            case warn
            case unknown
            case fail
        }

        /// The signal's name, `object.field`.
        public var id: String
        /// The check warns when the value is strictly beyond this; nil: never.
        public var warn: Double?
        /// The check fails when the value is strictly beyond this; nil: never.
        public var fail: Double?
        public var direction = Direction.above
        /// Whether this check's failure alone makes the verdict unhealthy.
        public var critical = false
        public var weight = 1
        public var nodata = NoData.unknown
        /// Whether the check is listed but does not affect the verdict.
        public var advisory = false
        /// The allowed relative change against stable (`stable…`) and the previous attempt
        /// (`previous…`): 0.1 is 10 %; nil: no limit.
        public var stableWarn: Double?
        public var stableFail: Double?
        public var previousWarn: Double?
        /// How the counts are tested; nil: the plain number is compared with the limits.
        public var statistics: Statistics?

        public init(id: String, warn: Double? = nil, fail: Double? = nil) {
            self.id = id
            self.warn = warn
            self.fail = fail
            statistics = Statistics.standard(for: id)
        }

        /// Whether the check has limits relative to another value.
        public var isRelative: Bool {
            stableWarn != nil || stableFail != nil || previousWarn != nil
        }

        /// The unit of the signal, derived from its name.
        public var unit: MetricUnit { MetricUnit(metricName: id) }

        static var standard: [Check] {
            var errors = Check(id: "canary.5xx_rate", warn: 0.005, fail: 0.01)
            errors.critical = true
            errors.weight = 4
            var latency = Check(id: "canary.p99_ms", warn: 300, fail: 500)
            latency.weight = 4
            var disk = Check(id: "gateway.disk_ok", fail: 0.5)
            disk.direction = .below
            disk.weight = 2
            disk.nodata = .warn
            return [errors, latency, disk]
        }
    }
}

extension Settings.Check {
    init(reading r: MappingReader) {
        let id = r.text("id") ?? ""
        self.init(id: id, warn: r.number("warn"), fail: r.number("fail"))
        if id.isEmpty {
            r.lacks("id is missing", "name the signal, like canary.5xx_rate")
        } else if !Settings.isSignalName(id) {
            r.fault(
                "id", "\(InertText.quoted(id)) is not a signal's name",
                "write object.field in letters, digits, _ and -")
        }
        // A boolean signal needs no limit: the check fails when it is false.
        let isFlag = unit == .flag
        if isFlag, warn == nil, fail == nil { fail = 0.5 }
        direction = r.choice("direction", isFlag ? .below : .above)
        critical = r.flag("critical", critical)
        weight = r.integer("weight", weight, in: 0...1_000_000)
        nodata = r.choice("nodata", nodata)
        advisory = r.flag("advisory", advisory)
        readRelative(r)
        checkLimits(r, isFlag: isFlag)
        for key in ["warn", "fail", "stable_warn", "stable_fail", "previous_warn"] {
            guard case .empty? = r.value(key) else { continue }
            r.warn(
                key, "no value, so that there is no such limit", "give it one, or remove the key")
        }
        r.finish()
    }

    private mutating func readRelative(_ r: MappingReader) {
        let range = 0.0...1e6
        if r.has("stable_warn") { stableWarn = r.number("stable_warn", 0, in: range) }
        if r.has("stable_fail") { stableFail = r.number("stable_fail", 0, in: range) }
        if r.has("previous_warn") { previousWarn = r.number("previous_warn", 0, in: range) }
        statistics = Settings.Statistics.read(r, id: id)
        // Tests of counts compare with stable by themselves, and only for `direction: above`.
        guard statistics != nil, isRelative || direction == .below else { return }
        if r.has("statistics") {
            r.fault(
                "statistics",
                isRelative
                    ? "beside limits relative to another number" : "with direction: below",
                "write statistics: off to judge the bare number")
        }
        statistics = nil
    }

    private func checkLimits(_ r: MappingReader, isFlag: Bool) {
        if let stableWarn, let stableFail, stableWarn > stableFail {
            r.fault(
                "stable_warn", "\(stableWarn) lies beyond stable_fail (\(stableFail))", "swap them")
        }
        if stableWarn != nil || stableFail != nil, !id.hasPrefix("canary.") {
            r.fault(
                stableWarn != nil ? "stable_warn" : "stable_fail",
                "only canary signals have a stable one to compare with", "remove it")
        }
        if warn == nil, fail == nil, !r.has("warn"), !r.has("fail"), !isRelative,
            !r.has("statistics")
        {
            r.lacks("neither warn nor fail is given", "give at least one of the two limits")
        }
        if let warn, let fail, direction == .above ? warn > fail : warn < fail {
            r.fault(
                "warn", "\(warn) lies beyond fail (\(fail)), so it never warns",
                "swap them, or write direction: \(direction == .above ? "below" : "above")")
        }
        if fail == nil, stableFail == nil, statistics == nil, critical {
            r.warn("critical", "without a fail limit it never fails", "give fail a limit")
        }
        if advisory, critical {
            r.warn("critical", "an advisory check never counts", "remove one of the two")
        }
        if unit == .ratio {
            for (key, limit) in [("warn", warn), ("fail", fail)] {
                if let limit, limit > 1 || limit < 0 {
                    r.warn(
                        key, "\(limit) for a proportion from 0 to 1",
                        "1% is 0.01")
                }
            }
        }
    }
}

extension Settings {
    /// Whether the text is `object.field`: letters, digits, `_`, `-`, and at least one dot.
    static func isSignalName(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count >= 2 && text.utf8.count <= 128
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.unicodeScalars.allSatisfy {
                        $0.isLetterASCII || $0.isDigit || "_-".unicodeScalars.contains($0)
                    }
            }
    }
}
