import JSONScan

/// The two conditions of a metric, judged as Argo's evaluator does
/// (`evaluate.EvaluateResult`, 1.9): failure wins; with one condition only,
/// the other is its opposite; with neither everything succeeds.
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
