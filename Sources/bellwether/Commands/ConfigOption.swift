import App
import ArgumentParser
import Foundation
import Settings

/// `--config F`, shared by every command.
struct ConfigOption: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: "The configuration; ./bellwether.yaml by default, else the embedded defaults.")
    var path: String?

    /// Reads the settings; prints all faults and exits with 78 (EX_CONFIG) if there are any.
    func load() throws -> Settings {
        do throws(SettingsFaults) {
            return try Settings.load(
                path: path, environment: ProcessInfo.processInfo.environment)
        } catch {
            Standard.error(error.description)
            throw ExitCode(78)
        }
    }

    func folder() throws -> DataFolder { DataFolder(try load().dataDirectory) }
}
