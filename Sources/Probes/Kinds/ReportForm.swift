import Events
import JSON

/// The format of a report file, and which signals are read from it.
public enum ReportForm: Sendable, Hashable {
    /// A JSON object that meets all requirements.
    case json(FieldSelection, requires: [ReportRequirement] = [])
    /// A `DoctorReport`, with the signals `status_ok`, `checks`, `warned`, `failed`, and `KEY_ok`
    /// and `KEY` of each check.
    case doctor(requires: [ReportRequirement] = [])
    /// The Prometheus text format.
    case textfile(TextfileSelection)

    /// The parsed content of one file.
    struct Content: Sendable {
        let signals: [Signal]
        /// The JSON document; nil for the text format.
        let document: JSONValue?
        /// When the report was made, if its form contains the time.
        let time: Timestamp?
    }

    func declarations(prefix: String) -> [SignalDeclaration] {
        switch self {
        case .json(let fields, _): fields.declarations(prefix: prefix)
        case .doctor: DoctorReport.declarations(prefix: prefix)
        case .textfile(let fields): fields.declarations(prefix: prefix)
        }
    }

    /// Parses a file. Throws if it does not have this form.
    ///
    /// - Parameter maxAge: The greatest age at `now` of values with a time of their own.
    func read(
        _ bytes: [UInt8], prefix: String, at now: Timestamp, maxAge: Duration
    ) throws(MissingData) -> Content {
        switch self {
        case .json(let fields, let requirements):
            let document = try Self.document(bytes, requirements)
            return Content(
                signals: try fields.signals(of: document, prefix: prefix), document: document,
                time: nil)
        case .doctor(let requirements):
            let document = try Self.document(bytes, requirements)
            let report = try DoctorReport(reading: document)
            return Content(
                signals: report.signals(prefix: prefix), document: document, time: report.time)
        case .textfile(let fields):
            return Content(
                signals: try fields.signals(of: bytes, prefix: prefix, at: now, maxAge: maxAge),
                document: nil, time: nil)
        }
    }

    private static func document(
        _ bytes: [UInt8], _ requirements: [ReportRequirement]
    ) throws(MissingData) -> JSONValue {
        let document = try JSONValue.document(bytes)
        guard case .object = document else { throw MissingData(.garbage, "not a JSON object") }
        for requirement in requirements { try requirement.check(document) }
        return document
    }
}
