import Core
import Events

/// The signature header of Standard Webhooks: `v1,` and the base64 of
/// HMAC-SHA256 over `id.timestamp.body`.
struct WebhookSignature {
    private let key: HMACKey

    /// Reads a key of the form `whsec_<base64>`; any other text is used as its UTF-8 bytes.
    init(key text: String) {
        let prefix = "whsec_"
        if text.hasPrefix(prefix), let decoded = Base64.decode(text.dropFirst(prefix.count)) {
            key = HMACKey(decoded)
        } else {
            key = HMACKey(Array(text.utf8))
        }
    }

    func value(id: String, seconds: Int64, body: [UInt8]) -> String {
        let mac = key.code(for: Array("\(id).\(seconds).".utf8) + body)
        return "v1," + Base64.encode(mac)
    }
}
