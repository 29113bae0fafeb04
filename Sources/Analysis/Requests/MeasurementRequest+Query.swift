import Core
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
            guard let key = PercentCoding.decode(parts[0], plusIsBlank: true) else { continue }
            guard let name = RequestFields.Name(rawValue: key) else {
                fields.noteUnknown(key)
                continue
            }
            guard
                let text = PercentCoding.decode(
                    parts.count > 1 ? parts[1] : "", plusIsBlank: true)
            else {
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
}
