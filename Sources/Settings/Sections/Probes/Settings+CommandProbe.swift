public import Secrets

extension Settings.Probe {
    /// Reports `gateway.NAME_ok` and its fields.
    public struct Command: Sendable, Equatable {
        /// The executable's absolute path and its arguments; no shell reads them.
        public var command: [String] = []
        /// All that the command finds in its environment.
        public var environment: [String: Secret] = standardEnvironment
        /// Signal names to the JSON pointers (RFC 6901) of their values in what it prints.
        public var fields: [String: String] = [:]

        public static let standardEnvironment = [
            "PATH": Secret.visible("/usr/bin:/bin")
        ]

        public init() {}
    }
}

extension Settings.Probe.Command {
    init(reading r: MappingReader) {
        self.init()
        command = r.command("write command: [/usr/local/bin/doctor, --json]")
        let given = r.mapping("environment")
        for name in given.keys {
            let isName =
                !name.isEmpty && !(name.unicodeScalars.first?.isDigit ?? true)
                && name.unicodeScalars.allSatisfy {
                    $0.isLetterASCII || $0.isDigit || $0 == "_"
                }
            if !isName {
                given.fault(
                    name, "\(name.quoted) is not a variable's name", "use letters, digits and _",
                    atKey: true)
            }
            let value = given.named(name)
            if !value.isSet { given.fault(name, "no value", "give it one") }
            environment[name] = value
        }
        fields = r.fields()
    }

    func describe(_ y: inout YAMLWriter) {
        y.entry("command", command: command)
        y.entry("environment", environment.mapValues(\.shown))
        y.entry("fields", fields)
    }
}
