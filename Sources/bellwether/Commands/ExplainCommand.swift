import App
import ArgumentParser
import Events
import JSONScan
import Journal

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Why a verdict was what it was, check by check.")

    @OptionGroup var config: ConfigOption
    @OptionGroup var remote: RemoteOption
    @Argument(help: "The measurement: the id of its event, as digests and the log show it.")
    var measurement: String
    @Flag(help: "Print the event's line as it is stored.") var json = false

    func run() async throws {
        guard measurement.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else { throw ValidationError("a measurement's id has letters, digits and '-' only") }
        guard let line = try await line(), let event = try? Event(line: line) else {
            Standard.error(
                "no event of this id is in the log; see `bellwether logs tail --fields ts,id,event`"
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
            // The id was checked: it stands in a query as it is.
            let answer = try await RemoteOption.asking { () async throws(RemoteNode.Fault) in
                try await node.get("/v1/events?limit=1&where=id%3D\(measurement)")
            }
            return answer.split(separator: UInt8(ascii: "\n")).first.map { Array($0) }
        }
        return try await config.log().last(
            1, query: JournalQuery(where: try Expression("id=\(measurement)"))
        ).lines.first?.bytes
    }
}
