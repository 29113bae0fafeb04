import Analysis
import JSON

/// A measurement's body or, after a `?`, its query: an accepted request is within the documented
/// limits and is the same in the other form.
enum RequestTarget {
    static func run(_ input: [UInt8]) throws {
        if input.first == UInt8(ascii: "?") {
            guard let text = String(validating: input.dropFirst(), as: UTF8.self) else { return }
            guard let request = try? MeasurementRequest(query: text) else { return }
            return try check(request)
        }
        let readable = MeasurementRequest.readable(prefix: input)
        let half = MeasurementRequest.readable(prefix: Array(input.prefix(input.count / 2)))
        try require((half.rollout?.utf8.count ?? 0) <= 253, "a rollout of \(half)")
        let request: MeasurementRequest
        do throws(RequestFault) { request = try MeasurementRequest(parsing: input) } catch {
            try require(
                readable == error.readable,
                "refused with \(error.readable), readable as \(readable)")
            return
        }
        try require(readable == request.readable, "\(request), readable as \(readable)")
        try check(request)
        try agrees(request, input)
    }

    private static func fields(_ request: MeasurementRequest) -> [(name: String, text: String)] {
        [
            ("rollout", request.rollout), ("namespace", request.namespace), ("uid", request.uid),
            ("revision", request.revision), ("canaryHash", request.canaryHash),
            ("stableHash", request.stableHash),
            ("step", request.step), ("metric", request.metric),
            ("attempt", request.attempt.map(String.init) ?? ""),
            ("count", request.count.map(String.init) ?? ""),
            ("failureLimit", request.failureLimit.map(String.init) ?? ""),
            ("inconclusiveLimit", request.inconclusiveLimit.map(String.init) ?? ""),
            ("weight", request.weight.map(String.init) ?? ""),
        ]
    }

    private static func check(_ request: MeasurementRequest) throws {
        let fields = fields(request)
        for (name, text) in fields {
            try require(text.utf8.count <= 253, "\(name) is longer than 253 bytes")
            try require(
                !text.unicodeScalars.contains { $0.properties.generalCategory == .control },
                "\(name) holds a control character")
        }
        let name = /[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/
        for text in [request.rollout, request.namespace] {
            try require(text.wholeMatch(of: name) != nil, "\(text) is no Kubernetes name")
        }
        try require(request.attempt.map { $0 > 0 } ?? true, "attempt \(request.attempt as Any)")
        for (number, least) in [
            (request.count, 1), (request.failureLimit, 0), (request.inconclusiveLimit, 0),
        ] {
            let isBelieved = number.map { (least...MeasurementRequest.maxRun).contains($0) } ?? true
            try require(isBelieved, "of the caller's run: \(number as Any)")
        }
        var body = JSONWriter()
        body.object { w in for (name, text) in fields { w.member(name, text) } }
        try require(
            (try? MeasurementRequest(parsing: body.bytes)) == request, "as a body: \(body.text)")
        let query = fields.map { "\($0.name)=\(encoded($0.text))" }.joined(separator: "&")
        try require((try? MeasurementRequest(query: query)) == request, "as a query: \(query)")
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let digits = String(byte, radix: 16)
            return "%" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }

    /// The tree of the body has the same values.
    private static func agrees(_ request: MeasurementRequest, _ body: [UInt8]) throws {
        // Keys that the request does not use may be repeated.
        guard let tree = try? JSONValue(parsing: body, limits: MeasurementRequest.limits) else {
            return
        }
        for (name, text) in fields(request) {
            let stated: String
            switch tree[name] {
            case .string(let value): stated = value
            case .number(let number): stated = tree[name]?.integer.map { "\($0)" } ?? number
            default: stated = ""
            }
            if stated.isEmpty, name == "namespace" { continue }
            if name == "attempt" {
                try require(Int(stated) == request.attempt, "attempt \(stated) as \(text)")
                continue
            }
            if ["count", "failureLimit", "inconclusiveLimit", "weight"].contains(name) {
                // A value that is not a number in range is ignored.
                try require(
                    text.isEmpty || Int(stated) == Int(text), "\(name) \(stated) as \(text)")
                continue
            }
            try require(Array(text.utf8) == Array(stated.utf8), "\(name) \(stated) read as \(text)")
        }
    }
}
