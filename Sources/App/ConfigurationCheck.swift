import Rendering
public import Settings

/// Finds the faults of a configuration without starting the node.
public enum ConfigurationCheck {
    public struct Findings: Sendable {
        /// nil when there are faults.
        public var settings: Settings?
        public var faults: [SettingsFault]
        public var warnings: [SettingsFault]
    }

    /// Checks the configuration file, then the files that it names.
    public static func check(path: String?, environment: [String: String]) -> Findings {
        let reading: Settings.Reading
        do throws(SettingsFaults) {
            reading = try Settings.read(path: path, environment: environment)
        } catch {
            return Findings(settings: nil, faults: error.faults, warnings: [])
        }
        var faults: [SettingsFault] = []
        let templates = reading.settings.digest.templates
        if !templates.isEmpty {
            faults += Renderer(templatesDirectory: templates).faults.map { fault in
                SettingsFault(
                    file: fault.file, line: fault.line ?? 0, column: 0, key: "digest.templates",
                    fault: fault.fault, remedy: fault.remedy)
            }
        }
        return Findings(
            settings: faults.isEmpty ? reading.settings : nil, faults: faults,
            warnings: reading.warnings + descriptors(reading.settings, path))
    }

    /// A warning when the limit of open files, raised as at a start, allows fewer connections.
    private static func descriptors(_ settings: Settings, _ path: String?) -> [SettingsFault] {
        let budget = DescriptorBudget.afterRaising(wanted: settings.listen.limits.maxConnections)
        guard let fault = budget.fault else { return [] }
        return [
            SettingsFault(
                file: path ?? "embedded", line: 0, column: 0, key: "listen.limits.max_connections",
                fault: fault, remedy: DescriptorBudget.remedy)
        ]
    }
}
