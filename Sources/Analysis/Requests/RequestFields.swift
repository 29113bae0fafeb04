/// Collects the known fields of a request, whatever form it came in.
struct RequestFields {
    enum Name: String, CaseIterable {
        case rollout, namespace, uid, revision, canaryHash, step, metric, attempt
    }

    /// The most bytes of a field that is not a Kubernetes name.
    static let maxTextBytes = 253

    private var request = MeasurementRequest(rollout: "")
    private var seen: Set<Name> = []
    /// The first bad field, in source order; the others are still read, for `readable`.
    private(set) var fault: RequestFault?
    private var refused: Set<Name> = []

    /// Takes a field's text; empty means not given.
    mutating func take(_ name: Name, _ text: String) {
        guard seen.insert(name).inserted else { return refuse(name, .repeated) }
        guard !text.isEmpty else { return }
        switch name {
        case .rollout, .namespace:
            if let why = KubernetesName.fault(in: text) { return refuse(name, .invalid(why)) }
            if name == .rollout { request.rollout = text } else { request.namespace = text }
        case .attempt:
            guard let attempt = Int(text), (1...MeasurementRequest.maxAttempt).contains(attempt)
            else {
                let most = MeasurementRequest.maxAttempt
                return refuse(name, .wrongType(expected: "a whole number from 1 to \(most)"))
            }
            request.attempt = attempt
        case .uid, .revision, .canaryHash, .step, .metric:
            guard text.utf8.count <= Self.maxTextBytes else {
                return refuse(name, .invalid("must be at most \(Self.maxTextBytes) bytes"))
            }
            guard !text.unicodeScalars.contains(where: \.isControl) else {
                return refuse(name, .invalid("must not contain control characters"))
            }
            switch name {
            case .uid: request.uid = text
            case .revision: request.revision = text
            case .canaryHash: request.canaryHash = text
            case .step: request.step = text
            default: request.metric = text
            }
        }
    }

    mutating func refuse(_ name: Name, _ reason: RequestFault.Reason) {
        refused.insert(name)
        if fault == nil { fault = RequestFault(reason, field: name.rawValue) }
    }

    /// The namespace is told when it was given, and as the default beside a rollout.
    var readable: ReadableRequest {
        let namespaceIsKnown =
            !refused.contains(.namespace)
            && (seen.contains(.namespace) || !request.rollout.isEmpty)
        return ReadableRequest(
            namespace: namespaceIsKnown ? request.namespace : nil,
            rollout: request.rollout.isEmpty ? nil : request.rollout,
            revision: request.revision.isEmpty ? nil : request.revision,
            attempt: request.attempt)
    }

    /// The request, or the first fault with what was readable.
    func finish() throws(RequestFault) -> MeasurementRequest {
        if var fault {
            fault.readable = readable
            throw fault
        }
        guard !request.rollout.isEmpty else {
            throw RequestFault(.missing, field: "rollout", readable: readable)
        }
        return request
    }
}

extension Unicode.Scalar {
    /// C0 and C1 controls and DEL.
    fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}
