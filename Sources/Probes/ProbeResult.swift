import Events
import JSON

/// The result of one probe in one measurement.
public struct ProbeResult: Sendable, Equatable {
    public enum Outcome: Sendable, Hashable {
        /// At least one signal has a value.
        case answered
        /// No signal has a value; this is the reason of the first.
        case absent(MissingDataReason)
    }

    /// The probe's name.
    public let probe: String
    /// The declared signals and others that the probe reported, in the probe's order.
    public let signals: [Signal]
    /// Time from the start of the run until the answer or until the run stopped waiting.
    public let duration: Duration
    public let outcome: Outcome
    /// Number of undeclared signals dropped because of `signalLimit`.
    public let dropped: Int

    /// Maximum number of signals of one probe; declared ones are kept beyond it.
    public static let signalLimit = 256

    /// Combines the declared and the reported signals.
    ///
    /// Missing declared signals become absent(missing_field), and so do signals that are reported
    /// with two values absent(garbage). Undeclared signals beyond `signalLimit` are dropped.
    public init(
        probe: String, declared: [SignalDeclaration], reported: [Signal], duration: Duration
    ) {
        var places: [String: Int] = [:]
        var signals: [Signal] = []
        for signal in reported {
            guard let place = places[signal.name] else {
                places[signal.name] = signals.count
                signals.append(signal)
                continue
            }
            let first = signals[place]
            guard first.value != signal.value else { continue }
            let absence = MissingData(
                .garbage, "reported twice, as \(first.value.words) and \(signal.value.words)")
            signals[place] = Signal(first.name, unit: first.unit, value: absence.value)
        }
        for declaration in declared where places[declaration.name] == nil {
            places[declaration.name] = signals.count
            signals.append(
                declaration.absent(
                    MissingData(.missingField, "the probe left this signal out")))
        }
        let most = max(Self.signalLimit, declared.count)
        dropped = max(0, signals.count - most)
        if dropped > 0 {
            let promised = Set(declared.map(\.name))
            signals =
                signals.filter { promised.contains($0.name) }
                + signals.filter { !promised.contains($0.name) }
            signals.removeLast(dropped)
        }
        self.probe = probe
        self.signals = signals
        self.duration = duration
        self.outcome = Self.outcome(of: signals)
    }

    private static func outcome(of signals: [Signal]) -> Outcome {
        var first: MissingDataReason?
        for signal in signals {
            guard case .absent(let why, _) = signal.value else { return .answered }
            first = first ?? MissingDataReason(rawValue: why) ?? .fault
        }
        return first.map(Outcome.absent) ?? .answered
    }
}

extension Signal.Value {
    /// The value in a reason.
    fileprivate var words: String {
        switch self {
        case .number(let number): JSONNumber.text(number)
        case .flag(let flag): "\(flag)"
        case .absent(let why, _): why
        }
    }
}

extension ProbeResult {
    /// One metric of a `Server-Timing` header (W3C Server Timing §3): the probe's name as a token,
    /// the duration in milliseconds, and the reason if there is no value.
    public var serverTiming: String {
        let name = String(
            decoding: probe.utf8.map { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: "."):
                    byte
                default: UInt8(ascii: "_")
                }
            }, as: UTF8.self)
        let tenths = Int64((duration.inSeconds * 10_000).rounded())
        var metric = "\(name.isEmpty ? "_" : name);dur=\(tenths / 10).\(tenths % 10)"
        if case .absent(let reason) = outcome { metric += ";desc=\"\(reason.rawValue)\"" }
        return metric
    }
}
