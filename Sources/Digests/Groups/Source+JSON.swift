import Events
import JSON

// The stored form of places and their metrics; see GroupState+JSON.swift.

extension Source {
    func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("az", az)
            w.member("node", node)
            w.member(array: "counts") { w in counts.write(to: &w) }
            if omittedMetrics > 0 { w.member("omitted", omittedMetrics) }
            w.member(array: "lanes") { w in for lane in lanes { lane.write(to: &w) } }
            w.member(array: "metrics") { w in for metric in metrics { metric.write(to: &w) } }
        }
    }

    init(tree: JSONValue) {
        self.init(az: tree["az"]?.string ?? "", node: tree["node"]?.string ?? "")
        counts = StatusCounts(tree: tree["counts"])
        omittedMetrics = tree.whole("omitted") ?? 0
        lanes = tree.list("lanes", Lane.init(tree:))
        metrics = tree.list("metrics", MetricTrack.init(tree:))
    }
}

extension Source.Lane {
    func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("concern", concern)
            w.member("status", status.rawValue)
            w.member("attempt", attempt)
            w.member("last_failure", lastFailure)
            w.member("series", series)
            w.member("healthy_run", healthyRun)
            w.member("failures", failures)
            if inconclusive > 0 { w.member("inconclusive", inconclusive) }
            if let inconclusiveLimit { w.member("inconclusive_limit", inconclusiveLimit) }
            if let failureLimit { w.member("failure_limit", failureLimit) }
            if let runCount { w.member("run_count", runCount) }
            w.member("failed", failed)
            w.member("heard", hasReported)
            w.member("seen", Int(lastSeen.milliseconds))
        }
    }

    init(tree: JSONValue) {
        self.init(
            concern: tree["concern"]?.string ?? "",
            at: tree.moment("seen") ?? Timestamp(milliseconds: 0))
        status = tree.status("status") ?? .healthy
        attempt = tree.whole("attempt")
        lastFailure = tree["last_failure"]?.string ?? ""
        series = tree["series"]?.string ?? ""
        healthyRun = tree.whole("healthy_run") ?? 0
        failures = tree.whole("failures") ?? 0
        inconclusive = tree.whole("inconclusive") ?? 0
        inconclusiveLimit = tree.whole("inconclusive_limit")
        failureLimit = tree.whole("failure_limit")
        runCount = tree.whole("run_count")
        failed = tree["failed"]?.bool ?? false
        hasReported = tree["heard"]?.bool ?? true
    }
}

extension MetricTrack {
    func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("metric", metric)
            w.member("unit", unit.rawValue)
            w.member("state", state.rawValue)
            w.member("value", value)
            w.member("previous", previous)
            w.member("stable", stable)
            w.member("limit", limit)
            w.member("first", first)
            w.member("first_passed", firstPassed)
            w.member("worst", worst)
            w.member("over_since", overSince)
            w.member("beyond_since", beyondSince)
            w.member("was_over", wasOver)
            w.member("lower_is_worse", lowerIsWorse)
            w.member(array: "history") { w in
                for value in history {
                    if let value { w.value(value) } else { w.null() }
                }
            }
            w.member(array: "attempts") { w in
                for attempt in samples.map(\.attempt) {
                    if let attempt { w.value(attempt) } else { w.null() }
                }
            }
        }
    }

    init?(tree: JSONValue) {
        guard let metric = tree["metric"]?.string else { return nil }
        self.init(
            metric, unit: tree["unit"]?.string.flatMap(MetricUnit.init(rawValue:)) ?? .count)
        state = tree["state"]?.string.flatMap(CheckState.init(rawValue:)) ?? .pass
        value = tree["value"]?.double
        previous = tree["previous"]?.double
        stable = tree["stable"]?.double
        limit = tree["limit"]?.double
        first = tree["first"]?.double
        // A state stored by an earlier version shows the value as before.
        firstPassed = tree["first_passed"]?.bool ?? true
        worst = tree["worst"]?.double
        overSince = tree.whole("over_since")
        beyondSince = tree.whole("beyond_since")
        wasOver = tree["was_over"]?.bool ?? false
        lowerIsWorse = tree["lower_is_worse"]?.bool ?? lowerIsWorse
        guard case .array(let values)? = tree["history"] else { return }
        var numbers: [JSONValue] = []
        if case .array(let known)? = tree["attempts"] { numbers = known }
        // A state stored by an earlier version has no attempt numbers.
        let unknown = values.count - numbers.count
        samples = values.enumerated().map { i, value in
            let number = i < unknown ? nil : numbers[i - unknown].integer
            return Sample(value.double, attempt: number.flatMap { Int(exactly: $0) })
        }
    }
}

extension Reason {
    /// Reads the form that `write(to:)` writes.
    init?(state tree: JSONValue) {
        guard let check = tree["check"]?.string else { return nil }
        self.init(
            check: check,
            state: tree["state"]?.string.flatMap(CheckState.init(rawValue:)) ?? .warn,
            value: tree["value"]?.double, limit: tree["limit"]?.double,
            stable: tree["stable"]?.double, previous: tree["previous"]?.double,
            unit: tree["unit"]?.string.flatMap(MetricUnit.init(rawValue:)),
            unproven: Unproven(state: tree["unproven"]), why: tree["why"]?.string ?? "",
            detail: tree["detail"]?.string ?? "")
    }
}

extension Reason.Unproven {
    fileprivate init?(state tree: JSONValue?) {
        guard let limit = tree?["limit"]?.double, let bound = tree?["bound"]?.double,
            let confidence = tree?["confidence"]?.double
        else { return nil }
        self.init(limit: limit, bound: bound, confidence: confidence)
    }
}

extension JSONValue {
    func whole(_ key: String) -> Int? { self[key]?.integer.flatMap { Int(exactly: $0) } }

    func moment(_ key: String) -> Timestamp? {
        self[key]?.integer.map(Timestamp.init(milliseconds:))
    }

    func status(_ key: String) -> VerdictStatus? {
        self[key]?.string.flatMap(VerdictStatus.init(rawValue:))
    }

    /// The elements of the array `key` that `read` accepts.
    func list<T>(_ key: String, _ read: (JSONValue) -> T?) -> [T] {
        (self[key]?.elements ?? []).compactMap(read)
    }
}
