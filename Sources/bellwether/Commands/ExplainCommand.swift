import App
import ArgumentParser
import Events
import JSON
import EventLog

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain a verdict, check by check.")

    @OptionGroup var config: ConfigOption
    @OptionGroup var remote: RemoteOption
    @Argument(help: "The id of the measurement's event, as shown in digests and the log.")
    var measurement: String
    @Flag(help: "Print the stored line of the event.") var json = false

    func run() async throws {
        guard measurement.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else { throw ValidationError("a measurement's id has only letters, digits and '-'") }
        guard let line = try await line(), let event = try? Event(line: line) else {
            Standard.error(
                "no event with this id is in the log; see `bellwether logs tail --fields ts,id,event`"
            )
            throw ExitCode(1)
        }
        if json {
            Standard.write(line + [UInt8(ascii: "\n")])
        } else {
            print(TerminalText.inertLines(Explanation(of: event).text))
        }
    }

    private func line() async throws -> [UInt8]? {
        if let node = try remote.node() {
            return try await RemoteOption.asking { () async throws(RemoteNode.Fault) in
                try await node.events(
                    [("where", Filter.equal("id", measurement).description)], limit: 1
                ).lines.first
            }
        }
        return try await config.log().last(
            1, query: EventLogQuery(where: .equal("id", measurement))
        ).lines.first?.bytes
    }
}
