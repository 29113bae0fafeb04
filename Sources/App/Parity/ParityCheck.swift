import Analysis
import JSON
import Telemetry
import Transfer

/// Sends one measurement as several callers at once and compares the answers.
///
/// The controller and a person use different tokens and must get the same verdict.
public struct ParityCheck: Sendable {
    public struct Fault: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    private struct Caller: Sendable {
        let name: String
        let token: String
    }

    private let url: String
    private let callers: [Caller]
    /// libcurl's connect-to entry and the address of each gateway; a single nil resolves the
    /// host name.
    private let gateways: [(connectTo: String, address: String)?]
    private let trust: TLSTrust
    private let body: [UInt8]
    private let path: String

    /// - Parameters:
    ///   - url: The gateways' address, `https://host:port`.
    ///   - tokenFiles: One for each caller, at least two; the first line of each is its token.
    ///   - resolve: `HOST:PORT:ADDRESS` as in curl, one for each gateway behind the host's name.
    ///   - caFile: A PEM file of certificates to trust; if empty, the system's.
    ///   - concern: The concern to measure; nil for the merged verdict.
    public init(
        url: String, tokenFiles: [String], resolve: [String] = [], caFile: String = "",
        rollout: String, namespace: String, revision: String?, concern: String?
    ) throws(Fault) {
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
            throw Fault(description: "--url takes https://host:port")
        }
        guard tokenFiles.count >= 2 else {
            throw Fault(description: "--as is needed at least twice: a token file for each caller")
        }
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        var callers: [Caller] = []
        for file in tokenFiles {
            do {
                callers.append(Caller(name: file, token: try DataFolder.readSecret(file)))
            } catch { throw Fault(description: error.description) }
        }
        self.callers = callers
        var gateways: [(connectTo: String, address: String)?] = []
        for text in resolve { gateways.append(try Self.gateway(text)) }
        self.gateways = gateways.isEmpty ? [nil] : gateways
        trust = caFile.isEmpty ? .system : .file(caFile)
        path = "/rollouts/analysis" + (concern.map { "/\($0)" } ?? "")
        var writer = JSONWriter()
        writer.object { w in
            w.member("rollout", rollout)
            w.member("namespace", namespace)
            if let revision { w.member("revision", revision) }
            w.member("metric", MeasurementRequest.trialMetric)
        }
        body = writer.bytes
    }

    /// Parses `HOST:PORT:ADDRESS` or `HOST:PORT:ADDRESS:PORT`; an IPv6 address may be in brackets.
    private static func gateway(
        _ text: String
    ) throws(Fault) -> (connectTo: String, address: String) {
        let fault = Fault(description: "--resolve takes HOST:PORT:ADDRESS, not \(text)")
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, let port = Int(parts[1]),
            (1...65535).contains(port), !parts[2].isEmpty
        else { throw fault }
        var address = String(parts[2])
        var target = parts[1]
        if address.hasPrefix("[") {
            guard let close = address.lastIndex(of: "]") else { throw fault }
            let rest = address[address.index(after: close)...]
            if !rest.isEmpty { target = rest.dropFirst() }
            address = String(address[...close])
        } else if let colon = address.lastIndex(of: ":") {
            if address.firstIndex(of: ":") == colon {
                target = Substring(address[address.index(after: colon)...])
                address = String(address[..<colon])
            } else {
                address = "[\(address)]"
            }
        }
        guard let targetPort = Int(target), (1...65535).contains(targetPort) else { throw fault }
        return ("\(parts[0]):\(port):\(address):\(targetPort)", "\(address):\(targetPort)")
    }

    /// Sends all requests at once, each over its own connection.
    public func run() async -> ParityReport {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let asked = gateways.flatMap { gateway in callers.map { (gateway, $0) } }
        let answers = await withTaskGroup(of: (Int, ParityAnswer).self) { group in
            for (index, (gateway, caller)) in asked.enumerated() {
                group.addTask { (index, await ask(engine, caller, gateway)) }
            }
            var answers: [(Int, ParityAnswer)] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
        return ParityReport(answers)
    }

    private func ask(
        _ engine: TransferEngine, _ caller: Caller,
        _ gateway: (connectTo: String, address: String)?
    ) async -> ParityAnswer {
        do throws(TransferError) {
            let reply = try await engine.http(
                HTTPTransfer(
                    url: url + path, method: "POST",
                    headers: [
                        ("Content-Type", "application/json"),
                        ("Authorization", "Bearer \(caller.token)"),
                    ], body: body, deadline: .seconds(15), tls: trust,
                    connectTo: gateway?.connectTo))
            return ParityAnswer(caller: caller.name, gateway: gateway?.address, reply: reply)
        } catch {
            return ParityAnswer(
                caller: caller.name, gateway: gateway?.address, refusal: "\(error)")
        }
    }
}
