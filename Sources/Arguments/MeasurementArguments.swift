import Core

/// A value of a measurement's request that a probe's texts may contain as `$name` or `${name}`.
public enum MeasurementArgument: String, Sendable, Hashable, CaseIterable, Comparable {
    case rollout
    case namespace
    case revision
    case canaryHash = "canary_hash"
    case stableHash = "stable_hash"
    case step
    /// The length of the data window as a Prometheus duration in milliseconds, such as `30000ms`.
    case window

    /// The name of the request's field.
    public var field: String {
        switch self {
        case .canaryHash: "canaryHash"
        case .stableHash: "stableHash"
        default: rawValue
        }
    }

    /// Whether two rollouts of one namespace always have different values.
    public var isOfOneRollout: Bool {
        switch self {
        case .rollout, .canaryHash, .stableHash: true
        case .namespace, .revision, .step, .window: false
        }
    }

    /// The order in which they are listed.
    public static func < (a: Self, b: Self) -> Bool {
        (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }
}

/// The values of one measurement; an argument without a value is missing, never an empty text.
public struct MeasurementArguments: Sendable, Hashable {
    private let values: [MeasurementArgument: String]

    /// Leaves out empty values.
    public init(_ values: [MeasurementArgument: String] = [:]) {
        self.values = values.filter { !$0.value.isEmpty }
    }

    public subscript(argument: MeasurementArgument) -> String? { values[argument] }

    /// The same values with one more or another; an empty one removes it.
    public func setting(_ argument: MeasurementArgument, _ value: String) -> MeasurementArguments {
        MeasurementArguments(values.merging([argument: value]) { $1 })
    }

    /// The values of these arguments alone.
    public func only(_ used: Set<MeasurementArgument>) -> MeasurementArguments {
        MeasurementArguments(values.filter { used.contains($0.key) })
    }

    /// A value for every argument, to check texts before there is a request.
    public static let placeholders = MeasurementArguments(
        Dictionary(
            MeasurementArgument.allCases.map { ($0, "x") }, uniquingKeysWith: { first, _ in first })
    )
}

/// An argument has no value, or one that must not stand in this place.
public struct ArgumentFault: Error, Sendable, Hashable, CustomStringConvertible {
    public let argument: MeasurementArgument
    /// Whether the request did not carry the argument.
    public let isMissing: Bool
    /// What is wrong. Contains the untrusted value, at most 80 scalars of it.
    public let description: String

    static func missing(_ argument: MeasurementArgument) -> ArgumentFault {
        ArgumentFault(
            argument: argument, isMissing: true,
            description: "the request has no \(argument.field), which $\(argument.rawValue) needs")
    }

    static func unusable(
        _ argument: MeasurementArgument, _ value: String, _ why: String
    ) -> ArgumentFault {
        return ArgumentFault(
            argument: argument, isMissing: false,
            description: "$\(argument.rawValue) is \(InertText.quoted(value)), which \(why)")
    }
}
