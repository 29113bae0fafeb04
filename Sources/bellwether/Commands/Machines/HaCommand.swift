import App
import ArgumentParser
import Core
import JSON

struct HaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ha",
        abstract: "Show which node of a pair leads, or hand over to the other one.",
        subcommands: [Status.self, HandOver.self], defaultSubcommand: Status.self)

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status",
            abstract: "Show whether this node leads or follows.",
            discussion:
                "Needs a running node with the key ha, and with --url a token of the scope read.")

        @OptionGroup var node: NodeOption
        @Flag(help: "Print as JSON.") var json = false

        func run() async throws {
            let reader = try node.target().running()
            let document = try await Search.request { () async throws(RemoteNode.Fault) in
                try await reader.get("/v1/ha")
            }
            if json {
                Standard.write(document + [UInt8(ascii: "\n")])
            } else {
                HaCommand.show(try Answer.tree(document))
            }
        }
    }

    struct HandOver: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "hand-over",
            abstract: "Let the other node lead; this one starts again and follows.",
            discussion: """
                The node copies its last lines to the bucket and ends with exit status 3, so that \
                its supervisor starts it again. With --url, needs a token of the scope admin.
                """)

        @OptionGroup var node: NodeOption

        func run() async throws {
            let target = try node.target()
            let answer = try await target.administering { node in
                try await Search.request { () async throws(RemoteNode.Fault) in
                    try await node.post("/v1/ha/hand-over", [])
                }
            }
            let others = try Answer.tree(answer)["others"]?.elements ?? []
            let names = others.compactMap(\.string).joined(separator: " or ")
            Standard.line(InertText.terminal("handing over to \(names)"))
        }
    }

    private static func show(_ tree: JSONValue) {
        let (role, since) = (tree.text("role"), tree.text("since"))
        let own = tree.text("advertise")
        let leader = tree.text("leader")
        let words =
            switch role {
            case "leading" where own.isEmpty: "the node leads"
            case "leading": "leads"
            case "alone": "leads alone: the bucket does not answer"
            case "following" where leader.isEmpty: "follows; the leader is not known yet"
            case "following": "follows \(leader)"
            default: "no longer leads"
            }
        Standard.line(
            InertText.terminal(
                "\(own)\(own.isEmpty ? "" : " ")\(words) (since \(since))"))
        let term = tree["term"]?.integer ?? 0
        guard let lease = tree["lease_seconds"]?.double else {
            Standard.line("it has no second node (the key ha is not set)")
            return
        }
        Standard.line("term \(term), lease \(lease) s")
        for part in (tree["differs"]?.elements ?? []).compactMap(\.string) {
            switch part {
            case "policy":
                Standard.line(
                    "its configuration differs from the leader's: verdicts and messages change when it takes over"
                )
            case "binary": Standard.line("its executable differs from the leader's")
            default: continue
            }
        }
        let others = (tree["others"]?.elements ?? []).compactMap(\.string)
        Standard.line(
            InertText.terminal(
                others.isEmpty
                    ? "no other node has been seen" : "other: \(others.joined(separator: ", "))"))
    }
}
