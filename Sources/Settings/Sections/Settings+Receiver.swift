import Core
import Events
public import Secrets

extension Settings {
    /// One entry of `receivers`: a destination of digests.
    public struct Receiver: Sendable, Equatable {
        public var name: String
        /// The timeout of one attempt.
        public var timeout: Duration
        /// The longest pause between two attempts.
        public var retryCeiling = Duration.seconds(10)
        public var kind: Kind

        public init(name: String, timeout: Duration = .seconds(10), kind: Kind) {
            self.name = name
            self.timeout = timeout
            self.kind = kind
        }

        public enum Kind: Sendable, Equatable {
            /// A Slack incoming webhook.
            case slack(Web)
            /// A Slack bot token: one message for each incident, updated in place.
            case slackBot(Bot)
            case smtp(Mail)
            /// A request of any form, signed if `signingKey` is set.
            case webhook(Web, WebhookRequest)
            /// Files in a folder; empty: `outgoing/` in the data folder.
            case file(directory: String)
            /// A program that reads the digest's JSON from its standard input.
            case exec(command: [String])
        }

        public struct Bot: Sendable, Equatable {
            public var token = Secret.unset
            /// The channel's id, such as `C0123456789`.
            public var channel = ""
            public var apiURL = "https://slack.com/api"
            public var caFile = ""

            public init() {}
        }

        public struct Web: Sendable, Equatable {
            /// A secret, because anyone with a webhook's address can post to it.
            public var url = Secret.unset
            /// The HMAC-SHA256 key of the signature header; used by webhooks only.
            public var signingKey = Secret.unset
            /// PEM file of certificate authorities; empty: the system's.
            public var caFile = ""

            public init() {}
        }

        public struct Mail: Sendable, Equatable {
            public enum TLS: String, Sendable, CaseIterable {
                /// STARTTLS (`smtp:`) or TLS from the start (`smtps:`), with a valid certificate.
                case required
                /// No encryption.
                case none
            }

            /// The SASL mechanism for authentication at the relay.
            public enum Auth: String, Sendable, CaseIterable {
                /// A mechanism that the relay offers and the credential supports.
                case auto
                case plain
                case login
                case cramMD5 = "cram-md5"
                case xoauth2
            }

            /// `smtp://host:587` or `smtps://host:465`.
            public var url = ""
            public var tls = TLS.required
            public var caFile = ""
            /// `name@host`, or `Words <name@host>`.
            public var from = ""
            public var to: [String] = []
            public var username = ""
            public var password = Secret.unset
            public var auth = Auth.auto
            /// An OAuth 2.0 access token, used instead of a password.
            public var oauthToken = Secret.unset
            /// The name in the EHLO greeting; empty: this machine's name, or its address.
            public var hello = ""

            public init() {}
        }

        /// PEM file of the server's authorities; empty: the system's, or the receiver has no
        /// server.
        public var caFile: String {
            switch kind {
            case .slack(let web), .webhook(let web, _): web.caFile
            case .slackBot(let bot): bot.caFile
            case .smtp(let mail): mail.caFile
            case .file, .exec: ""
            }
        }

        static var standard: [Receiver] {
            [Receiver(name: "kept", kind: .file(directory: ""))]
        }
    }
}

extension Settings.Receiver {
    private enum KindName: String, CaseIterable {
        case slack
        case smtp
        case webhook
        case file
        case exec
    }

