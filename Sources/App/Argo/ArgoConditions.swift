import JSON

/// The two conditions of a metric, evaluated as Argo does.
///
/// Source: `evaluate.EvaluateResult`, Argo Rollouts 1.9. Failure takes precedence; a missing
/// condition is the opposite of the other one; with neither, everything succeeds.
struct ArgoConditions: Sendable {
    let success: ArgoExpression?
    let failure: ArgoExpression?

    init(success: String?, failure: String?) throws(ArgoExpression.Fault) {
        self.success = try success.flatMap { (text) throws(ArgoExpression.Fault) in
            text.isEmpty ? nil : try ArgoExpression(text)
        }
        self.failure = try failure.flatMap { (text) throws(ArgoExpression.Fault) in
            text.isEmpty ? nil : try ArgoExpression(text)
        }
    }

    func phase(of result: JSONValue) throws(ArgoExpression.Fault) -> ArgoRun.Phase {
        let succeeded = try success?.holds(for: result)
        let failed = try failure?.holds(for: result)
        switch (succeeded, failed) {
        case (nil, nil): return .successful
        case (let succeeded?, nil): return succeeded ? .successful : .failed
        case (nil, let failed?): return failed ? .failed : .successful
        case (let succeeded?, let failed?):
            return failed ? .failed : succeeded ? .successful : .inconclusive
        }
    }

    var members: Set<String> {
        (success?.members ?? []).union(failure?.members ?? [])
    }
}
