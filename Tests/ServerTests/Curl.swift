import Foundation
import JSON
import Synchronization

/// The system's curl, as an independent client.
struct Curl {
    struct Reply {
        var status = 0
        var version = ""
        var headers: [(String, String)] = []
        var body: [UInt8] = []
        /// curl's own exit code.
        var exit: Int32 = 0
        var complaint = ""

        func header(_ name: String) -> String? {
            headers.first { $0.0 == name.lowercased() }?.1
        }
        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSONValue? { try? JSONValue(parsing: body, limits: .event) }
    }

    var base: String
    var certificate: String?
    var arguments: [String] = []

    init(_ server: RunningServer, http2: Bool = false) {
        base = "https://127.0.0.1:\(server.port)"
        certificate = server.certificate
        arguments = [http2 ? "--http2" : "--http1.1"]
    }

    /// Sends one request; `more` contains additional arguments of curl.
    func get(_ path: String, token: String? = nil, _ more: String...) async throws -> Reply {
        try await run(path, token: token, more, body: nil)
    }

    func post(
        _ path: String, token: String? = nil, type: String? = "application/json", body: [UInt8],
        _ more: String...
    ) async throws -> Reply {
        var more = more
        // Without Expect: 100-continue, which would add a round trip.
        more += ["-H", "Expect:", "--data-binary", "@-"]
        more += ["-H", type.map { "Content-Type: \($0)" } ?? "Content-Type:"]
        return try await run(path, token: token, more, body: body)
    }

    func post(
        _ path: String, token: String? = nil, type: String? = "application/json", text: String,
        _ more: String...
    ) async throws -> Reply {
        var copy = self
        copy.arguments += more
        return try await copy.post(path, token: token, type: type, body: Array(text.utf8))
    }

    private func run(
        _ path: String, token: String?, _ more: [String], body: [UInt8]?
    ) async throws -> Reply {
        var all = arguments + ["-sS", "-i", "--path-as-is", "--max-time", "60"]
        if let certificate { all += ["--cacert", certificate] }
        if let token { all += ["-H", "Authorization: Bearer \(token)"] }
        all += more + [base + path]
        let result = try await Command.run("curl", all, input: body ?? [])
        var reply = Self.parse(result.output)
        reply.exit = result.exit
        reply.complaint = String(decoding: result.errors, as: UTF8.self)
        return reply
    }

    private static func parse(_ output: [UInt8]) -> Reply {
        var reply = Reply()
        var rest = output[...]
        while rest.starts(with: Array("HTTP/".utf8)) {
            guard let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) else { break }
            let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self)
                .split(separator: "\r\n")
            let status = lines[0].split(separator: " ")
            reply.version = String(status[0])
            reply.status = Int(status[1]) ?? 0
            reply.headers = lines.dropFirst().map { line in
                let pair = line.split(separator: ":", maxSplits: 1)
                return (
                    pair[0].lowercased(),
                    pair.count > 1 ? pair[1].trimmingCharacters(in: .whitespaces) : ""
                )
            }
            rest = rest[end.upperBound...]
            // After 100 Continue the final response follows.
            if reply.status != 100 { break }
        }
        reply.body = Array(rest)
        return reply
    }
}
