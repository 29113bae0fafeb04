/// What reads bytes of strangers, each with a judge of what it made of them.
///
/// The same code runs below libFuzzer (`Scripts/fuzz.sh`, the package `Fuzzing`)
/// and over the committed corpus in every test run (`CorpusTests`).
enum FuzzTarget: String, CaseIterable, Sendable {
    /// JSON text: `JSON` against Foundation and against itself.
    case json
    /// An event line: the log's door against `Event`.
    case event
    /// A sealed segment, damaged: archive, index, verify and repair.
    case archive
    /// A log folder, damaged: what every `logs` command reads.
    case log
    /// Lines that the log accepted, folded into digests, and what is rendered of them.
    case digest
    /// The same on the status page.
    case board
    /// The same as what a node restores its attempts from.
    case attempt
    /// A batch of the forwarder, and an answer to it.
    case receipt
    /// Server-sent events.
    case stream
    /// A body of a webhook: Argo notifications, Flagger, Alertmanager.
    case hook
    /// `--where` and the lines it is asked of: the index's answers against the lines'.
    case expression
    /// A measurement's body or query.
    case request
    /// A Prometheus metrics page.
    case exposition
    /// A configuration file.
    case configuration

    /// Throws a `Finding` when the input was read wrongly; a crash is one too.
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
        case .expression: try ExpressionTarget.run(input)
        case .request: try RequestTarget.run(input)
        case .exposition: try ExpositionTarget.run(input)
        case .configuration: try ConfigurationTarget.run(input)
        }
    }
}

/// Something that was read wrongly.
struct Finding: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Throws `words` unless `holds`.
func require(_ holds: Bool, _ words: @autoclosure () -> String) throws {
    if !holds { throw Finding(words()) }
}

/// Bytes taken one after another from an input's start.
struct InputBytes {
    private(set) var rest: ArraySlice<UInt8>

    init(_ input: [UInt8]) { rest = input[...] }

    /// 0 when there is no more.
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func word() -> Int { Int(byte()) << 8 | Int(byte()) }

    /// What is left, split at newlines; nothing for an empty rest.
    var lines: [[UInt8]] {
        rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
    }
}
