import JSONScan

/// One metric of an AnalysisRun as Argo Rollouts 1.9 keeps it: turns our
/// answers into phases by the conditions of `AnalysisTemplate`.
///
/// The caller of the demonstration and the tests of our answers use it, so
/// that both see what the real controller would do.
public struct ArgoRun: Sendable {
    public enum Phase: String, Sendable {
        case successful = "Successful"
        case failed = "Failed"
        case inconclusive = "Inconclusive"
        case error = "Error"
    }

    /// How the run ended, and so what happens to the Rollout.
    public enum Ending: Sendable, Equatable {
        case promoted
        case aborted(because: String)
        case paused(because: String)
    }

    public let template: AnalysisTemplate
    private var inconclusiveLimit: Int { template.inconclusiveLimit }
    private let consecutiveErrorLimit = 4
    public private(set) var measured = 0
    public private(set) var failed = 0
    public private(set) var inconclusive = 0
    public private(set) var errorsInARow = 0

    public init(template: AnalysisTemplate) { self.template = template }

    /// Judges one answer as Argo does: a status other than 2xx is an Error, a
    /// 2xx body is put to both conditions.
    public mutating func record(status: Int, body: [UInt8]) -> (phase: Phase, ending: Ending?) {
        let phase = Self.phase(status: status, body: body, degraded: template.degraded)
        if phase == .error {
            errorsInARow += 1
            return (
                phase,
                errorsInARow > consecutiveErrorLimit
                    ? .aborted(because: "\(errorsInARow) consecutive errors") : nil
            )
        }
        errorsInARow = 0
        measured += 1
        switch phase {
        case .failed:
            failed += 1
            if failed > template.failureLimit {
                return (
                    phase,
                    .aborted(
                        because:
                            "failed (\(failed)) > failureLimit (\(template.failureLimit))")
                )
            }
        case .inconclusive:
            inconclusive += 1
            if inconclusive > inconclusiveLimit {
                return (
                    phase,
                    .paused(
                        because:
                            "inconclusive (\(inconclusive)) > inconclusiveLimit (\(inconclusiveLimit))"
                    )
                )
            }
        case .successful, .error: break
        }
        return (phase, measured >= template.count ? .promoted : nil)
    }

    /// The phase of one measurement. Argo 1.9.1 counts a 2xx that is no JSON as
    /// successful and panics on `null`; both are faults of ours and read as Error here.
    public static func phase(
        status: Int, body: [UInt8], degraded: AnalysisTemplate.Degraded
    ) -> Phase {
        guard (200..<300).contains(status),
            let document = try? JSONValue(
                parsing: body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 32)),
            document["status"]?.string != nil,
            let conditions = try? ArgoConditions(
                success: degraded.successCondition, failure: AnalysisTemplate.failureCondition),
            let phase = try? conditions.phase(of: document)
        else { return .error }
        return phase
    }
}
