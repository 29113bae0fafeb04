import JSON
import Secrets
import Telemetry
import Transfer

/// Reads and sets weights in the JSON document of an HTTP endpoint, each at a JSON pointer.
struct HTTPBalancer: Balancer {
    let url: String
    let method: String
    let pointers: [String: String]
    let caFile: String

    func weights() async throws(RehearsalFault) -> [Weight] {
        let document = try await document()
        var weights: [Weight] = []
        for (target, pointer) in pointers.sorted(by: { $0.key < $1.key }) {
            let value = document.resolve(pointer: pointer)
            guard let number = value?.integer ?? value?.string.flatMap({ Int64($0) }),
                let weight = Int(exactly: number)
            else {
                throw RehearsalFault(
                    .failed, "\(target): no whole number at \(pointer) of the answer")
            }
            weights.append(Weight(target, weight))
        }
        return weights
    }

    func set(_ target: String, to value: Int) async throws(RehearsalFault) {
        guard let pointer = pointers[target] else {
            throw RehearsalFault(.failed, "\(target): has no pointer")
        }
        guard let changed = try await document().replacing(pointer, by: value) else {
            throw RehearsalFault(.failed, "\(target): nothing at \(pointer) of the answer")
        }
        var writer = JSONWriter()
        writer.value(changed)
        _ = try await ask(method, writer.bytes)
    }

    func command(setting target: String, to value: Int) -> String {
        "\(method) \(ShownText.url(url)) with \(pointers[target] ?? target) = \(value)"
    }

    private func document() async throws(RehearsalFault) -> JSONValue {
        let body = try await ask("GET", [])
        do throws(JSONFault) {
            return try JSONValue(
                parsing: body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 64))
        } catch { throw RehearsalFault(.failed, "the weights' endpoint answers no JSON: \(error)") }
    }

    private func ask(_ method: String, _ body: [UInt8]) async throws(RehearsalFault) -> [UInt8] {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        do throws(TransferError) {
            let reply = try await engine.http(
                HTTPTransfer(
                    url: url, method: method,
                    headers: body.isEmpty ? [] : [("Content-Type", "application/json")],
                    body: body, tls: caFile.isEmpty ? .system : .file(caFile)))
            guard (200..<300).contains(reply.status) else {
                throw TransferError(
                    .protocolFault, target: "the weights' endpoint",
                    words: "\(method) was answered \(reply.status)")
            }
            return reply.body
        } catch { throw RehearsalFault(.failed, "\(error)") }
    }
}

extension JSONValue {
    /// Returns the document with the value at `pointer` replaced by `number`.
    ///
    /// The new value is a number or a string, as the old one. Returns nil when `pointer` resolves
    /// to nothing or to another type.
    fileprivate func replacing(_ pointer: String, by number: Int) -> JSONValue? {
        if pointer.isEmpty {
            switch self {
            case .number: return .number(String(number))
            case .string: return .string(String(number))
            default: return nil
            }
        }
        guard pointer.hasPrefix("/") else { return nil }
        let token = pointer.dropFirst().prefix { $0 != "/" }
        let rest = String(pointer.dropFirst(1 + token.count))
        switch self {
        case .object(let members):
            var isFound = false
            let changed = members.map { member in
                guard resolve(pointer: "/\(token)") != nil,
                    JSONValue.object([Member(member.key, .null)]).resolve(pointer: "/\(token)")
                        != nil,
                    let value = member.value.replacing(rest, by: number)
                else { return member }
                isFound = true
                return Member(member.key, value)
            }
            return isFound ? .object(changed) : nil
        case .array(var elements):
            guard let index = Int(token), elements.indices.contains(index),
                let value = elements[index].replacing(rest, by: number)
            else { return nil }
            elements[index] = value
            return .array(elements)
        default: return nil
        }
    }
}
