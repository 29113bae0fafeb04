import Events
import JSON
import Transfer

/// One gateway's answer to one caller.
public struct ParityAnswer: Sendable, Equatable {
    /// The caller: the path of its token file.
    public let caller: String
    /// The address of the gateway, if `--resolve` gave one; nil if the host name was resolved.
    public let gateway: String?
    /// The fields in display order.
    public let fields: [Field]
    /// Why there is no verdict: a refusal, or no answer at all. nil if there is one.
    public let refusal: String?

    public struct Field: Sendable, Equatable {
        public let name: String
        public let value: String?
    }

    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    init(caller: String, gateway: String?, fields: [Field]) {
        self.caller = caller
        self.gateway = gateway
        self.fields = fields
        refusal = nil
    }

    init(caller: String, gateway: String?, refusal: String) {
        self.caller = caller
        self.gateway = gateway
        self.refusal = refusal
        fields = []
    }

    init(caller: String, gateway: String?, reply: HTTPReply) {
        self.caller = caller
        self.gateway = gateway
        let document = try? JSONValue(
            parsing: reply.body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 32))
        guard reply.status == 200, let verdict = document?["status"]?.string else {
            let words = document?["detail"]?.string ?? "the answer is not a verdict"
            refusal = "\(reply.status): \(words)"
            fields = [Field(name: "address", value: reply.remoteAddress)]
            return
        }
        refusal = nil
        let text = { (pointer: String) -> String? in
            switch document?.resolve(pointer: pointer) {
            case .string(let text), .number(let text): text
            default: nil
            }
        }
        fields = [
            Field(name: "verdict", value: verdict),
            Field(name: "digest", value: "sha256:" + ContentHash.hex(reply.body)),
            Field(name: "host", value: text("/gateway/node")),
            Field(name: "az", value: text("/gateway/az")),
            Field(name: "address", value: reply.remoteAddress),
            Field(name: "policy", value: text("/policy")),
            Field(name: "binary", value: text("/binary")),
            Field(name: "attempt", value: text("/attempt/n")),
            Field(name: "epoch", value: text("/attempt/epoch")),
            Field(name: "measured_at", value: reply.header("bellwether-measured-at")),
        ]
    }
}
