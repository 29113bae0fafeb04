import JSON

extension MeasurementRequest {
    /// Parses the form-encoded query of a GET, without its `?`. The fields are those of the body.
    public init(query: some StringProtocol) throws(RequestFault) {
        guard query.utf8.count <= Self.limits.maxBytes else {
            throw RequestFault(.tooLarge(limit: Self.limits.maxBytes))
        }
        var fields = RequestFields()
        var broken: RequestFault?
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = Self.decoded(parts[0]), let name = RequestFields.Name(rawValue: key)
            else { continue }
            guard let text = Self.decoded(parts.count > 1 ? parts[1] : "") else {
                let why = "a value has a broken percent escape or is not UTF-8"
                broken = broken ?? RequestFault(.query(why), field: name.rawValue)
                continue
            }
            fields.take(name, text)
        }
        if var broken {
            broken.readable = fields.readable
            throw broken
        }
        self = try fields.finish()
    }

    /// Decodes `application/x-www-form-urlencoded` text; nil if it is malformed.
    private static func decoded(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(hexValue),
                    let low = rest.next().flatMap(hexValue)
                else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
