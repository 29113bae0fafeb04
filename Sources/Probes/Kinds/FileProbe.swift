import Arguments
import Core
import Events
import JSON

/// Reads a report file that another program updates, such as a Doctor run by cron.
///
/// Reports `<object>.fresh` and the form's fields as `<object>.<field>`. If the report is older
/// than `maxAge`, `fresh` is false and every field is absent(stale). If it does not have the
/// expected form or fails a requirement, all signals are absent, including `fresh`.
public struct FileProbe: Probe {
    /// The time from which the age of a report is measured.
    public enum AgeSource: Sendable, Hashable {
        /// The time that the form contains; otherwise the file's modification time.
        case modified
        /// The time at this JSON Pointer in the report: an RFC 3339 text, or seconds since 1970.
        case pointer(String)
    }

    /// Maximum size of a report in bytes.
    public static let maxBytes = 1 << 20

    public let name: String
    public let deadline: Duration
    public let signals: [SignalDeclaration]

    private let path: String
    private let maxAge: Duration
    private let ageSource: AgeSource
    private let form: ReportForm
    private let prefix: String
    private let executor: BlockingExecutor

    /// - Parameters:
    ///   - maxAge: Maximum age; also how far in the future a report's time may be.
    ///   - object: The object of the signals; nil for the probe's name.
    public init(
        name: String, path: String, maxAge: Duration, form: ReportForm = .json(.topLevel()),
        ageSource: AgeSource = .modified, object: String? = nil,
        deadline: Duration = .milliseconds(200)
    ) {
        self.name = name
        self.path = path
        self.maxAge = maxAge
        self.form = form
        self.ageSource = ageSource
        self.prefix = (object ?? name) + "."
        self.deadline = deadline
        self.executor = BlockingExecutor("probe.\(name)")
        self.signals =
            [SignalDeclaration(self.prefix + "fresh", unit: .flag)]
            + form.declarations(prefix: self.prefix)
    }

    public func address(for arguments: MeasurementArguments) -> String { path }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        let read = await executor.run { [path] () -> Result<BoundedFile, MissingData> in
            do throws(MissingData) {
                return .success(try BoundedFile.read(path, limit: Self.maxBytes))
            } catch {
                return .failure(error)
            }
        }
        do throws(MissingData) {
            let file = try read.get()
            let content = try form.read(
                file.bytes, prefix: prefix, at: context.now, maxAge: maxAge)
            let age = context.now - (try written(content, file))
            guard age <= maxAge && age >= .zero - maxAge else { return stale(content, age) }
            return [signals[0].flag(true)] + content.signals
        } catch {
            return allAbsent(error)
        }
    }

    private func written(
        _ content: ReportForm.Content, _ file: BoundedFile
    ) throws(MissingData) -> Timestamp {
        guard case .pointer(let pointer) = ageSource else {
            return content.time ?? Timestamp(milliseconds: file.modified)
        }
        let value = content.document?.resolve(pointer: pointer)
        guard let time = value?.time else {
            let shown = value.map { ", but \($0.shown)" } ?? ""
            throw MissingData(.missingField, "no time at \(pointer)\(shown)")
        }
        return time
    }

    private func stale(_ content: ReportForm.Content, _ age: Duration) -> [Signal] {
        let seconds = age.wholeMilliseconds / 1000
        let words =
            age < .zero
            ? "made \(-seconds) s in the future" : "\(seconds) s old"
        let absence = MissingData(.stale, words)
        return [signals[0].flag(false)]
            + content.signals.map { Signal($0.name, unit: $0.unit, value: absence.value) }
    }
}
