public import Events
import JSON

/// By what a probe selects the data of one rollout; an element of the document's `scope`.
public struct ProbeScope: Sendable, Hashable {
    /// The most probes in one document.
    public static let most = 8

    public let probe: String
    /// The arguments that the probe uses; empty: it has the same data for all rollouts.
    public let arguments: [String]

    public init(probe: String, arguments: [String]) {
        self.probe = probe
        self.arguments = arguments
    }

    /// The scopes in the document of a verdict's event.
    public static func all(in event: Event) -> [ProbeScope] {
        (event.extra("document")?["scope"]?.members ?? []).map { probe in
            ProbeScope(
                probe: probe.key,
                arguments: (probe.value.elements ?? []).compactMap(\.string))
        }
    }
}
