import Events
import JSON

/// How a report's file becomes signals, and what shape it must have.
public enum ReportForm: Sendable, Hashable {
    /// A JSON object that meets every requirement.
    case json(FieldSelection, requires: [ReportRequirement] = [])
    /// See `DoctorReport`: `status_ok`, `checks`, `warned`, `failed`, and
    /// `KEY_ok` and `KEY` of each check.
    case doctor(requires: [ReportRequirement] = [])
    /// The Prometheus text format.
    case textfile(TextfileSelection)

    /// What one file says.
    struct Content: Sendable {
        let signals: [Signal]
        /// nil where the form has no place for a time.
        let document: JSONValue?
        /// When the report says that it was made, by its form.
        let time: Timestamp?
    }

    func declarations(prefix: String) -> [SignalDeclaration] {
        switch self {
        case .json(let fields, _): fields.declarations(prefix: prefix)
        case .doctor: DoctorReport.declarations(prefix: prefix)
        case .textfile(let fields): fields.declarations(prefix: prefix)
        }
    }

    /// Throws when the file is not of this form: then nothing in it counts.
    func read(_ bytes: [UInt8], prefix: String) throws(MissingData) -> Content {
        switch self {
        case .json(let fields, let requirements):
            let document = try Self.document(bytes, requirements)
            return Content(
                signals: fields.signals(of: document, prefix: prefix), document: document,
                time: nil)
        case .doctor(let requirements):
            let document = try Self.document(bytes, requirements)
            let report = try DoctorReport(reading: document)
            return Content(
                signals: report.signals(prefix: prefix), document: document, time: report.time)
        case .textfile(let fields):
            return Content(
                signals: try fields.signals(of: bytes, prefix: prefix), document: nil, time: nil)
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
