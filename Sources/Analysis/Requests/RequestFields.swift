import Core
import Events

/// Collects the known fields of a request, from a body or a query.
struct RequestFields {
    enum Name: String, CaseIterable {
        case rollout, namespace, uid, revision, canaryHash, stableHash, step, metric, attempt,
            count, failureLimit, inconclusiveLimit, weight

        /// For information only: an invalid value is ignored.
        var isHint: Bool {
            switch self {
            case .count, .failureLimit, .inconclusiveLimit, .weight: true
            default: false
            }
        }

        fileprivate var bit: UInt16 {
            switch self {
            case .rollout: 1
            case .namespace: 2
            case .uid: 4
            case .revision: 8
            case .canaryHash: 16
            case .step: 32
            case .metric: 64
            case .attempt: 128
            case .count: 256
            case .failureLimit: 512
            case .stableHash: 1024
            case .inconclusiveLimit: 2048
            case .weight: 4096
            }
        }
    }

    /// A set of names as a bit mask, because every request uses two.
    private struct Names {
        private var bits: UInt16 = 0

        /// Inserts a name; false if it was present.
        mutating func insert(_ name: Name) -> Bool {
            defer { bits |= name.bit }
            return !contains(name)
        }

        func contains(_ name: Name) -> Bool { bits & name.bit != 0 }
    }

    /// The most bytes of a field that is not a Kubernetes name.
    static let maxTextBytes = 253

    private var request = MeasurementRequest(rollout: "")
    private var seen = Names()
    /// The first invalid field, in source order. Later ones are still read, for `readable`.
    private(set) var fault: RequestFault?
    private var refused = Names()
    /// Unknown names that almost are known ones, with those.
    private var misspelt: [(name: Name, key: String)] = []
    /// The number of unknown names.
    private var unknown = 0

    /// The most unknown names that are compared with the known ones.
    private static let mostCompared = 32
    private static let longestCompared = 24

    /// Takes note of an unknown name. It is ignored unless it is a known one in another spelling: a
    /// misspelt `namespace` would have another rollout judged.
    mutating func noteUnknown(_ key: String) {
        unknown +|= 1
        guard unknown <= Self.mostCompared, key.utf8.count <= Self.longestCompared else { return }
        let plain = key.lowercased().filter { $0 != "_" && $0 != "-" }
        let isNamespace = Suggestion.nearest(to: key, among: ["namespace"], within: 1) != nil
        let name =
            isNamespace
            ? Name.namespace
            : Name.allCases.first { !$0.isHint && $0.rawValue.lowercased() == plain }
        if let name { misspelt.append((name, key)) }
    }

    /// The first field that is given in another spelling only.
    private var misspelling: RequestFault? {
        misspelt.first { !seen.contains($0.name) }.map {
            RequestFault(
                .invalid("must be written so, not \(InertText.quoted($0.key))"),
                field: $0.name.rawValue)
        }
    }

    /// Stores the text of a field; an empty text means not given.
    mutating func take(_ name: Name, _ text: String) {
        guard seen.insert(name) else {
            if !name.isHint { refuse(name, .repeated) }
            return
        }
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
        case .count: request.count = Self.hint(text, from: 1)
        case .failureLimit: request.failureLimit = Self.hint(text, from: 0)
        case .inconclusiveLimit: request.inconclusiveLimit = Self.hint(text, from: 0)
        case .weight: request.weight = Self.hint(text, from: 0).flatMap { $0 <= 100 ? $0 : nil }
        case .uid, .revision, .canaryHash, .stableHash, .step, .metric:
            guard text.utf8.count <= Self.maxTextBytes else {
                return refuse(name, .invalid("must be at most \(Self.maxTextBytes) bytes"))
            }
            guard !Self.holdsControl(text) else {
                return refuse(name, .invalid("must not contain control characters"))
            }
            switch name {
            case .uid: request.uid = text
            case .revision: request.revision = text
            case .canaryHash: request.canaryHash = text
            case .stableHash: request.stableHash = text
            case .step: request.step = text
            default: request.metric = text
            }
        }
    }

    private static func hint(_ text: String, from least: Int) -> Int? {
        Int(text).flatMap { (least...MeasurementRequest.maxRun).contains($0) ? $0 : nil }
    }

    mutating func refuse(_ name: Name, _ reason: RequestFault.Reason) {
        _ = refused.insert(name)
        if fault == nil { fault = RequestFault(reason, field: name.rawValue) }
    }

    /// The valid fields. Without a namespace in the request, the default only with a rollout.
    var readable: ReadableRequest {
        let namespaceIsKnown =
            !refused.contains(.namespace)
            && (seen.contains(.namespace)
                || !request.rollout.isEmpty && misspelling?.field != Name.namespace.rawValue)
        return ReadableRequest(
            namespace: namespaceIsKnown ? request.namespace : nil,
            rollout: request.rollout.isEmpty ? nil : request.rollout,
            revision: request.revision.isEmpty ? nil : request.revision,
            attempt: request.attempt)
    }

    /// Returns the request, or throws the first fault with the readable fields.
    func finish() throws(RequestFault) -> MeasurementRequest {
        if var fault = fault ?? misspelling {
            fault.readable = readable
            throw fault
        }
        guard !request.rollout.isEmpty else {
            throw RequestFault(.missing, field: "rollout", readable: readable)
        }
        return request
    }
}

extension RequestFields {
    /// Whether a text has C0 or C1 controls or DEL; C1 is C2 80 to C2 9F in UTF-8.
    private static func holdsControl(_ text: String) -> Bool {
        var last: UInt8 = 0
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F { return true }
            if last == 0xC2, byte < 0xA0 { return true }
            last = byte
        }
        return false
    }
}

/// Names of Kubernetes objects: DNS subdomains of RFC 1123.
public enum KubernetesName {
    public static let maxBytes = 253

    /// The fault of a name, as a phrase to follow the field's name; nil if it is valid.
    public static func fault(in text: String) -> String? {
        let rule =
            "must be a Kubernetes name: lower-case letters, digits, \"-\" and \".\", each part "
            + "between dots beginning and ending with a letter or digit"
        guard text.utf8.count <= maxBytes else { return "must be at most \(maxBytes) bytes" }
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard let first = label.first, let last = label.last, isAlphanumeric(first),
                isAlphanumeric(last),
                label.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "-") })
            else { return rule }
        }
        return nil
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
