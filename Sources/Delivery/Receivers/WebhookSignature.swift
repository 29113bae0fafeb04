import Core
import Events

/// The signature header of Standard Webhooks: `v1,` and the base64 of
/// HMAC-SHA256 over `id.timestamp.body`.
struct WebhookSignature {
    private let key: [UInt8]

    /// Reads a key of the form `whsec_<base64>`; any other text is used as its UTF-8 bytes.
    init(key text: String) {
        let prefix = "whsec_"
        if text.hasPrefix(prefix), let decoded = Base64.decode(text.dropFirst(prefix.count)) {
            key = decoded
        } else {
            key = Array(text.utf8)
        }
    }

    func value(id: String, seconds: Int64, body: [UInt8]) -> String {
        let mac = Self.hmac(key, Array("\(id).\(seconds).".utf8) + body)
        return "v1," + Base64.encode(mac)
    }

    /// HMAC (RFC 2104) with SHA-256.
    static func hmac(_ key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        let block = 64
        var padded = key.count > block ? ContentHash.digest(key) : key
        padded += [UInt8](repeating: 0, count: block - padded.count)
        let inner = ContentHash.digest(padded.map { $0 ^ 0x36 } + message)
        return ContentHash.digest(padded.map { $0 ^ 0x5C } + inner)
    }
}
