import Arguments
import Core
import Events
import JSON
public import Secrets
import Transfer

/// Runs a configured command and reports its exit code and numbers from its JSON output.
///
/// Reports `<object>.<name>_ok` (exit code 0) and the selected fields as `<object>.<name>_<field>`.
/// The command is started directly, without a shell. It gets no input and only the given
/// environment, whose secrets are read for each run; its error output is dropped. At the deadline
/// the command is killed. Its descendants are killed then and when it ends, including those in
/// other sessions; the added variable `BELLWETHER_COMMAND` marks them.
public struct CommandProbe: Probe {
    /// Maximum bytes of output.
    public static let maxOutput = 64 * 1024

    public let name: String
    public let deadline: Duration
    public let signals: [SignalDeclaration]

    private let command: [String]
    private let environment: [String: Secret]
    private let fields: FieldSelection
    private let prefix: String
    private let executor: BlockingExecutor

    /// - Parameters:
    ///   - arguments: The absolute path of the executable, then its arguments.
    ///   - environment: The complete environment of the command.
    ///   - fields: Names without a dot become `<object>.<name>_<field>`.
    public init(
        name: String, arguments: [String],
        environment: [String: Secret] = ["PATH": .value("/usr/bin:/bin")],
        fields: FieldSelection = .pointers([]), object: String = "gateway",
        prefix: String? = nil, deadline: Duration = .milliseconds(800)
    ) {
        self.name = name
        self.deadline = deadline
        self.command = arguments
        self.environment = environment
        self.fields = fields
        self.prefix = "\(object).\(prefix ?? name)_"
        self.executor = BlockingExecutor("probe.\(name)")
        self.signals =
            [SignalDeclaration(self.prefix + "ok", unit: .flag)]
            + fields.declarations(prefix: self.prefix)
    }

    public func address(for arguments: MeasurementArguments) -> String { command.first ?? "" }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        do throws(MissingData) {
            let end = try await executor.run { [self] in run(within: context.allowance) }.get()
            guard end.code == 0 else {
                let absence = MissingData(.notRunning, "exit code \(end.code)")
                return [signals[0].flag(false)]
                    + signals.dropFirst().map { $0.absent(absence) }
            }
            if case .pointers(let pointers) = fields, pointers.isEmpty {
                return [signals[0].flag(true)]
            }
            let document = try JSONValue.document(end.output)
            let read = try fields.signals(of: document, prefix: prefix)
            return [signals[0].flag(true)] + read
        } catch {
            return allAbsent(error)
        }
    }

    private func run(within allowance: Duration) -> Result<BoundedCommand.End, MissingData> {
        var variables: [String] = []
        for (name, secret) in environment.sorted(by: { $0.key < $1.key }) {
            do throws(SecretFault) {
                variables.append("\(name)=\(try secret.read())")
            } catch {
                return .failure(MissingData(.fault, "environment \(name): \(error)"))
            }
        }
        return BoundedCommand(
            arguments: command, environment: variables, maxOutput: Self.maxOutput
        ).run(within: allowance).mapError(MissingData.init)
    }
}

extension MissingData {
    fileprivate init(_ fault: CommandFault) {
        let reason: MissingDataReason =
            switch fault.kind {
            case .missing: .missingFile
            case .timeout: .timeout
            case .tooLarge: .tooLarge
            case .busy, .system: .fault
            }
        self.init(reason, fault.words)
    }
}