    /// Returns nil if the kind is missing or unknown.
    init?(reading r: MappingReader) {
        let name = r.name("name")
        guard let kind = r.kind(of: "receiver", KindName.self) else { return nil }
        switch kind {
        case .slack where r.has("token") || r.has("token_file"):
            self.init(name: name, kind: .slackBot(Bot(reading: r)))
        case .slack: self.init(name: name, kind: .slack(Web(reading: r, isSlack: true)))
        case .webhook:
            let recipe = RecipeReader(r)
            self.init(
                name: name,
                kind: .webhook(
                    Web(reading: r, isSlack: false, recipe: recipe),
                    WebhookRequest(reading: recipe)))
        case .smtp:
            // RFC 5321 §4.5.3.2 allows the server minutes; an early timeout leads to duplicates.
            self.init(name: name, timeout: .seconds(60), kind: .smtp(Mail(reading: r)))
        case .exec:
            self.init(
                name: name,
                kind: .exec(command: r.command("write command: [/usr/local/bin/page, --now]")))
        case .file: self.init(name: name, kind: .file(directory: r.plain("directory", "")))
        }
        // Greylisting relays answer 4yz for minutes: a pause of seconds only adds connections.
        if kind == .smtp { retryCeiling = .seconds(60) }
        if kind != .file {
            timeout = r.duration("timeout", timeout, in: .milliseconds(100)...(.seconds(900)))
            retryCeiling = r.duration(
                "retry_ceiling", retryCeiling, in: .milliseconds(100)...(.seconds(86_400)))
        }
        r.finish()
    }
}

extension Settings.Receiver.Bot {
    fileprivate init(reading r: MappingReader) {
        self.init()
        token = r.secret("token")
        if r.has("url") || r.has("url_file") {
            r.fault(
                r.has("url") ? "url" : "url_file", "given beside a bot's token",
                "keep url for a webhook, or token and channel for a bot", atKey: true)
            _ = (r.text("url"), r.text("url_file"))
        }
        channel = r.expanded("channel", "")
        let isChannel =
            (2...64).contains(channel.utf8.count)
            && channel.unicodeScalars.allSatisfy { $0.isLetterASCII || $0.isDigit }
        if !isChannel, !r.context.hasFault(at: r.path("channel")) {
            let remedy = "write channel: C0123456789, which Slack shows in the channel's details"
            if r.has("channel") {
                r.fault("channel", "\(InertText.quoted(channel)) is not a channel's id", remedy)
            } else {
                r.lacks("channel is missing", remedy)
            }
        }
        if r.has("api_url") {
            apiURL = r.webAddress(
                "api_url", r.expanded("api_url", ""), schemes: ["https", "http"],
                credentials: "leave it out: the credential is token_file: PATH")
            if apiURL.hasSuffix("/") { apiURL.removeLast() }
        }
        caFile = r.file("ca_file")
    }
}

extension Settings.Receiver.Web {
    fileprivate init(reading r: MappingReader, isSlack: Bool, recipe: RecipeReader? = nil) {
        self.init()
        // Slack's webhook addresses are credentials; one on this machine is for tests.
        url = r.secret(
            "url",
            isPublic: { text in
                guard let address = try? WebAddress(text.withoutTags, schemes: ["https", "http"])
                else {
                    return true  // Reported as malformed below, not as a secret.
                }
                return address.userInfo.isEmpty && (address.isLoopback || !isSlack)
            })
        if !url.isSet, !r.has("url"), !r.has("url_file"), let known = recipe?.recipe?.text("url") {
            url = .visible(known)
        }
        if !url.isSet, !r.has("url"), !r.has("url_file") {
            r.lacks("url is missing", "write url_file: PATH or url: ${env:NAME}")
        }
        if url.isSet, let text = try? url.read() {
            do {
                let address = try WebAddress(
                    isSlack ? text : text.withoutTags, schemes: ["https", "http"])
                if address.scheme == "http", !address.isLoopback {
                    r.warn(
                        url.path == nil ? "url" : "url_file", "digests travel in the clear",
                        "use https")
                }
            } catch {
                r.fault(
                    url.path == nil ? "url" : "url_file",
                    "the address \(error.why)", "it must be https://host/path")
            }
        }
        if !isSlack { signingKey = r.secret("secret") }
        caFile = r.file("ca_file")
    }
}

