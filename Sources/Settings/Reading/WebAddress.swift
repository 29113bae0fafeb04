import Core
import Secrets

/// An `http`, `https`, `smtp` or `smtps` address (RFC 3986 §3), split for validation.
struct WebAddress {
    var scheme: String
    /// `user:password` before the `@`; empty when absent.
    var userInfo: String
    var host: String
    /// Nil means the scheme's default port.
    var port: Int?
    /// The path, query and fragment.
    var rest: String

    /// Thrown for a text that is not a valid address.
    struct Malformed: Error {
        let why: String
    }

    init(_ text: String, schemes: [String]) throws(Malformed) {
        guard
            text.unicodeScalars.allSatisfy({
                $0.value > 0x20 && $0.value < 0x7F && !"\"<>\\^`{|}".unicodeScalars.contains($0)
            })
        else { throw Malformed(why: "holds a blank or a character that must be %-encoded") }
        guard let colon = text.firstRange(of: "://") else { throw Malformed(why: "has no scheme") }
        scheme = text[..<colon.lowerBound].lowercased()
        guard schemes.contains(scheme) else {
            throw Malformed(why: "has the scheme \(InertText.quoted(scheme))")
        }
        let behind = text[colon.upperBound...]
        let end = behind.firstIndex { "/?#".contains($0) } ?? behind.endIndex
        var authority = behind[..<end]
        rest = String(behind[end...])
        if let at = authority.lastIndex(of: "@") {
            userInfo = String(authority[..<at])
            authority = authority[authority.index(after: at)...]
        } else {
            userInfo = ""
        }
        guard let (host, port) = HostPort.split(authority, portRequired: false) else {
            throw Malformed(why: "has no valid host and port")
        }
        guard !host.isEmpty else { throw Malformed(why: "has no host") }
        (self.host, self.port) = (host, port)
    }

    /// Whether the host is `localhost`, `::1` or begins with `127.`.
    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}

/// Splits `host:port`; an IPv6 address is in brackets.
enum HostPort {
    /// Returns nil when malformed. The returned host has no brackets and can be empty.
    static func split(_ text: Substring, portRequired: Bool) -> (host: String, port: Int?)? {
        let host: Substring
        var behind: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            behind = text[text.index(after: end)...]
            guard !host.isEmpty, host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
                return nil
            }
        } else {
            let colon = text.lastIndex(of: ":") ?? text.endIndex
            host = text[..<colon]
            behind = text[colon...]
            guard
                host.unicodeScalars.allSatisfy({
                    $0.isLetterASCII || $0.isDigit || "-._".unicodeScalars.contains($0)
                })
            else { return nil }
        }
        if behind.isEmpty { return portRequired ? nil : (String(host), nil) }
        guard behind.removeFirst() == ":", !behind.isEmpty,
            behind.unicodeScalars.allSatisfy(\.isDigit), let port = UInt16(behind)
        else { return nil }
        return (String(host), Int(port))
    }
}

extension MappingReader {
    /// Checks an address with one of the schemes and no user or password; empty when absent.
    ///
    /// - Parameter credentials: The remedy to report for a user or a password in the address.
    func webAddress(
        _ key: String, _ text: String, schemes: [String], credentials: String
    ) -> String {
        declare(key, "address", range: schemes.map { "\($0)://" }.joined(separator: ", "))
        guard !text.isEmpty else { return "" }
        check(key, text, schemes: schemes, credentials: credentials)
        return text
    }

    /// Reads one address or a list of them, with `${env:NAME}` expanded; empty when absent.
    func webAddresses(
        _ key: String, schemes: [String], atMost most: Int, credentials: String
    ) -> [String] {
        declare(key, "address, or list of them", range: "with `${env:NAME}`; at most \(most)")
        let elements: [(key: String, value: YAMLTree)]
        switch value(key) {
        case nil, .empty: return []
        case .list(let list):
            elements = list.enumerated().map { ("\(key)[\($0.offset)]", $0.element) }
        case .some(let one): elements = [(key, one)]
        }
        if elements.count > most {
            fault(key, "\(elements.count) addresses", "name at most \(most)")
        }
        return elements.compactMap { element in
            guard case .text(let given) = element.value else {
                fault(element.key, "\(element.value.kind), not an address", "write one address")
                return nil
            }
            // A variable that is not set is a fault of its own.
            guard let text = expand(given, at: path(element.key)) else { return nil }
            guard !text.isEmpty else {
                if elements.count > 1 { fault(element.key, "no address", "write or remove it") }
                return nil
            }
            check(element.key, text, schemes: schemes, credentials: credentials)
            return text
        }
    }

    private func check(
        _ key: String, _ text: String, schemes: [String], credentials: String
    ) {
        do {
            let address = try WebAddress(text, schemes: schemes)
            if !address.userInfo.isEmpty {
                fault(key, "holds a user or password", credentials)
            }
        } catch {
            fault(
                key, "\(InertText.quoted(ShownText.url(text))) \(error.why)",
                "write \(schemes[0])://host:port" + (schemes[0].hasPrefix("http") ? "/path" : ""))
        }
    }

    /// Checks `host:port` with a required port; empty when absent.
    func hostPort(_ key: String, _ text: String) -> String {
        guard !text.isEmpty else { return "" }
        if let (host, _) = HostPort.split(text[...], portRequired: true), !host.isEmpty {
            return text
        }
        fault(
            key, "\(InertText.quoted(text)) is not host:port",
            "write host:port, for IPv6 [::1]:8443")
        return text
    }
}
