import Events
import JSON

/// A checkpoint cannot be read. Its series is then rebuilt from the log.
public struct CheckpointFault: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String
}

extension SeriesState {
    /// The state as compact JSON. An evaluation in progress is not part of it.
    var checkpoint: String {
        var writer = JSONWriter(capacity: 1536)
        writer.object { w in
            w.member("v", 1)
            w.member("epoch", epoch)
            w.member("attempts", attempts)
            w.member("heard", requestedAt)
            w.member("unmeasured", unmeasured)
            if let unmeasuredAt { w.member("unmeasured_at", unmeasuredAt) }
            w.member("began", began)
            if let ended { w.member("ended", ended) }
            if let attemptedAt { w.member("attempted_at", attemptedAt) }
            w.member(array: "pace_ms") { w in
                for span in [gap, pace] { if let span { w.value(span.wholeMilliseconds) } }
            }
            if let subject {
                w.member(array: "subject") { w in
                    w.value(subject.namespace)
                    w.value(subject.rollout)
                    w.value(subject.revision)
                }
            }
            if let frozen {
                w.member(object: "verdict") { w in
                    w.member("n", frozen.number.n)
                    w.member("source", frozen.number.source.rawValue)
                    w.member("status", frozen.status.rawValue)
                    w.member("at", frozen.measuredAt)
                    w.member("sha256", frozen.document.digest)
                    w.key("document")
                    w.raw(frozen.document.bytes)
                }
            }
            history.write(to: &w)
        }
        return writer.text
    }

    init(checkpoint: String) throws(CheckpointFault) {
        let tree: JSONValue
        do {
            let limits = JSONLimits(maxBytes: 1 << 20, maxDepth: 16)
            tree = try JSONValue(parsing: Array(checkpoint.utf8), limits: limits)
        } catch { throw CheckpointFault(description: "checkpoint: \(error)") }
        guard tree["v"]?.integer == 1, let epoch = tree["epoch"]?.count?.value,
            let attempts = tree["attempts"]?.count?.value,
            let requestedAt = tree["heard"]?.timestamp,
            let unmeasured = tree["unmeasured"]?.count?.value
        else { throw CheckpointFault(description: "checkpoint: a member is missing or damaged") }
        self.init(
            epoch: epoch, attempts: attempts, requestedAt: requestedAt,
            began: tree["began"]?.timestamp ?? Timestamp(milliseconds: 0),
            ended: tree["ended"]?.timestamp, subject: RunSubject(checkpoint: tree),
            attemptedAt: tree["attempted_at"]?.timestamp,
            gap: tree["pace_ms"]?[0]?.integer.map { .milliseconds($0) },
            pace: tree["pace_ms"]?[1]?.integer.map { .milliseconds($0) }, unmeasured: unmeasured,
            unmeasuredAt: tree["unmeasured_at"]?.timestamp, history: SeriesHistory(tree: tree))
        if let verdict = tree["verdict"] {
            guard let n = verdict["n"]?.count?.value, let at = verdict["at"]?.timestamp,
                let source = verdict["source"]?.string.flatMap(
                    AttemptNumber.Source.init(rawValue:)),
                let status = verdict["status"]?.string.flatMap(VerdictStatus.init(rawValue:)),
                let tree = verdict["document"]
            else { throw CheckpointFault(description: "checkpoint: the verdict is damaged") }
            let document = VerdictDocument(tree: tree)
            guard document.digest == verdict["sha256"]?.string else {
                throw CheckpointFault(description: "checkpoint: the document's bytes have changed")
            }
            frozen = FrozenVerdict(
                number: AttemptNumber(n: n, epoch: epoch, source: source), status: status,
                document: document, measuredAt: at)
        }
    }
}

extension RunSubject {
    /// Older versions stored the names in the verdict's document only.
    fileprivate init?(checkpoint tree: JSONValue) {
        let document = tree["verdict"]?["document"]
        guard let rollout = (tree["subject"]?[1] ?? document?["rollout"])?.string,
            let namespace = (tree["subject"]?[0] ?? document?["namespace"])?.string
        else { return nil }
        self.init(
            namespace: namespace, rollout: rollout, revision: tree["subject"]?[2]?.string ?? "")
    }
}

