import Events
import JSONScan

/// A JSON report that something else writes from time to time, such as a
/// Doctor run by cron.
///
/// Reports `<object>.fresh` and the selected fields as `<object>.<field>`. A
/// report that is older than `maxAge` has `fresh` false and every field
/// absent(stale): old numbers are no numbers.
public struct FileProbe: Probe {
    /// How old a report is.
    public enum AgeSource: Sendable, Hashable {
        /// Since the file was last changed.
        case modified
        /// Since the moment inside the report that this JSON Pointer names: an
        /// RFC 3339 text, or seconds since 1970.
        case pointer(String)
    }

    /// Largest report, in bytes.
    public static let maxBytes = 1 << 20

    public let name: String
    public let deadline: Duration
    public let signals: [SignalDeclaration]

    private let path: String
    private let maxAge: Duration
    private let ageSource: AgeSource
    private let fields: FieldSelection
    private let object: String
    private let lane: BlockingLane

    /// - Parameters:
    ///   - object: where the signals appear; by default the probe's name.
    ///   - maxAge: also how far in the future a report may claim to be made.
    public init(
        name: String, path: String, maxAge: Duration, fields: FieldSelection = .topLevel(),
        ageSource: AgeSource = .modified, object: String? = nil,
        deadline: Duration = .milliseconds(200)
    ) {
        self.name = name
        self.path = path
        self.maxAge = maxAge
        self.fields = fields
        self.ageSource = ageSource
        self.object = object ?? name
        self.deadline = deadline
        self.lane = BlockingLane(name)
        self.signals =
            [SignalDeclaration("\(self.object).fresh", unit: .flag)]
            + fields.declarations(prefix: self.object + ".")
    }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        let read = await lane.run { [path] () -> Result<BoundedFile, Absence> in
            do throws(Absence) {
                return .success(try BoundedFile.read(path, limit: Self.maxBytes))
            } catch {
                return .failure(error)
            }
        }
        do throws(Absence) {
            let file = try read.get()
            let document = try JSONValue.document(file.bytes)
            guard case .object = document else {
                throw Absence(.garbage, "not a JSON object: \(path)")
            }
            let age = context.now - (try written(document, file))
            guard age <= maxAge && age >= .zero - maxAge else {
                return stale(document, age)
            }
            return [signals[0].flag(true)] + fields.signals(of: document, prefix: object + ".")
        } catch {
            return allAbsent(error)
        }
    }

    private func written(_ document: JSONValue, _ file: BoundedFile) throws(Absence) -> Timestamp {
        guard case .pointer(let pointer) = ageSource else { return file.modified }
        switch document.resolve(pointer: pointer) {
        case .string(let text)?:
            if let time = Timestamp(rfc3339: text) { return time }
        case .number?:
            // Anything else than a plausible time is rejected by the age itself.
            if let seconds = document.resolve(pointer: pointer)?.double, abs(seconds) < 1e12 {
                return Timestamp(milliseconds: Int64(seconds * 1000))
            }
        default: break
        }
        throw Absence(.missingField, "no time at \(pointer)")
    }

    private func stale(_ document: JSONValue, _ age: Duration) -> [Signal] {
        let seconds = age.wholeMilliseconds / 1000
        let words =
            age < .zero
            ? "made \(-seconds) s in the future" : "\(seconds) s old"
        let absence = Absence(.stale, words)
        return [signals[0].flag(false)]
            + fields.signals(of: document, prefix: object + ".").map {
                Signal($0.name, unit: $0.unit, value: absence.value)
            }
    }
}
