import Events
import Gateway
import Probes
public import Settings
import Telemetry
import Transfer

/// Runs the probes of a configuration once, without a node.
public enum ProbeRun {
    /// - Parameters:
    ///   - name: One probe; nil runs all.
    ///   - wait: Called with the longest time that probes which count over a window need.
    /// - Returns: The document of `ProbeDocument`; nil if there is no probe of this name.
    public static func run(
        _ settings: Settings, name: String?, wait: (Duration) -> Void = { _ in }
    ) async -> [UInt8]? {
        var settings = settings
        // Also the probes of policies; here they are run and not judged.
        settings.analysis.probes = settings.analysis.allProbes
        settings.analysis.policies = []
        if let name {
            settings.analysis.probes.removeAll { $0.name != name }
            if settings.analysis.probes.isEmpty { return nil }
        }
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let plan = GatewayPlan(settings, upstreams: GatewayPlan.Upstreams(engine: engine))
        let wall = WallClock.system
        if plan.probes.probes.contains(where: { $0 is any SamplingProbe }) {
            // The first whole window that begins after the first sample.
            let begun = MeasurementWindow(at: wall.now, length: plan.window, settle: .zero)
            let end = begun.end + plan.window + plan.window + plan.settle
            wait(end - wall.now)
            await plan.probes.sample()
            while wall.now < end, !Task.isCancelled {
                try? await Task.sleep(for: plan.untilSample(after: wall.now))
                await plan.probes.sample()
            }
        }
        let now = wall.now
        let results = await plan.probes.run(
            budget: plan.budget,
            context: MeasurementContext(
                window: MeasurementWindow(at: now, length: plan.window, settle: plan.settle),
                now: now))
        return ProbeDocument.list(results)
    }
}
