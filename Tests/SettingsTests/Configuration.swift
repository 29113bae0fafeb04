import Settings

/// The text of a small valid configuration with additional lines in its sections.
func faults(
    of text: String, environment: [String: String] = [:]
) -> [SettingsFault] {
    do {
        _ = try Settings.parse(text: text, file: "b.yaml", environment: environment)
        return []
    } catch {
        return error.faults
    }
}

/// The faults as they are printed.
func messages(of text: String, environment: [String: String] = [:]) -> [String] {
    faults(of: text, environment: environment).map(\.description)
}
