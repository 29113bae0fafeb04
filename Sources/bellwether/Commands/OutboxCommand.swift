import App
import ArgumentParser
import Delivery
import Events
import JSONScan
import Store

struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "Deliveries that wait, failed or are dead.",
        subcommands: [OutboxList.self, OutboxRetry.self, OutboxDrop.self])
}

extension ConfigOption {
    /// The state file of the data folder; works beside a running node.
    func store() throws -> Store {
        let folder = try folder()
        try folder.prepare()
        return try Store(path: folder.state)
    }
}

struct OutboxList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "What is in the outbox, the newest first.")

    @OptionGroup var config: ConfigOption
    @Option(help: "Only these: waiting, sent, dead or dropped.") var state: String?
    @Option(help: "At most so many.") var limit = 100
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws {
        var states = Set(DeliveryState.allCases)
        if let state {
            guard let one = DeliveryState(rawValue: state) else {
                throw ValidationError("--state takes waiting, sent, dead or dropped")
            }
            states = [one]
        }
        let wanted = states
        let most = limit
        let entries = try await config.store().read { db in
            try Outbox.list(db, states: wanted, limit: most)
        }
        if json {
            print(Self.document(entries))
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

    private static func document(_ entries: [OutboxEntry]) -> String {
        var writer = JSONWriter()
        writer.array { w in
            for entry in entries {
                w.object { w in
                    w.member("id", Int(entry.id))
                    w.member("state", entry.state.rawValue)
                    w.member("tries", entry.tries)
                    w.member("receiver", entry.addressee.receiver)
                    w.member("recipient", entry.addressee.recipient)
                    w.member("digest", entry.digest)
                    w.member("subject", entry.subject)
                    w.member("created", entry.created.rfc3339)
                    w.member("due", entry.due.rfc3339)
                    w.member("settled", entry.settled?.rfc3339)
                    w.member("answer", entry.answer)
                }
            }
        }
        return writer.text
    }
}

struct OutboxRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Try a delivery again now, or all dead ones.")

    @OptionGroup var config: ConfigOption
    @Argument(help: "The delivery's id, as `outbox list` shows it.") var id: Int64?
    @Flag(help: "Every dead letter.") var dead = false

    func validate() throws {
        if (id == nil) != dead { throw ValidationError("give an id or --dead") }
    }

    func run() async throws {
        let now = WallClock.system.now
        let wanted = id
        let count = try await config.store().write { db in
            guard let wanted else { return try Outbox.retryDead(db, at: now) }
            return try Outbox.retry(db, id: wanted, at: now) ? 1 : 0
        }
        if wanted != nil, count == 0 {
            Standard.error("no delivery of this id waits or failed; see `bellwether outbox list`")
            throw ExitCode(1)
        }
        Standard.error("\(count) to be tried again")
    }
}

struct OutboxDrop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Give a delivery up.")

    @OptionGroup var config: ConfigOption
    @Argument(help: "The delivery's id, as `outbox list` shows it.") var id: Int64

    func run() async throws {
        let now = WallClock.system.now
        let wanted = id
        guard
            try await config.store().write({ db in try Outbox.drop(db, id: wanted, at: now) })
        else {
            Standard.error("no delivery of this id waits; see `bellwether outbox list`")
            throw ExitCode(1)
        }
    }
}
