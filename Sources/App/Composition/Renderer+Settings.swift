import Core
import Rendering
import Settings

extension Renderer {
    init(_ settings: Settings) {
        func given(_ text: String) -> String? { text.isEmpty ? nil : text }
        let digest = settings.digest
        self.init(
            templatesDirectory: given(digest.templates),
            options: RenderOptions(
                runbookURL: given(digest.runbookURL), rolloutURL: given(digest.rolloutURL),
                statusURL: given(digest.statusURL), nodeOption: settings.nodeOption,
                configurationOption: settings.configurationOption,
                links: digest.links.map { RenderOptions.Link(name: $0.name, url: $0.url) },
                owners: digest.owners.map {
                    RenderOptions.Owner(match: $0.match, owner: $0.owner, onCall: $0.onCall)
                }))
    }
}

extension Settings {
    /// The option by which a command finds this node from any folder: the public address, else
    /// the configuration on this machine.
    var nodeOption: String {
        digest.statusURL.isEmpty
            ? configurationOption : "--url \(InertText.shellWord(digest.statusURL))"
    }

    /// `--config` with the absolute path of this node's configuration.
    var configurationOption: String {
        let file = file ?? DataFolder(dataDirectory).configuration
        return "--config \(InertText.shellWord(DataFolder.absolute(file)))"
    }
}
