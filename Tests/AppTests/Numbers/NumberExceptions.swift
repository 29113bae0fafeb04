/// Arithmetic that the lint of numbers finds and that cannot trap, with the reason.
///
/// The lists are texts, one line a file below its reason:
///
///     # reason
///     Module/Folder/File: part of a line · part of another · all operators
///
/// A part has white space as in the file. `all` excepts a whole kind of findings in a file, or in
/// the files of a folder (`Folder/`); it is for files that scan bytes, lay out texts or compute
/// with floating point only.
struct NumberExceptions {
    enum Reason: String {
        /// A place in bytes or in a list in memory, or a length: below the length, which fits.
        case places
        /// Joins lists, texts or markup.
        case joins
        /// Counts or adds up what this process does, holds or has read, from 0 on and in memory.
        case ours
        /// Floating point does not trap.
        case doubles
        /// `Timestamp` stops at its ends. A `Duration` or an instant of 2^63 milliseconds is less
        /// than a ten-thousandth of the greatest one.
        case times
        /// A conversion from a narrower type or from a part of a number.
        case wider
        /// Compared with its bounds just before, or within the same expression.
        case checked
        /// Has bounds since it was read: a range of the configuration, `Count`, the numbers of
        /// segments, `ByteReader.readCount`, the sizes of a member, 32-bit lengths.
        case ranges
        /// Numbers, terms and times of the bucket's log: at most 2^53 (`LogObject.numbers`).
        case objects
        /// A part of at most 8 MiB within the size of a file or an object.
        case parts
        /// A rate from 1 to 1,000,000 a second (`listen.measurements_per_second`).
        case rates
        /// What the log writes itself: at most one segment's archive and its index.
        case written
        /// A key of a dictionary.
        case key
        /// Constants, sizes of types and flags of C.
        case constants
        /// The kernel's own figures.
        case kernel
        /// Sizes that libcurl passes for bytes in memory.
        case curl
        /// The operator itself.
        case `operator`
    }

    /// A file, or a folder that ends in `/`.
    let path: String
    let reason: Reason
    let parts: [String]
    let kinds: Set<NumberFindings.Kind>

    func excepts(_ finding: NumberFindings.Finding, line: some StringProtocol) -> Bool {
        kinds.contains(finding.kind) || parts.contains { line.contains($0) }
    }

    struct Malformed: Error {
        let line: String
    }

    static func all() throws -> [NumberExceptions] {
        try [eventLog, sources, services, pages].flatMap(read)
    }

    private static func read(_ list: String) throws -> [NumberExceptions] {
        var reason: Reason?
        var exceptions: [NumberExceptions] = []
        // A line that ends in the separator goes on in the next one.
        for line in list.replacing(#/ ·\n +/#, with: " · ").split(separator: "\n") {
            if line.hasPrefix("# ") {
                reason = Reason(rawValue: String(line.dropFirst(2)))
                continue
            }
            guard let colon = line.firstRange(of: ": "), let reason else {
                throw Malformed(line: String(line))
            }
            let path = String(line[..<colon.lowerBound])
            var parts: [String] = []
            var kinds: Set<NumberFindings.Kind> = []
            for part in line[colon.upperBound...].split(separator: " · ") {
                if part.hasPrefix("all "),
                    let kind = NumberFindings.Kind(rawValue: String(part.dropFirst(4)))
                {
                    kinds.insert(kind)
                } else {
                    parts.append(String(part))
                }
            }
            exceptions.append(
                NumberExceptions(
                    path: path.hasSuffix("/") ? path : path + ".swift", reason: reason,
                    parts: parts, kinds: kinds))
        }
        return exceptions
    }
}
