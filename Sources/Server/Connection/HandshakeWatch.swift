import NIOCore
import NIOSSL
import NIOTLS

/// Notes how a connection's TLS handshake ends, and removes itself when it succeeds.
///
/// Runs on the connection's event loop, directly behind the TLS handler.
final class HandshakeWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let onFailure: (HandshakeFailure) -> Void
    private var isOver = false

    init(onFailure: @escaping (HandshakeFailure) -> Void) { self.onFailure = onFailure }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        isOver = true
        context.fireUserInboundEventTriggered(event)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(HandshakeFailure(error))
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(HandshakeFailure(reason: .closed, detail: "the connection closed"))
        context.fireChannelInactive()
    }

    private func end(_ failure: HandshakeFailure) {
        guard !isOver else { return }
        isOver = true
        onFailure(failure)
    }
}

/// Why a TLS handshake failed.
struct HandshakeFailure: Sendable, Equatable {
    enum Reason: String, Sendable, CaseIterable {
        /// The caller refuses this node's certificate: its authority is unknown there, the name
        /// is another one, or it has expired.
        case certificateRefused = "certificate_refused"
        /// This node's own certificate has expired, or the caller reports that.
        case certificateExpired = "certificate_expired"
        /// The caller's certificate is not signed by an authority of `listen.tls.client_ca`.
        case clientCertificateRefused = "client_certificate_refused"
        /// The caller has no certificate, and one is required.
        case clientCertificateMissing = "client_certificate_missing"
        /// No common TLS version or cipher suite.
        case noCommonProtocol = "no_common_protocol"
        /// The first bytes are not TLS, such as plain HTTP.
        case notTLS = "not_tls"
        /// The connection closed, or timed out, before the handshake ended.
        case closed = "closed"
        case other = "other"

        /// Whether a caller that is meant to reach this node may be behind it. Who scans ports
        /// closes the connection, speaks something else or has no certificate.
        var isAboutCertificate: Bool {
            switch self {
            case .certificateRefused, .certificateExpired, .clientCertificateRefused: true
            default: false
            }
        }
    }

    let reason: Reason
    /// The error's code in the TLS library's words, at most 80 characters.
    let detail: String

    init(reason: Reason, detail: String) {
        self.reason = reason
        self.detail = detail
    }

    /// Reads the reason from an error of the TLS handler.
    ///
    /// The library names a failure by its code only, in the error's description:
    /// `…:TLSV1_ALERT_UNKNOWN_CA`. The names are those of BoringSSL's `ssl.h`.
    init(_ error: any Error) {
        let text = "\(error)"
        func has(_ names: String...) -> Bool { names.contains { text.contains($0) } }
        if has("ALERT_CERTIFICATE_EXPIRED") {
            reason = .certificateExpired
        } else if has(
            "ALERT_UNKNOWN_CA", "ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE_UNKNOWN",
            "ALERT_UNSUPPORTED_CERTIFICATE", "ALERT_CERTIFICATE_REVOKED", "ALERT_ACCESS_DENIED",
            // The alert of a client with OpenSSL in TLS 1.3, which cannot be decrypted.
            "DECRYPTION_FAILED_OR_BAD_RECORD_MAC")
        {
            reason = .certificateRefused
        } else if has("CERTIFICATE_VERIFY_FAILED") {
            reason = .clientCertificateRefused
        } else if has("PEER_DID_NOT_RETURN_A_CERTIFICATE") {
            reason = .clientCertificateMissing
        } else if has(
            "UNSUPPORTED_PROTOCOL", "NO_SHARED_CIPHER", "NO_COMMON_SIGNATURE_ALGORITHMS",
            "NO_SHARED_GROUP", "WRONG_CURVE", "ALERT_PROTOCOL_VERSION", "ALERT_HANDSHAKE_FAILURE",
            "ALERT_INSUFFICIENT_SECURITY")
        {
            reason = .noCommonProtocol
        } else if has(
            "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "WRONG_VERSION_NUMBER", "UNEXPECTED_MESSAGE",
            "INVALID_MESSAGE", "UNEXPECTED_RECORD", "DECODE_ERROR", "BAD_PACKET_LENGTH",
            "RECORD_LENGTH_MISMATCH", "EXCESSIVE_MESSAGE_SIZE", "ENCRYPTED_LENGTH_TOO_LONG",
            "DATA_LENGTH_TOO_LONG")
        {
            reason = .notTLS
        } else if has("uncleanShutdown", "EOF during", "Connection reset", "inputClosed") {
            reason = .closed
        } else {
            reason = .other
        }
        // The last name of capital letters is the most specific one.
        let words = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")) }
        let name = words.last { word in
            word.count > 5 && word.contains("_") && word.allSatisfy { !$0.isLowercase }
        }
        detail = String((name ?? "no code").prefix(80))
    }
}
