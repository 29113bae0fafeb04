import CCurl
import Core

extension MailTransfer {
    func prepare(_ exchange: EasyTransfer, _ endpoint: Endpoint) throws(TransferError) {
        let name = hello.isEmpty ? HelloName.standard(isLoopback: endpoint.isLoopback) : hello
        // libcurl takes the path as the name of the greeting.
        try exchange.set(CURLOPT_URL, endpoint.target + "/" + PercentCoding.encode(name))
        try exchange.set(CURLOPT_PROTOCOLS_STR, endpoint.scheme)
        try exchange.set(trust: trust)
        // Any other value but ALL continues in plain text if TLS is not offered.
        try exchange.set(
            CURLOPT_USE_SSL,
            Int(security == .none ? CURLUSESSL_NONE.rawValue : CURLUSESSL_ALL.rawValue))
        if !username.isEmpty {
            try exchange.set(CURLOPT_USERNAME, username)
            if token.isEmpty {
                try exchange.set(CURLOPT_PASSWORD, password)
            } else {
                try exchange.set(CURLOPT_XOAUTH2_BEARER, token)
            }
            // Without a list libcurl also tries GSSAPI and NTLM if they are offered.
            let mechanisms = authentication.mechanisms(withToken: !token.isEmpty)
            try exchange.set(
                CURLOPT_LOGIN_OPTIONS, mechanisms.map { "AUTH=" + $0 }.joined(separator: ";"))
            try exchange.set(CURLOPT_SASL_IR, 1)
        }
        try exchange.set(CURLOPT_MAIL_FROM, "<\(from)>")
        try exchange.set(CURLOPT_MAIL_RCPT, list: recipients.map { "<\($0)>" })
        try exchange.check(ccurl_allow_refused_recipients(exchange.easy))
        try exchange.set(CURLOPT_CONNECTTIMEOUT_MS, min(connectDeadline, deadline))
        // libcurl's default of 120 s per answer would be too short for the final one. Its single
        // total deadline cannot separate sending from waiting, so the loop enforces both deadlines.
        try exchange.set(CURLOPT_TIMEOUT_MS, deadline + answerDeadline)
        let answerSeconds = Int(answerDeadline.components.seconds) + 1
        try exchange.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, max(answerSeconds, 1))
        try exchange.recordConversation()
        try exchange.endByCallback()
        try exchange.send(
            upload: message, before: .now + deadline, thenWithin: answerDeadline)
    }
}
