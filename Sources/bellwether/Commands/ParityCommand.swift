import App
import ArgumentParser
import Core

struct ParityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parity",
        abstract: "Measure as several callers at once and compare the answers.",
        discussion: """
            Callers of one gateway must get identical bytes; gateways behind one name, each given \
            by --resolve, must agree on verdict, policy and binary. Exit: 0 equal, 1 the verdict \
            differs, 2 another target answered, 3 a caller was refused, 4 the measurement window \
            rolled, run again.
            """)

    @Option(help: "The gateway's address, https://host:port.") var url: String
    @Option(name: .customLong("as"), help: "A caller's token file; give at least two.")
    var callers: [String]
    @Option(help: "HOST:PORT:ADDRESS: call the gateway at this address; once for each gateway.")
    var resolve: [String] = []
    @Option(help: "A PEM file of certificates to trust.") var caFile: String?
    @Option(help: "The Rollout to measure; this counts as an attempt.")
    var rollout = "bellwether-parity"
    @Option(help: "The namespace.") var namespace = "default"
    @Option(help: "Its revision.") var revision: String?
    @Option(help: "Measure one concern only.") var concern: String?
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws {
        let check: ParityCheck
        do throws(ParityCheck.Fault) {
            check = try ParityCheck(
                url: url, tokenFiles: callers, resolve: resolve, caFile: caFile ?? "",
                rollout: rollout, namespace: namespace, revision: revision, concern: concern)
        } catch { throw ValidationError(error.description) }
        let report = await check.run()
        if json {
            Standard.write(report.json + [UInt8(ascii: "\n")])
        } else {
            Self.show(report)
        }
        if report.outcome != .equal { throw ExitCode(report.outcome.rawValue) }
    }

    private static func show(_ report: ParityReport) {
        for answer in report.answers {
            let place = answer.gateway.map { " at \($0)" } ?? ""
            Standard.line(InertText.terminal("\(answer.caller)\(place)"))
            if let refusal = answer.refusal {
                Standard.line("  refused      " + InertText.terminal(refusal))
            }
            for field in answer.fields {
                let differs = report.differences.contains { $0.field == field.name }
                let name = field.name.padded(to: 11)
                let value = InertText.terminal(field.value ?? "–")
                Standard.line("\(differs ? "≠" : " ") \(name)  \(value)")
            }
        }
        Standard.line(report.outcome.words)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
