import App
import ArgumentParser
import Core
import Dispatch
import Events
import Rehearsal
import Settings
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

struct RehearseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rehearse",
        abstract: "Rehearse a rollback: do it, time it, restore everything.",
        discussion: """
            Exit: 0; 1 a step failed; 2 a precondition does not hold (Argo Rollouts before 1.8.2, \
            no stable capacity); 3 the state drifted from the bookmark; 4 over the time budget.
            """,
        subcommands: [
            RehearseBookmark.self, RehearseRun.self, RehearseVerify.self, RehearseRestore.self,
        ])

    /// Runs `body`; prints a fault and exits with its code.
    static func exiting<T>(_ body: () async throws(RehearsalFault) -> T) async throws -> T {
        do throws(RehearsalFault) { return try await body() } catch {
            Standard.error("bellwether: \(error)")
            throw ExitCode(error.kind.rawValue)
        }
    }

    static func span(_ text: String, _ option: String) throws -> Duration {
        guard let span = DurationText.parse(text), span > .zero else {
            throw ValidationError("\(option) takes a span such as 500ms or 60s")
        }
        return span
    }
}

/// The notifier that receives a rehearsal's events; its token needs the scope `ingest`.
struct RehearsalEvents: ParsableArguments {
    @Option(help: "Send the steps as events to this node, https://host:port.") var url: String?
    @Option(help: "A file with a token of that node, scope ingest.") var tokenFile: String?
    @Option(help: "A PEM file of certificates to trust, for --url.") var caFile: String?

    func recorder() throws -> RehearsalRecorder {
        // A rehearsal needs no node: one that is only in the environment gets no events.
        guard url != nil || tokenFile != nil || caFile != nil else { return RehearsalRecorder(nil) }
        let found = try Search.run(.init(url: url, tokenFile: tokenFile, caFile: caFile))
        guard case .node(let remote) = found.place else { return RehearsalRecorder(nil) }
        return RehearsalRecorder(try Search.client(remote))
    }
}

/// Sends a rehearsal's events as they happen, and again at its end until the notifier's bucket has
/// them: nobody runs a rehearsal again for its events.
final class RehearsalRecorder: Sendable {
    private let node: RemoteNode?
    private let lines = Mutex<[UInt8]>([])

    init(_ node: RemoteNode?) { self.node = node }

    @Sendable func record(_ event: Event) async {
        guard let node else { return }
        var event = event
        if event.id.isEmpty {
            event.id = "rehearsal-" + String(UInt64.random(in: .min ... .max), radix: 16)
        }
        let line = event.line
        lines.withLock { lines in
            lines.append(contentsOf: line)
            lines.append(UInt8(ascii: "\n"))
        }
        do throws(RemoteNode.Fault) { _ = try await node.store(line) } catch {
            Standard.error("the event \(event.event) was not accepted: \(error)")
        }
    }

    /// Waits for the bucket. Not before the end: traffic is shifted until then.
    func finish() async {
        let lines = lines.withLock { $0 }
        guard let node, !lines.isEmpty else { return }
        do throws(RemoteNode.Fault) { try await node.keep(lines) } catch {
            Standard.error("the events of the rehearsal: \(error)")
        }
    }
}

struct RehearseBookmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bookmark",
        abstract: "Record the weights, the Rollout and the request that checks the rollback.",
        discussion: """
            One balancer: --haproxy with --backend, --http with --weight, or --command. With \
            --rollout also the Rollout, through kubectl's current context. Without --shift the \
            rehearsal leaves the weights to Argo's traffic routing.
            """)

    @Argument(help: "The file to write.") var file: String
    @Option(help: "What `run --confirm` must repeat; the Rollout's name by default.")
    var name: String?
    @Option(help: "HAProxy's runtime socket, level admin.") var haproxy: String?
    @Option(help: "HAProxy's backend.") var backend: String?
    @Option(help: "An endpoint that answers weights as JSON.") var http: String?
    @Option(help: "TARGET=POINTER into that JSON; once for each target.") var weight: [String] = []
    @Option(help: "The HTTP method that sends the changed JSON.") var method = "PUT"
    @Option(help: "A PEM file of certificates to trust, for --http.") var httpCaFile = ""
    @Option(help: "An executable: `get` prints weights as JSON, `set TARGET WEIGHT` sets one.")
    var command: String?
    @Option(help: "A target that serves the canary; may be given several times.")
    var canary: [String] = []
    @Flag(help: "Let the rehearsal set the canary's weight to 0 itself.") var shift = false
    @Option(help: "The Rollout to abort.") var rollout: String?
    @Option(help: "The namespace.") var namespace = "default"
    @Option(help: "Argo Rollouts' version, where its deployment may not be read.")
    var argoVersion: String?
    @Option(help: "Available pods that the stable replica set must have.") var minStable = 1
    @Option(help: "A URL that users request.") var probe: String?
    @Option(help: "The status of a good answer.") var probeStatus = 200
    @Option(help: "Text that only a stable instance's answer contains.") var probeContains = ""
    @Option(help: "Good answers in a row that end the rollback.") var probeTimes = 5
    @Option(help: "A PEM file of certificates to trust, for --probe.") var probeCaFile = ""

    func run() async throws {
        let source = try source()
        guard let name = name ?? rollout, !name.isEmpty else {
            throw ValidationError("give --name, or --rollout")
        }
        let path = probe.map {
            UserPath(
                url: $0, status: probeStatus, contains: probeContains, times: probeTimes,
                caFile: probeCaFile)
        }
        let bookmark = try await RehearseCommand.exiting { () throws(RehearsalFault) in
            let bookmark = try await Rehearsal.take(
                name: name, source: source, canary: canary, shifts: shift, probe: path,
                rollout: rollout.map { (namespace, $0, argoVersion) }, minStablePods: minStable,
                at: WallClock.system.now)
            try bookmark.write(to: file)
            return bookmark
        }
        for weight in bookmark.weights {
            Standard.line(
                InertText.terminal(
                    "weight \(weight.target) = \(weight.value)\(weight.isUp ? "" : " (down)")"))
        }
        if let facts = bookmark.rollout {
            Standard.line(
                InertText.terminal(
                    "rollout \(facts.namespace)/\(facts.name) revision \(facts.revision), stable \(facts.stableHash) (\(facts.stablePods) pods), canary \(facts.canaryHash), step \(facts.step.map(String.init) ?? "–"), Argo \(facts.argo.isEmpty ? "of unknown version" : facts.argo)"
                ))
        }
        Standard.line("\(file): sha256:\(bookmark.digest)")
    }

    private func source() throws -> BalancerSource? {
        let given = [haproxy, http, command].compactMap { $0 }.count
        guard given <= 1 else {
            throw ValidationError("one balancer: --haproxy, --http or --command")
        }
        if let haproxy {
            guard let backend else { throw ValidationError("--haproxy needs --backend") }
            return .haproxy(socket: haproxy, backend: backend)
        }
        if let http {
            var pointers: [String: String] = [:]
            for text in weight {
                let parts = text.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, parts[1].hasPrefix("/") else {
                    throw ValidationError("--weight takes TARGET=/POINTER")
                }
                pointers[String(parts[0])] = String(parts[1])
            }
            guard !pointers.isEmpty else { throw ValidationError("--http needs --weight") }
            return .http(url: http, method: method, pointers: pointers, caFile: httpCaFile)
        }
        guard let command else { return nil }
        guard command.hasPrefix("/") else {
            throw ValidationError("--command takes an absolute path")
        }
        return .command(path: command)
    }
}

