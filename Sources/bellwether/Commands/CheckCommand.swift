import App
import ArgumentParser
import JSON
import Settings

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate a configuration without starting.",
        discussion: """
            A bucket is probed too: that it can be reached, each permission, the clock, and that \
            an object is created once. The probe writes and removes objects below probe/.
            """)

    @OptionGroup var config: ConfigOption
    @Flag(help: "Print the whole effective configuration, secrets masked.") var show = false
    @Flag(help: "Print faults and warnings as JSON.") var json = false
    @Flag(help: "Do not contact the bucket of the configuration.") var offline = false

    func run() async throws {
        let file = try config.file()
        let environment = Search.environment
        var found = ConfigurationCheck.check(path: file, environment: environment)
        let probe =
            offline
            ? nil
            : await ConfigurationCheck.probeBucket(of: found, environment: environment)
        found.faults += probe?.faults ?? []
        if json {
            Standard.write(Self.document(found) + [UInt8(ascii: "\n")])
        } else {
            for fault in found.faults { Standard.error("\(fault)") }
            for warning in found.warnings { Standard.error("warning: \(warning)") }
            if let settings = found.settings {
                for line in probe?.good ?? [] { Standard.error(line) }
                if show { print(settings.describe(), terminator: "") }
                if found.faults.isEmpty { Standard.error("\(file): no fault found") }
            }
        }
        if !found.faults.isEmpty { throw ExitCode(78) }
    }

    private static func document(_ found: ConfigurationCheck.Findings) -> [UInt8] {
        var json = JSONWriter()
        json.object { w in
            for (name, list) in [("faults", found.faults), ("warnings", found.warnings)] {
                w.member(array: name) { w in
                    for fault in list {
                        w.object { w in
                            w.member("file", fault.file)
                            w.member("line", fault.line)
                            w.member("column", fault.column)
                            w.member("key", fault.key)
                            w.member("fault", fault.fault)
                            w.member("remedy", fault.remedy)
                        }
                    }
                }
            }
        }
        return json.bytes
    }
}
