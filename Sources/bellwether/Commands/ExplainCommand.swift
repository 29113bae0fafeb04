import App
import ArgumentParser
import Core
import EventLog
import Events

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain a verdict, check by check.")

    @OptionGroup var node: NodeOption
    @Argument(help: "The id of the measurement's event, as shown in digests and the log.")
    var measurement: String?
    @Option(help: "Instead of an id: the last verdict of this rollout, NAME or NAMESPACE/NAME.")
    var last: String?
    @Flag(help: "Print the stored line of the event.") var json = false

    func validate() throws {
        if (measurement == nil) == (last == nil) {
            throw ValidationError("give the id of an event, or --last ROLLOUT")
        }
    }

    func run() async throws {
        guard let line = try await line() else {
            Standard.error(
                last.map { "the log has no verdict of \($0); see `bellwether logs tail`" }
                    ?? "no event with this id is in the log; see `bellwether logs tail --fields ts,id,event`"
            )
            throw ExitCode(1)
        }
        let event: Event
        do throws(EventFault) { event = try Event(line: line) } catch {
            Standard.error("the stored line cannot be read: \(InertText.terminal("\(error)"))")
            throw ExitCode(1)
        }
        if json {
            Standard.write(line + [UInt8(ascii: "\n")])
        } else {
            print(InertText.terminalLines(Explanation(of: event).text))
        }
    }

    /// The filter that selects the event.
    private func condition() throws -> Filter {
        guard let last else { return .equal("id", measurement ?? "") }
        let names = last.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isName = names.allSatisfy { name in
            !name.isEmpty
                && name.utf8.allSatisfy {
                    (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
                        || $0 == 0x2E
                }
        }
        guard isName, (1...2).contains(names.count) else {
            throw ValidationError("--last takes a rollout's name, or NAMESPACE/NAME")
        }
        // Only verdicts have such an event; a refused request is `request.refused`.
        var filters: [Filter] = [
            .contains("event", "analysis."), .equal("rollout", names[names.count - 1]),
        ]
        if names.count == 2 { filters.append(.equal("namespace", names[0])) }
        return Filter(all: filters)
    }

    private func line() async throws -> [UInt8]? {
        let condition = try condition()
        switch try node.target() {
        case .node(let node):
            let page = try await Search.request { () async throws(RemoteNode.Fault) in
                try await node.events([("where", condition.description)], limit: 1)
            }
            page.reportSkipped()
            return page.lines.first
        case .folder(let local):
            let batch = try await local.log.last(1, query: EventLogQuery(where: condition))
            var missing = MissingLines()
            missing.report(damaged: batch.damaged, skipped: batch.skipped)
            return batch.lines.first?.bytes
        }
    }
}
