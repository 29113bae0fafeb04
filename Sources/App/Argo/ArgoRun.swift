import JSON

/// Simulates one metric of an AnalysisRun as Argo Rollouts 1.7 to 1.10 evaluate it.
///
/// Turns a gateway's answers into phases by the conditions of `AnalysisTemplate`. The
/// demonstration and the tests use it in place of the real controller.
public struct ArgoRun: Sendable {
    public enum Phase: String, Sendable {
        case successful = "Successful"
        case failed = "Failed"
        case inconclusive = "Inconclusive"
        case error = "Error"
    }

    /// What happens to the Rollout at the end of the run.
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

    /// Evaluates one answer as Argo does: a status other than 2xx is an Error, a
    /// 2xx body is evaluated by both conditions.
    public mutating func record(status: Int, body: [UInt8]) -> (phase: Phase, ending: Ending?) {
        let phase = Self.phase(status: status, body: body, template: template)
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

    /// The phase of one measurement.
    ///
    /// Argo up to 1.10 counts a 2xx body that is not JSON as Successful and panics on `null`. A
    /// gateway must send neither, so both are an Error here.
    public static func phase(status: Int, body: [UInt8], template: AnalysisTemplate) -> Phase {
        guard (200..<300).contains(status),
            let document = try? JSONValue(
                parsing: body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 32)),
            document["status"]?.string != nil,
            let result = try? ArgoAnswer.select(template.jsonPath, in: ArgoValue(document))
        else { return .error }
        let conditions = ArgoConditions(
            success: template.successCondition, failure: template.failureCondition)
        return conditions.outcome(of: result, .before110).phase ?? .error
    }

    /// The value that the AnalysisRun keeps for an answer, as `kubectl` and the dashboard show it.
    public static func value(of body: [UInt8], template: AnalysisTemplate) -> String? {
        guard
            let document = try? JSONValue(
                parsing: body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 32))
        else { return nil }
        var writer = JSONWriter()
        switch template.value {
        case .summary:
            guard let summary = document["summary"]?.string else { return nil }
            writer.value(.string(summary))
        case .document: writer.value(document)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
