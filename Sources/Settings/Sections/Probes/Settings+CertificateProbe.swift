import Core

extension Settings.Probe {
    /// Reports `dependency.NAME_cert_ok` and `dependency.NAME_cert_days`.
    public struct Certificate: Sendable, Equatable {
        /// The `host:port` of a server that uses implicit TLS (no STARTTLS).
        public var address = ""
        /// The server name to request and to expect in the certificate; empty: the host.
        public var serverName = ""
        /// PEM file of certificate authorities; empty: the system's.
        public var caFile = ""

        public init() {}
    }
}

extension Settings.Probe.Certificate {
    init(reading r: MappingReader) {
        self.init()
        address = r.requiredAddress()
        serverName = r.plain("server_name", "")
        let isName = serverName.unicodeScalars.allSatisfy {
            $0.isLetterASCII || $0.isDigit || "-._".unicodeScalars.contains($0)
        }
        if !isName {
            r.fault(
                "server_name", "\(InertText.quoted(serverName)) is not a host's name",
                "write it without scheme and port")
        }
        caFile = r.file("ca_file")
    }

    func describe(_ y: inout YAMLWriter) {
        y.entry("address", address)
        y.entry("server_name", serverName)
        y.entry("ca_file", caFile)
    }
}
