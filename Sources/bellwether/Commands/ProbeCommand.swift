import App
import ArgumentParser
import Core
import Events
import JSON
import Settings

struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Run the probes once; print what each returned and how long it took.",
        discussion: """
            With --url the running node probes; with --config this machine does, also before the \
            first start. Probes that count requests need up to two windows. No verdict is made and \
            no event is written. Exit 1 if a probe returned nothing.
            """)

    @OptionGroup var node: NodeOption
    @Argument(help: "One probe; all by default.") var name: String?
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws {
        let document = try await document()
        let probes = try Answer.rows(document)
        if json {
            Standard.write(document + [UInt8(ascii: "\n")])
        } else {
            for probe in probes { Standard.line(Self.text(probe)) }
        }
        if !probes.allSatisfy({ $0.text("outcome") == "answered" }) { throw ExitCode(1) }
    }

    private func document() async throws -> [UInt8] {
        let name = name
        switch try node.place() {
        case .node(let remote):
            let node = try Search.client(remote)
            return try await Search.request { () async throws(RemoteNode.Fault) in
                try await node.post("/v1/probes/run" + Query.text([("name", name)]))
            }
        case .configuration(let file):
            let settings = try Search.settings(file)
            let document = await ProbeRun.run(settings, name: name) { span in
                Standard.error("counting requests for \(span.components.seconds + 1) s")
            }
            guard let document else {
                let known = settings.analysis.allProbes.map(\.name).joined(separator: ", ")
                Standard.error("there is no probe \(name ?? ""); configured are \(known)")
                throw ExitCode(1)
            }
            return document
        }
    }

    private static func text(_ probe: JSONValue) -> String {
        let took = MetricUnit.milliseconds.words(for: probe["ms"]?.double ?? 0)
        var lines = ["\(probe.text("name"))  \(probe.text("outcome")) in \(took)"]
        for signal in probe["signals"]?.elements ?? [] {
            var words = "  \(signal.text("name")) = "
            if let why = signal["missing"]?.string {
                words += "missing (\(why))"
                if let detail = signal["detail"]?.string { words += ": \(detail)" }
            } else if let flag = signal["value"]?.bool {
                words += flag ? "yes" : "no"
            } else {
                words += signal["value"]?.double.map(JSONNumber.text) ?? "–"
            }
            lines.append(words)
        }
        return InertText.terminalLines(lines.joined(separator: "\n"))
    }
}
