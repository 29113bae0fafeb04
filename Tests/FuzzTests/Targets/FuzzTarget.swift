/// A parser of untrusted bytes, with a check of its results.
///
/// The same code runs under libFuzzer (`Scripts/fuzz.sh`, the package `Fuzzing`) and on the
/// committed corpus in every test run (`CorpusTests`).
enum FuzzTarget: String, CaseIterable, Sendable {
    /// JSON text: `JSON` against Foundation and against itself.
    case json
    /// An event line: ingest against `Event`.
    case event
    /// A sealed segment, damaged: archive, index, verify and repair.
    case archive
    /// A damaged log folder, read as every `logs` command does.
    case log
    /// Lines that the log accepted, folded into digests, and the rendered digests.
    case digest
    /// The same lines on the status page.
    case board
    /// The same lines as the source of a node's attempts.
    case attempt
    /// A batch of the forwarder, and a response to it.
    case receipt
    /// Server-sent events.
    case stream
    /// A body of a webhook: Argo notifications, Flagger, Alertmanager.
    case hook
    /// `--where` and lines: results with the index against results line by line.
    case filter
    /// A measurement's body or query.
    case request
    /// A Prometheus metrics page.
    case exposition
    /// A configuration file.
    case configuration

    /// Throws a `Finding` if the input was read wrongly; a crash is a finding too.
    func run(_ input: [UInt8]) throws {
        switch self {
        case .json: try JSONTarget.run(input)
        case .event: try EventTarget.run(input)
        case .archive: try ArchiveTarget.run(input)
        case .log: try LogTarget.run(input)
        case .digest: try DigestTarget.run(input)
        case .board: try BoardTarget.run(input)
        case .attempt: try AttemptTarget.run(input)
        case .receipt: try ReceiptTarget.run(input)
        case .stream: try StreamTarget.run(input)
        case .hook: try HookTarget.run(input)
        case .filter: try FilterTarget.run(input)
        case .request: try RequestTarget.run(input)
        case .exposition: try ExpositionTarget.run(input)
        case .configuration: try ConfigurationTarget.run(input)
        }
    }
}

/// A wrong result of a target.
struct Finding: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Throws `words` unless `holds`.
func require(_ holds: Bool, _ words: @autoclosure () -> String) throws {
    if !holds { throw Finding(words()) }
}

/// Reads bytes one after another from the start of an input.
struct InputBytes {
    private(set) var rest: ArraySlice<UInt8>

    init(_ input: [UInt8]) { rest = input[...] }

    /// Returns 0 at the end.
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func word() -> Int { Int(byte()) << 8 | Int(byte()) }

    /// The rest, split at newlines; empty for an empty rest.
    var lines: [[UInt8]] {
        rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
    }
}
