import JSON

extension MeasurementRequest {
    /// Parses a request's body: one JSON object within `limits`. Values may be
    /// strings or numbers, `null` and `""` mean not given, unknown fields are
    /// ignored unless they are known ones in another spelling.
    public init(parsing body: [UInt8]) throws(RequestFault) {
        var fault: RequestFault?
        let request = body.withUnsafeBytes { bytes -> MeasurementRequest? in
            do throws(RequestFault) { return try Self.read(bytes) } catch {
                fault = error
                return nil
            }
        }
        guard let request else { throw fault ?? RequestFault(.missing, field: "rollout") }
        self = request
    }

    /// Parses a request's body without a copy of the bytes.
    public init(parsing body: UnsafeRawBufferPointer) throws(RequestFault) {
        self = try Self.read(body)
    }

    /// The fields that can be read from the beginning of a body that is too large.
    public static func readable(prefix: [UInt8]) -> ReadableRequest {
        prefix.withUnsafeBytes { bytes in
            let cut = UnsafeRawBufferPointer(rebasing: bytes.prefix(limits.maxBytes))
            do throws(RequestFault) { return try read(cut).readable } catch {
                return error.readable
            }
        }
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer
    ) throws(RequestFault) -> MeasurementRequest {
        guard bytes.count <= limits.maxBytes else {
            let head = Array(bytes.prefix(limits.maxBytes))
            throw RequestFault(
                .tooLarge(limit: limits.maxBytes), readable: readable(prefix: head))
        }
        var fields = RequestFields()
        do throws(JSONFault) {
            try JSONScanner.members(of: bytes, limits: limits) { (key, value) throws(JSONFault) in
                guard let name = RequestFields.Name(key: key, in: bytes) else {
                    if let text = key.text(in: bytes) { fields.noteUnknown(text) }
                    return
                }
                switch value.kind {
                case .null: fields.take(name, "")
                case .string: fields.take(name, value.text(in: bytes) ?? "")
                case .number:
                    // 17 and 17.0 are the same revision.
                    let whole = value.integer(in: bytes).map(String.init)
                    fields.take(name, whole ?? value.raw(in: bytes))
                case .bool, .array, .object:
                    if name.isHint { return }
                    fields.refuse(name, .wrongType(expected: "a string or a number"))
                }
            }
        } catch {
            // The fields before the fault still identify the rollout.
            throw RequestFault(.json(error), readable: fields.readable)
        }
        return try fields.finish()
    }
}

extension RequestFields.Name {
    fileprivate init?(key: JSONScanner.Slice, in bytes: UnsafeRawBufferPointer) {
        if key.equals("rollout", in: bytes) {
            self = .rollout
        } else if key.equals("namespace", in: bytes) {
            self = .namespace
        } else if key.equals("uid", in: bytes) {
            self = .uid
        } else if key.equals("revision", in: bytes) {
            self = .revision
        } else if key.equals("canaryHash", in: bytes) {
            self = .canaryHash
        } else if key.equals("stableHash", in: bytes) {
            self = .stableHash
        } else if key.equals("step", in: bytes) {
            self = .step
        } else if key.equals("metric", in: bytes) {
            self = .metric
        } else if key.equals("attempt", in: bytes) {
            self = .attempt
        } else if key.equals("count", in: bytes) {
            self = .count
        } else if key.equals("failureLimit", in: bytes) {
            self = .failureLimit
        } else if key.equals("inconclusiveLimit", in: bytes) {
            self = .inconclusiveLimit
        } else if key.equals("weight", in: bytes) {
            self = .weight
        } else {
            return nil
        }
    }
}
