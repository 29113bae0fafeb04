import Analysis
import Arguments

extension MeasurementArguments {
    /// The arguments of one measurement; those that the request did not carry are missing.
    init(_ request: MeasurementRequest) {
        self.init([
            .rollout: request.rollout, .namespace: request.namespace,
            .revision: request.revision, .canaryHash: request.canaryHash,
            .stableHash: request.stableHash, .step: request.step,
        ])
    }
}
