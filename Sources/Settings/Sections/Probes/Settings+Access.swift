import Core

public import Secrets

extension Settings.Probe {
    /// The HTTP client settings that all HTTP-based probes share.
    public struct Access: Sendable, Equatable {
        public var url = ""
        public var headers: [String: Secret] = [:]
        /// The bearer token.
        public var token = Secret.unset
        /// The user name of basic authentication, with arguments; empty: none.
        public var username = ""
        public var password = Secret.unset
        public var trust = Trust()
        /// PEM files of the client certificate (leaf first) and of its key; both empty: none.
        public var clientCertificate = ""
        public var clientKey = ""
        /// Whether `HTTPS_PROXY`, `http_proxy` and `NO_PROXY` apply.
        public var proxyFromEnvironment = false

        public init() {}

        static let keys = [
            "url", "headers", "token", "token_file", "bearer_token_file", "basic_auth", "ca_file",
            "insecure", "client_certificate", "client_key", "proxy_from_environment",
        ]
    }

    /// How the certificate of an `https` target is verified.
    public struct Trust: Sendable, Equatable {
        /// PEM file of certificate authorities; empty: the system's.
        public var caFile = ""
        /// Disables verification; for test setups only.
        public var insecure = false

        public init() {}
    }
}

extension Settings.Probe.Access {
    /// The remedy for a user or a password in an address.
    static let credentialRemedy =
        "write basic_auth: {username: NAME, password_file: PATH}, and leave them out here"

    init(reading r: MappingReader) {
        self.init()
        url = r.addressWithArguments("url", credentials: Self.credentialRemedy)
        if url.isEmpty, !r.has("url") {
            r.lacks("url is missing", "write url: http://host:port/path")
        }
        headers = r.headers()
        token = r.secret("token")
        if r.has("bearer_token_file") {
            let file = r.secret(file: "bearer_token_file")
            if token.isSet {
                r.fault(
                    "bearer_token_file", "given beside a token", "keep one of the two", atKey: true)
            }
            token = file
        }
        if r.has("basic_auth") { readBasicAuth(r.mapping("basic_auth")) }
        checkAuthorization(r)
        trust = Settings.Probe.Trust(reading: r, url: url)
        clientCertificate = r.file("client_certificate")
        clientKey = r.plain("client_key", "")
        if !clientKey.isEmpty { r.checkSecretFile(clientKey, at: r.path("client_key")) }
        if clientCertificate.isEmpty != clientKey.isEmpty {
            let (given, missing) =
                clientKey.isEmpty
                ? ("client_certificate", "client_key") : ("client_key", "client_certificate")
            r.fault(given, "given without \(missing)", "name both files, or neither")
        } else if !clientCertificate.isEmpty, url.hasPrefix("http:") {
            r.warn(
                "client_certificate", "never used by an http address", "write https in url")
        }
        proxyFromEnvironment = r.flag("proxy_from_environment", proxyFromEnvironment)
    }

    private mutating func readBasicAuth(_ r: MappingReader) {
        username = Self.user(r)
        password = r.secret("password")
        if username.contains(":") {
            r.fault("username", "holds a colon", "basic authentication has no user with one")
        }
        if username.isEmpty, !r.context.hasFault(at: r.path("username")) {
            r.lacks("username is missing", "write username: NAME")
        }
        if !password.isSet, !r.has("password"), !r.has("password_file") {
            r.lacks("no password is given", "write password_file: PATH, or password: ${env:NAME}")
        }
        r.finish()
    }

    /// Reads the user: a text with arguments, or with variables, whose values contain none.
    private static func user(_ r: MappingReader) -> String {
        guard let given = r.text("username"), !given.contains("${env:") else {
            return r.line("username", "").replacing("$", with: "$$")
        }
        r.declare("username", KeyDeclarations.text, range: "with `${env:NAME}`")
        if given.holdsControl {
            r.fault(
                "username", "holds a line break or another control character",
                "write one line of text")
        }
        r.checkArguments(given, at: "username")
        return given
    }

    /// Reports a fault when more than one setting sets the `Authorization` header.
    private func checkAuthorization(_ r: MappingReader) {
        let given =
            headers.keys.filter { $0.lowercased() == "authorization" }.map { "headers.\($0)" }
            + (token.isSet ? ["token"] : []) + (username.isEmpty ? [] : ["basic_auth"])
        guard given.count > 1 else { return }
        r.fault(
            given[0], "given beside \(given.dropFirst().joined(separator: " and "))",
            "keep one of them: each sets the header Authorization", atKey: true)
    }

    func describe(_ y: inout YAMLWriter) {
        y.entry("url", url: url)
        y.entry("headers", headers.mapValues(\.shown))
        y.entry("token", token)
        if !username.isEmpty {
            y.mapping("basic_auth") { y in
                y.entry("username", username)
                y.entry("password", password)
            }
        }
        y.entry("ca_file", trust.caFile)
        y.entry("insecure", trust.insecure)
        y.entry("client_certificate", clientCertificate)
        y.entry("client_key", clientKey)
        y.entry("proxy_from_environment", proxyFromEnvironment)
    }
}

extension Settings.Probe.Trust {
    init(reading r: MappingReader, url: String) {
        self.init()
        caFile = r.file("ca_file")
        insecure = r.flag("insecure", insecure)
        if insecure {
            r.warn("insecure", "anyone can answer for the target", "name its authority in ca_file")
        }
        if !caFile.isEmpty, url.hasPrefix("http:") {
            r.warn("ca_file", "never used by an http address", "write https in url")
        }
    }
}

extension MappingReader {
    /// Reads headers by name.
    fileprivate func headers() -> [String: Secret] {
        declare("headers", "names and texts")
        let given = mapping("headers")
        var headers: [String: Secret] = [:]
        for name in given.headerNames() {
            headers[name] = given.named(name, takesArguments: true)
        }
        return headers
    }

    /// The keys of a mapping of headers. A fault for headers that the HTTP client sets itself.
    func headerNames() -> [String] {
        for name in keys {
            let isToken =
                !name.isEmpty
                && name.unicodeScalars.allSatisfy {
                    $0.isLetterASCII || $0.isDigit || "-_".unicodeScalars.contains($0)
                }
            if !isToken {
                fault(
                    name, "\(InertText.quoted(name)) is not a header's name",
                    "use letters, digits and -",
                    atKey: true)
            }
            if ["host", "content-length", "transfer-encoding", "connection"].contains(
                name.lowercased())
            {
                fault(
                    name, "set by every request itself", "leave it out; the host is that of url",
                    atKey: true)
            }
        }
        return keys
    }
}
