import Core

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads and sets weights through HAProxy's Unix socket (management guide, section 9.3).
///
/// Each connection carries one command; the answer ends when HAProxy closes the connection.
struct HAProxyRuntime: Balancer {
    private let socketPath: String
    private let backend: String
    private let executor = BlockingExecutor("rehearsal.haproxy")

    /// Most bytes of one answer.
    private static let maxAnswer = 4 << 20

    init(socket: String, backend: String) throws(RehearsalFault) {
        socketPath = socket
        self.backend = backend
        try Self.check(backend)
    }

    /// Rejects names with other characters: a space or `;` would change the command.
    private static func check(_ name: String) throws(RehearsalFault) {
        let isGood =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "-_.:".utf8.contains(byte)
                }
            }
        guard isGood else {
            throw RehearsalFault(
                .failed, "\(name): not a name of HAProxy's (letters, digits, '-', '_', '.', ':')")
        }
    }

    func weights() async throws(RehearsalFault) -> [Weight] {
        let answer = try await ask("show servers state \(backend)")
        var columns: [Substring: Int] = [:]
        var weights: [Weight] = []
        for line in answer.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "#" {
                columns = Dictionary(
                    words.dropFirst().enumerated().map { ($1, $0) },
                    uniquingKeysWith: { first, _ in first })
                continue
            }
            guard let name = columns["srv_name"], let weight = columns["srv_uweight"],
                let state = columns["srv_op_state"], let admin = columns["srv_admin_state"],
                words.count > max(name, weight, state, admin), let value = Int(words[weight])
            else { continue }
            // Operational state 2 is running. An administrative state other than 0 is
            // maintenance or drain.
            weights.append(
                Weight(
                    String(words[name]), value, isUp: words[state] == "2" && words[admin] == "0"))
        }
        guard !weights.isEmpty else {
            throw RehearsalFault(
                .failed,
                "\(socketPath): HAProxy lists no servers of backend \(backend): \(Self.firstLine(answer))"
            )
        }
        return weights
    }

    func set(_ target: String, to value: Int) async throws(RehearsalFault) {
        try Self.check(target)
        let answer = try await ask("set weight \(backend)/\(target) \(value)")
        // An empty line means success; anything else is the reason of the refusal.
        guard Self.firstLine(answer).isEmpty else {
            throw RehearsalFault(
                .failed, "\(backend)/\(target): HAProxy refuses: \(Self.firstLine(answer))")
        }
    }

    func command(setting target: String, to value: Int) -> String {
        "echo 'set weight \(backend)/\(target) \(value)' | socat stdio \(socketPath)"
    }

    private static func firstLine(_ text: String) -> String {
        String(text.split(separator: "\n").first ?? "")
    }

    private func ask(_ command: String) async throws(RehearsalFault) -> String {
        let path = socketPath
        return try await executor.run { Self.exchange(command, at: path) }.get()
    }

    private static func exchange(
        _ command: String, at path: String
    ) -> Result<String, RehearsalFault> {
        func fault(_ call: String) -> Result<String, RehearsalFault> {
            .failure(
                RehearsalFault(
                    .failed,
                    "\(path): \(call): \(String(cString: strerror(errno))); give the path of HAProxy's `stats socket`, level admin"
                ))
        }
        #if canImport(Darwin)
            let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #else
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        guard descriptor >= 0 else { return fault("socket") }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(
                descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            return .failure(RehearsalFault(.failed, "\(path): too long for a socket's path"))
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { return fault("connect") }
        let line = Array((command + "\n").utf8)
        guard write(descriptor, line, line.count) == line.count else { return fault("write") }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while answer.count <= maxAnswer {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return fault("read") }
            if count == 0 { return .success(String(decoding: answer, as: UTF8.self)) }
            answer += chunk[..<count]
        }
        return .failure(RehearsalFault(.failed, "\(path): more than 4 MiB of answer"))
    }
}
