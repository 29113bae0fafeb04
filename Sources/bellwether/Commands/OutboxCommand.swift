import App
import ArgumentParser
import Core
import Delivery
import Events
import JSON
import Notifier
import State

struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "List, retry or drop deliveries.",
        subcommands: [OutboxList.self, OutboxRetry.self, OutboxDrop.self])

    /// The answer to a change, as the node writes it.
    static func count(_ count: Int) -> [UInt8] {
        var json = JSONWriter()
        json.object { $0.member("count", count) }
        return json.bytes
    }

    /// The number of changed deliveries in an answer.
    static func count(of answer: [UInt8]) throws -> Int {
        Int(clamping: try Answer.tree(answer)["count"]?.integer ?? 0)
    }
}

struct OutboxList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the deliveries in the outbox, newest first.")

    @OptionGroup var node: NodeOption
    @Option(help: "Only this state: waiting, sent, dead, dropped or replaced.") var state: String?
    @Option(help: "Maximum number of results, 1 to 1000.") var limit = 100
    @Flag(help: "Print as JSON.") var json = false

    func validate() throws {
        guard (1...1000).contains(limit) else {
            throw ValidationError("--limit takes a number from 1 to 1000")
        }
    }

    func run() async throws {
        var states = Set(DeliveryState.allCases)
        if let state {
            guard let one = DeliveryState(rawValue: state) else {
                throw ValidationError("--state takes waiting, sent, dead, dropped or replaced")
            }
            states = [one]
        }
        let wanted = states
        let most = limit
        let document = try await node.target().document(
            "/v1/outbox?limit=\(most)" + (state.map { "&state=\($0)" } ?? "")
        ) { local in
            OutboxDocument.list(
                try await local.store(.reader).read { db in
                    try Outbox.list(db, states: wanted, limit: most)
                })
        }
        if json {
            print(String(decoding: document, as: UTF8.self))
            return
        }
        var table = Table("ID", "STATE", "TRIES", "RECEIVER", "DIGEST", "CREATED", "ANSWER")
        for row in try Answer.rows(document) {
            let (receiver, recipient) = (row.text("receiver"), row.text("recipient"))
            table.add(
                "\(row["id"]?.integer ?? 0)", row.text("state"), "\(row["tries"]?.integer ?? 0)",
                recipient.isEmpty ? receiver : "\(receiver) <\(recipient)>", row.text("digest"),
                row.text("created"), row.text("answer"))
        }
        print(table.text)
    }
}

struct OutboxRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Retry a delivery now, or all dead letters.")

    @OptionGroup var node: NodeOption
    @Argument(help: "The delivery's id, as `outbox list` shows it.") var id: Int64?
    @Flag(help: "Retry every dead letter.") var dead = false

    func validate() throws {
        if (id == nil) != dead { throw ValidationError("give an id or --dead") }
    }

    func run() async throws {
        let now = WallClock.system.now
        let wanted = id
        let answer = try await node.target().change(
            wanted.map { "/v1/outbox/\($0)/retry" } ?? "/v1/outbox/retry-dead"
        ) { local in
            let count = try await local.store(.editor).write { db in
                guard let wanted else { return try CommandDecisions.retryDead(db, at: now) }
                return try CommandDecisions.retry(db, id: wanted, at: now) ? 1 : 0
            }
            return OutboxCommand.count(count)
        }
        let count = try OutboxCommand.count(of: answer)
        if wanted != nil, count == 0 {
            Standard.error("no unsent delivery has this id; see `bellwether outbox list`")
            throw ExitCode(1)
        }
        Standard.error("\(count) to be retried")
    }
}

struct OutboxDrop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Drop deliveries: they are not tried again.",
        discussion: """
            --dead drops dead letters, --receiver what waits for this receiver and its dead letters, \
            both together the dead letters of this receiver.
            """)

    @OptionGroup var node: NodeOption
    @Argument(help: "The delivery's id, as `outbox list` shows it.") var id: Int64?
    @Flag(help: "Drop every dead letter.") var dead = false
    @Option(help: "Drop the deliveries of this receiver.") var receiver: String?

    func validate() throws {
        if (id == nil) == (receiver == nil && !dead) {
            throw ValidationError("give an id, or --dead, --receiver or both")
        }
    }

    func run() async throws {
        let now = WallClock.system.now
        let (wanted, receiver) = (id, receiver)
        let states: Set<DeliveryState> = dead ? [.dead] : [.waiting, .dead]
        let selection = Query.text([
            ("state", dead ? "dead" : nil), ("receiver", receiver),
        ])
        let answer = try await node.target().change(
            wanted.map { "/v1/outbox/\($0)/drop" } ?? "/v1/outbox/drop" + selection
        ) { local in
            let count = try await local.store(.editor).write { db in
                guard let wanted else {
                    return try CommandDecisions.dropAll(
                        db, states, receiver: receiver, at: now)
                }
                return try CommandDecisions.drop(db, id: wanted, at: now) ? 1 : 0
            }
            return OutboxCommand.count(count)
        }
        let count = try OutboxCommand.count(of: answer)
        if wanted != nil, count == 0 {
            Standard.error("no waiting or dead delivery has this id; see `bellwether outbox list`")
            throw ExitCode(1)
        }
        if let receiver, count == 0 {
            Standard.error(
                "no \(dead ? "dead" : "waiting or dead") delivery is for a receiver \(InertText.terminal(receiver)); see `bellwether outbox list`"
            )
            throw ExitCode(1)
        }
        Standard.error("\(count) dropped")
    }
}
