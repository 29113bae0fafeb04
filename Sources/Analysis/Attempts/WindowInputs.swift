import Events
import JSON

/// The signals of one data window that an attempt was judged on.
///
/// Stored as compact JSON, as in the verdict's event. Another attempt in the
/// same window is judged on the same signals, also after a restart. Recorded
/// attempts can be judged by another policy.
public struct WindowInputs: Sendable, Equatable {
    /// The largest text that is stored, in bytes.
    public static let maxBytes = 12 * 1024

    public let window: MeasurementWindow
    /// One JSON object: signal names to their values.
    let text: [UInt8]

    init(window: MeasurementWindow, text: [UInt8]) {
        self.window = window
        // Drops the writer's spare capacity: thousands of these stay in memory.
        self.text = text.withUnsafeBufferPointer { Array($0) }
    }

    /// Stores all signals if they fit into `maxBytes`, else those that `policy`
    /// judges. Nil if these do not fit either.
    public init?(_ signals: [Signal], of window: MeasurementWindow, judgedBy policy: Policy) {
        let all = SignalBoard(signals).signals
        var text = Self.text(all)
        if text.count > Self.maxBytes {
            let judged = Set(policy.checks.flatMap { [$0.id] + ($0.baseline.map { [$0] } ?? []) })
            text = Self.text(all.filter { judged.contains($0.name) })
        }
        guard text.count <= Self.maxBytes else { return nil }
        self.init(window: window, text: text)
    }

    /// The stored signals, in order.
    public var signals: [Signal] { (tree.members ?? []).map(Signal.init(input:)) }

    // MARK: - Text

    private static func text(_ signals: [Signal]) -> [UInt8] {
        var writer = JSONWriter(capacity: 640)
        writer.object { w in
            for signal in signals {
                w.key(signal.name)
                signal.writeInput(to: &w)
            }
        }
        return writer.bytes
    }

    private var tree: JSONValue {
        let limits = JSONLimits(maxBytes: max(text.count, 1), maxDepth: 8)
        do { return try JSONValue(parsing: text, limits: limits) } catch { return .null }
    }

    /// The JSON in the event: `{"start":ms,"end":ms,"signals":{…}}`.
    var member: JSONValue {
        .object([
            .init("start", .number(String(window.start.milliseconds))),
            .init("end", .number(String(window.end.milliseconds))),
            .init("signals", tree),
        ])
    }

    /// Reads the inputs from an event or a checkpoint; nil for any other value.
    public init?(tree: JSONValue?) {
        guard let start = tree?["start"]?.moment, let end = tree?["end"]?.moment, start <= end,
            let signals = tree?["signals"], case .object = signals
        else { return nil }
        var writer = JSONWriter(capacity: 640)
        writer.value(signals)
        self.init(
            window: MeasurementWindow(start: start, end: end),
            text: writer.bytes)
    }
}

extension Signal {
    /// Writes a flag, a number alone or before its counts, or the reason of an absent value.
    ///
    /// `true`, `12`, `[0.002,[2,1000]]`, `[210,[100,200],[5,8,9]]` (without the
    /// last bucket's infinite edge), `{"why":"timeout","detail":"…"}`. Wrapped as
    /// `{"unit":"count","of":…}` if the name does not imply the unit.
    fileprivate func writeInput(to w: inout JSONWriter) {
        guard unit == MetricUnit(metricName: name) else {
            w.object { w in
                w.member("unit", unit.rawValue)
                w.key("of")
                writeValue(to: &w)
            }
            return
        }
        writeValue(to: &w)
    }

    private func writeValue(to w: inout JSONWriter) {
        switch value {
        case .flag(let flag): w.value(flag)
        case .absent(let why, let detail):
            w.object { w in
                w.member("why", why)
                if !detail.isEmpty { w.member("detail", detail) }
            }
        case .number(let number):
            switch evidence {
            case nil: w.value(number)
            case .counter(let failing, let total):
                w.array { w in
                    w.value(number)
                    w.array { w in
                        w.value(failing)
                        w.value(total)
                    }
                }
            case .histogram(let edges, let cumulative):
                w.array { w in
                    w.value(number)
                    w.array { w in for edge in edges where edge.isFinite { w.value(edge) } }
                    w.array { w in for count in cumulative { w.value(count) } }
                }
            }
        }
    }

    fileprivate init(input member: JSONValue.Member) {
        let named = member.value["unit"]?.string.flatMap(MetricUnit.init(rawValue:))
        let tree = named == nil ? member.value : member.value["of"] ?? .null
        self.init(
            member.key, unit: named ?? MetricUnit(metricName: member.key),
            value: .absent(why: Rule.missing.name, detail: ""))
        if let flag = tree.bool {
            value = .flag(flag)
        } else if let number = tree.double {
            value = .number(number)
        } else if let why = tree["why"]?.string {
            value = .absent(why: why, detail: tree["detail"]?.string ?? "")
        } else if let number = tree[0]?.double, let first = tree[1]?.elements?.compactMap(\.double)
        {
            value = .number(number)
            if let cumulative = tree[2]?.elements?.compactMap(\.double) {
                // JSON has no number for the last bucket's infinite edge.
                let open = cumulative.count > first.count ? [Double.infinity] : []
                evidence = .histogram(edges: first + open, cumulative: cumulative)
            } else if first.count == 2 {
                evidence = .counter(failing: first[0], total: first[1])
            }
        }
    }
}