extension String {
    /// The address of a webhook without its mustache tags.
    fileprivate var withoutTags: String { replacing(#/\{\{[^}]*\}\}/#, with: "") }
}

extension Settings.Receiver.Mail {
    fileprivate init(reading r: MappingReader) {
        self.init()
        url = r.webAddress(
            "url", r.expanded("url", ""), schemes: ["smtp", "smtps"],
            credentials: "write username: NAME and password_file: PATH, and leave them out here")
        if url.isEmpty, !r.has("url") {
            r.lacks("url is missing", "write url: smtp://host:587")
        }
        tls = r.choice("tls", tls)
        caFile = r.file("ca_file")
        from = r.expanded("from", "")
        if from.isEmpty, !r.has("from") {
            r.lacks("from is missing", "write from: name@host")
        } else {
            Self.check(from, at: "from", r)
        }
        to = r.texts("to")
        if to.isEmpty, !r.context.hasFault(at: r.path("to")) {
            r.lacks("to names nobody", "write to: [name@host]")
        }
        for (index, address) in to.enumerated() { Self.check(address, at: "to[\(index)]", r) }
        username = r.line("username", "")
        password = r.secret("password")
        oauthToken = r.secret("oauth_token")
        auth = r.choice("auth", auth)
        checkCredential(r)
        hello = r.expanded("hello", "")
        if !hello.isEmpty, !Self.isGreeting(hello), !r.context.hasFault(at: r.path("hello")) {
            r.fault(
                "hello", "\(InertText.quoted(hello)) is no name that relays take",
                "write a fully-qualified name (node.example.com) or an address ([192.0.2.1], "
                    + "[IPv6:2001:db8::1])")
        }
        if tls == .none {
            let address = try? WebAddress(url, schemes: ["smtp", "smtps"])
            if address?.scheme == "smtps" {
                r.fault("tls", "none contradicts smtps", "write smtp in url, or tls: required")
            } else if password.isSet || oauthToken.isSet {
                r.fault(
                    "tls", "the \(password.isSet ? "password" : "token") would travel in the clear",
                    "write required")
            } else if address?.isLoopback != true {
                r.warn("tls", "digests travel in the clear", "write required")
            }
        }
    }

    private func checkCredential(_ r: MappingReader) {
        if password.isSet, oauthToken.isSet {
            r.context.fault(
                r.path, "a password and a token are given", "keep password_file or oauth_token_file"
            )
        } else if username.isEmpty != !(password.isSet || oauthToken.isSet) {
            let given =
                !username.isEmpty ? "username" : password.isSet ? "password" : "oauth_token"
            r.context.fault(
                r.path, "\(given) is given alone",
                "give username and password_file (or oauth_token_file), or neither")
        } else if auth != .auto, username.isEmpty {
            r.fault("auth", "there is no credential for it", "give username and password_file")
        } else if (auth == .xoauth2) != oauthToken.isSet, auth != .auto {
            r.fault(
                "auth", "\(auth.rawValue) needs another credential",
                auth == .xoauth2 ? "give oauth_token_file" : "give password_file, or write xoauth2")
        }
    }

    /// Whether `name` is valid in EHLO (RFC 5321 §4.1.1.1): a domain name with at least one dot, or
    /// an address in brackets.
    private static func isGreeting(_ name: String) -> Bool {
        if name.hasPrefix("["), name.hasSuffix("]") {
            let inside = name.dropFirst().dropLast()
            return inside.contains { $0 == "." || $0 == ":" }
                && inside.unicodeScalars.allSatisfy {
                    $0.isLetterASCII || $0.isDigit || $0 == "." || $0 == ":"
                }
        }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count >= 2 && name.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.unicodeScalars.allSatisfy {
                        $0.isLetterASCII || $0.isDigit || $0 == "-"
                    }
            } && labels.last?.unicodeScalars.allSatisfy(\.isDigit) == false
    }

    /// Reports a fault unless the text is a mail address that is safe in a header and in an SMTP
    /// command without quoting.
    private static func check(_ text: String, at key: String, _ r: MappingReader) {
        var address = text[...]
        if text.hasSuffix(">"), let open = text.lastIndex(of: "<") {
            address = text[text.index(after: open)...].dropLast()
        }
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        let allowed = "!#$%&'*+-/=?^_`{|}~.".unicodeScalars
        let isAddress =
            parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.count <= 254 }
            && address.unicodeScalars.allSatisfy {
                $0.isLetterASCII || $0.isDigit || $0 == "@" || allowed.contains($0)
            } && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        if !isAddress {
            r.fault(
                key, "\(InertText.quoted(text)) is not a mail address",
                "write name@host or Words <name@host>")
        }
    }
}