extension SeriesHistory {
    fileprivate func write(to w: inout JSONWriter) {
        w.member("status", lastStatus?.rawValue)
        w.member("policy", policy)
        w.member("binary", binary)
        w.member("mixed", mixed)
        if let inputs { w.member("inputs", inputs.member) }
        if let notBefore { w.member("not_before", notBefore) }
        w.key("previous")
        previous.write(to: &w)
        w.member(array: "healthy") { w in for values in healthy { values.write(to: &w) } }
        w.member(object: "evidence") { w in
            for (check, run) in evidence.sorted(by: { $0.key < $1.key }) {
                w.member(object: check) { w in
                    w.member(array: "logs") { w in for log in run.logs { w.value(log) } }
                    w.member("peak", run.peak)
                    w.key("window")
                    if let window = run.lastWindow { w.value(window) } else { w.null() }
                    if let counts = run.counts {
                        w.member(array: "counts") { w in
                            w.value(counts.canaryFailing)
                            w.value(counts.canaryTotal)
                            w.value(counts.stableFailing)
                            w.value(counts.stableTotal)
                        }
                    }
                    w.member("clean", run.clean)
                    w.member(array: "stable") { w in
                        w.value(run.stable.windows)
                        w.value(run.stable.failing)
                        w.value(run.stable.total)
                        w.value(run.stable.squares)
                    }
                }
            }
        }
    }

    fileprivate init(tree: JSONValue) {
        self.init(
            previous: MetricValues(tree: tree["previous"]),
            healthy: (tree["healthy"]?.elements ?? []).map { MetricValues(tree: $0) },
            lastStatus: tree["status"]?.string.flatMap(VerdictStatus.init(rawValue:)),
            policy: tree["policy"]?.string, binary: tree["binary"]?.string,
            mixed: tree["mixed"]?.bool ?? false, inputs: WindowInputs(tree: tree["inputs"]),
            notBefore: tree["not_before"]?.timestamp)
        for member in tree["evidence"]?.members ?? [] {
            evidence[member.key] = RunEvidence(
                logs: (member.value["logs"]?.elements ?? []).compactMap(\.double),
                peak: member.value["peak"]?.double ?? 0,
                lastWindow: member.value["window"]?.integer,
                counts: WindowCounts(tree: member.value["counts"]),
                clean: member.value["clean"]?.count?.value ?? 0,
                stable: Dispersion(tree: member.value["stable"]))
        }
    }
}

extension WindowCounts {
    fileprivate init?(tree: JSONValue?) {
        let sums = (tree?.elements ?? []).compactMap(\.double)
        guard sums.count == 4 else { return nil }
        self.init(canary: (sums[0], sums[1]), stable: (sums[2], sums[3]))
    }
}

extension Dispersion {
    fileprivate init(tree: JSONValue?) {
        self.init(
            windows: tree?[0]?.count?.value ?? 0, failing: tree?[1]?.double ?? 0,
            total: tree?[2]?.double ?? 0, squares: tree?[3]?.double ?? 0)
    }
}

extension MetricValues {
    fileprivate func write(to w: inout JSONWriter) {
        w.object { w in for entry in entries { w.member(entry.metric, entry.value) } }
    }

    fileprivate init(tree: JSONValue?) {
        self.init(
            (tree?.members ?? []).compactMap { member in
                member.value.double.map { (member.key, $0) }
            })
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, _ moment: Timestamp) {
        key(name)
        value(moment.milliseconds)
    }
}

extension JSONValue {
    fileprivate var timestamp: Timestamp? { integer.map { Timestamp(milliseconds: $0) } }
}

extension JSONValue {
    /// A time in milliseconds since 1970; nil outside `Timestamp.range`.
    var moment: Timestamp? {
        integer.map { Timestamp(milliseconds: $0) }.flatMap {
            Timestamp.range.contains($0) ? $0 : nil
        }
    }
}
