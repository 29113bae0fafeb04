import App
import ArgumentParser
import Events
import JSONScan
import Journal

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Why a verdict was what it was, check by check.")

    @OptionGroup var config: ConfigOption
    @Argument(help: "The measurement: the id of its event, as digests and the log show it.")
    var measurement: String
    @Flag(help: "Print the event's line as it is stored.") var json = false

    func run() async throws {
        guard measurement.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else { throw ValidationError("a measurement's id has letters, digits and '-' only") }
        let found = try await config.log().last(
            1, query: JournalQuery(where: try Expression("id=\(measurement)")))
        guard let line = found.lines.first, let event = try? Event(line: line.bytes) else {
            Standard.error(
                "no event of this id is in the log; see `bellwether logs tail --fields ts,id,event`"
            )
            throw ExitCode(1)
        }
        if json {
            Standard.write(line.bytes + [UInt8(ascii: "\n")])
        } else {
            print(TerminalText.inertLines(Explanation(of: event).text))
        }
    }
}
