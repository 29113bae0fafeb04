import App
import ArgumentParser
import Delivery
import Events
import JSON
import Store

struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "List, retry or drop deliveries.",
        subcommands: [OutboxList.self, OutboxRetry.self, OutboxDrop.self])
}

extension ConfigOption {
    /// Opens the state file of the data folder; works while the node runs.
    func store() throws -> Store {
        let folder = try folder()
        try folder.prepare()
        return try Store(path: folder.state)
    }
}

struct OutboxList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the deliveries in the outbox, newest first.")

    @OptionGroup var config: ConfigOption
    @OptionGroup var remote: RemoteOption
    @Option(help: "Only this state: waiting, sent, dead, dropped or replaced.") var state: String?
    @Option(help: "Maximum number of results.") var limit = 100
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws {
        var states = Set(DeliveryState.allCases)
        if let state {
            guard let one = DeliveryState(rawValue: state) else {
                throw ValidationError("--state takes waiting, sent, dead, dropped or replaced")
            }
            states = [one]
        }
        if let node = try remote.node() { return try await list(from: node) }
        let wanted = states
        let most = limit
        let entries = try await config.store().read { db in
            try Outbox.list(db, states: wanted, limit: most)
        }
        if json {
            print(String(decoding: OutboxDocument.list(entries), as: UTF8.self))
            return
        }
        var table = Table("ID", "STATE", "TRIES", "RECEIVER", "DIGEST", "CREATED", "ANSWER")
        for entry in entries {
            let to = entry.addressee
            table.add(
                "\(entry.id)", entry.state.rawValue, "\(entry.tries)",
                to.recipient.isEmpty ? to.receiver : "\(to.receiver) <\(to.recipient)>",
                entry.digest, entry.created.rfc3339, entry.answer)
        }
        print(table.text)
    }

    private func list(from node: RemoteNode) async throws {
        let query = state.map { "?state=\($0)" } ?? ""
        let document = try await RemoteOption.asking { () throws(RemoteNode.Fault) in
            try await node.get("/v1/outbox" + query)
        }
        if json {
            print(String(decoding: document, as: UTF8.self))
            return
        }
        let limits = JSONLimits(maxBytes: 64 << 20, maxDepth: 8)
        var table = Table("ID", "STATE", "TRIES", "RECEIVER", "DIGEST", "CREATED", "ANSWER")
        if case .array(let rows)? = try? JSONValue(parsing: document, limits: limits) {
            for row in rows.prefix(limit) {
                func text(_ key: String) -> String { row[key]?.string ?? "" }
                table.add(
                    "\(row["id"]?.integer ?? 0)", text("state"),
                    "\(row["tries"]?.integer ?? 0)",
                    text("recipient").isEmpty
                        ? text("receiver") : "\(text("receiver")) <\(text("recipient"))>",
                    text("digest"), text("created"), text("answer"))
            }
        }
        print(table.text)
    }
}

struct OutboxRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Retry a delivery now, or all dead letters.")

    @OptionGroup var config: ConfigOption
    @OptionGroup var remote: RemoteOption
    @Argument(help: "The delivery's id, as `outbox list` shows it.") var id: Int64?
    @Flag(help: "Retry every dead letter.") var dead = false

    func validate() throws {
        if (id == nil) != dead { throw ValidationError("give an id or --dead") }
    }

    func run() async throws {
        let now = WallClock.system.now
        let wanted = id
        if let node = try remote.node() {
            let path = wanted.map { "/v1/outbox/\($0)/retry" } ?? "/v1/outbox/retry-dead"
            let answer = try await RemoteOption.asking { () throws(RemoteNode.Fault) in
                try await node.post(path)
            }
            let count = (try? JSONValue(parsing: answer, limits: .event))?["count"]?.integer
            Standard.error("\(count ?? 0) to be retried")
            return
        }
        let count = try await config.store().write { db in
            guard let wanted else { return try Outbox.retryDead(db, at: now) }
            return try Outbox.retry(db, id: wanted, at: now) ? 1 : 0
        }
        if wanted != nil, count == 0 {
            Standard.error("no unsent delivery has this id; see `bellwether outbox list`")
            throw ExitCode(1)
        }
        Standard.error("\(count) to be retried")
    }
}

struct OutboxDrop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Drop a delivery: it is not tried again.")

    @OptionGroup var config: ConfigOption
    @OptionGroup var remote: RemoteOption
    @Argument(help: "The delivery's id, as `outbox list` shows it.") var id: Int64

    func run() async throws {
        let now = WallClock.system.now
        let wanted = id
        if let node = try remote.node() {
            _ = try await RemoteOption.asking { () throws(RemoteNode.Fault) in
                try await node.post("/v1/outbox/\(wanted)/drop")
            }
            return
        }
        guard
            try await config.store().write({ db in try Outbox.drop(db, id: wanted, at: now) })
        else {
            Standard.error("no waiting or dead delivery has this id; see `bellwether outbox list`")
            throw ExitCode(1)
        }
    }
}
