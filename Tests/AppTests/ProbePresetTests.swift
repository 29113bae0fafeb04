import Events
import Foundation
import Settings
import TestSupport
import Testing

@testable import Probes

@Suite("Presets of the probe prometheus")
struct ProbePresetTests {
    /// Values that the sources really send, as their documentation and code name them.
    private static let values: [Settings.Probe.Prometheus.Preset: [(String, StatusWords.Meaning)]] =
        [
            .grpc: [
                ("OK", .ok), ("NotFound", .ok), ("Unimplemented", .failing),
                ("Unavailable", .failing), ("Unknown", .failing), ("200", .unknown),
            ],
            .envoy: [("2", .ok), ("4", .ok), ("5", .failing), ("503", .failing), ("0", .unknown)],
            .linkerd: [("success", .ok), ("failure", .failing), ("200", .unknown)],
            .istio: [("200", .ok), ("503", .failing), ("0", .failing), ("-", .unknown)],
            .nginx: [("200", .ok), ("499", .ok), ("504", .failing), ("", .unknown)],
            .traefik: [("200", .ok), ("500", .failing), ("0", .unknown)],
            .gatewayAPI: [("200", .ok), ("503", .failing), ("0", .failing), ("5", .unknown)],
        ]

    @Test(
        "each preset understands its source's statuses, and takes no other for a success",
        arguments: Settings.Probe.Prometheus.Preset.allCases)
    func statuses(preset: Settings.Probe.Prometheus.Preset) throws {
        let folder = try TemporaryDirectory("preset")
        let path = folder.file("bellwether.yaml")
        try
            "analysis: {probes: [{name: a, kind: prometheus, url: \"http://a\", preset: \(preset.rawValue)}]}"
            .write(toFile: path, atomically: true, encoding: .utf8)
        let settings = try Settings.load(path: path, environment: [:])
        guard case .prometheus(let probe)? = settings.analysis.probes.first?.kind else {
            Issue.record("\(settings.analysis.probes)")
            return
        }
        let words = StatusWords(failing: probe.failing, ok: probe.ok)
        for (value, expected) in try #require(Self.values[preset]) {
            #expect(words.meaning(of: Array(value.utf8)) == expected, "\(value)")
        }
    }
}
