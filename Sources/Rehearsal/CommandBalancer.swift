import JSON

/// Reads and sets weights with an executable of the user.
struct CommandBalancer: Balancer {
    let path: String

    func weights() async throws(RehearsalFault) -> [Weight] {
        let output = try await Tool(path).run(["get"])
        guard case .object(let members)? = try? JSONValue(parsing: output, limits: .event) else {
            throw RehearsalFault(
                .failed, "\(path) get: prints no JSON object of weights by target")
        }
        var weights: [Weight] = []
        for member in members {
            guard let number = member.value.integer, let value = Int(exactly: number) else {
                throw RehearsalFault(
                    .failed, "\(path) get: \(member.key) is not a whole number")
            }
            weights.append(Weight(member.key, value))
        }
        return weights
    }

    func set(_ target: String, to value: Int) async throws(RehearsalFault) {
        _ = try await Tool(path).run(["set", target, String(value)])
    }

    func command(setting target: String, to value: Int) -> String {
        "\(path) set \(target) \(value)"
    }
}