struct RehearseRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Print each step of the rollback; with --live, do it, time it and restore.")

    @Argument(help: "The bookmark.") var file: String
    @Flag(help: "Do the rollback instead of printing it.") var live = false
    @Option(help: "The bookmark's name, needed for --live.") var confirm: String?
    @Option(help: "How long the rollback may take.") var budget = "60s"
    @Option(help: "Time between two checks while waiting.") var poll = "1s"
    @Flag(help: "Print the report as JSON.") var json = false
    @OptionGroup var events: RehearsalEvents

    func run() async throws {
        let bookmark = try await RehearseCommand.exiting { () throws(RehearsalFault) in
            try Bookmark(file: file)
        }
        if live, confirm != bookmark.name {
            throw ValidationError("--live needs --confirm \(bookmark.name)")
        }
        let isJSON = json
        let recorder = try events.recorder()
        let rehearsal = Rehearsal(
            bookmark, budget: try RehearseCommand.span(budget, "--budget"),
            poll: try RehearseCommand.span(poll, "--poll"),
            show: { if !isJSON { Standard.line(InertText.terminal($0)) } },
            record: recorder.record)
        let report = live ? await Self.uninterrupted(rehearsal) : await rehearsal.plan()
        await recorder.finish()
        if json {
            Standard.write(report.json + [UInt8(ascii: "\n")])
        } else {
            show(report)
        }
        if let fault = report.fault { throw ExitCode(fault.kind.rawValue) }
    }

    /// SIGINT and SIGTERM cancel the rollback, but not the restore.
    private static func uninterrupted(_ rehearsal: Rehearsal) async -> RehearsalReport {
        let work = Task { await rehearsal.run() }
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { work.cancel() }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        return await work.value
    }

    private func show(_ report: RehearsalReport) {
        if !live {
            for (number, step) in report.steps.enumerated() {
                Standard.line(InertText.terminal("\(number + 1). \(step.name): \(step.command)"))
            }
        }
        if let fault = report.fault {
            Standard.error("bellwether: \(fault)")
        } else if let rollback = report.rollback {
            Standard.line("back to stable in \(rollback); the budget is \(report.budget)")
        } else {
            Standard.line(
                "nothing was done; to do it: --live --confirm and the bookmark's name")
        }
    }
}

struct RehearseVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Show how the state differs from the bookmark; exit 3.")

    @Argument(help: "The bookmark.") var file: String

    func run() async throws {
        let drift = try await RehearseCommand.exiting { () throws(RehearsalFault) in
            try await Rehearsal(Bookmark(file: file)).drift()
        }
        for line in drift { Standard.line(InertText.terminal(line)) }
        if !drift.isEmpty { throw ExitCode(RehearsalFault.Kind.drift.rawValue) }
        Standard.line("no drift")
    }
}

struct RehearseRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore what a rehearsal changed; safe to run again.")

    @Argument(help: "The bookmark.") var file: String
    @OptionGroup var events: RehearsalEvents

    func run() async throws {
        let recorder = try events.recorder()
        let done = try await RehearseCommand.exiting { () throws(RehearsalFault) in
            try await Rehearsal(Bookmark(file: file), record: recorder.record).restore()
        }
        await recorder.finish()
        for line in done { Standard.line(InertText.terminal(line)) }
        if done.isEmpty { Standard.line("nothing to restore") }
    }
}
