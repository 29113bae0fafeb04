import Core

public import Secrets

extension Settings.Probe {
    /// Reports `gateway.NAME_ok` and the signals in `fields`.
    public struct Command: Sendable, Equatable {
        /// The executable's absolute path and its arguments. No shell is involved.
        public var command: [String] = []
        /// The complete environment of the command.
        public var environment: [String: Secret] = standardEnvironment
        /// Signal names to JSON pointers (RFC 6901) into the command's output.
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
        r.checkCommandArguments(command)
        let given = r.mapping("environment")
        for name in given.keys {
            let isName =
                !name.isEmpty && !(name.unicodeScalars.first?.isDigit ?? true)
                && name.unicodeScalars.allSatisfy {
                    $0.isLetterASCII || $0.isDigit || $0 == "_"
                }
            if !isName {
                given.fault(
                    name, "\(InertText.quoted(name)) is not a variable's name",
                    "use letters, digits and _",
                    atKey: true)
            }
            let value = given.named(name, takesArguments: true)
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
