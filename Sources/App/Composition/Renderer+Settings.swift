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
            ? configurationOption : "--url \(ShellWord.text(digest.statusURL))"
    }

    /// `--config` with the absolute path of this node's configuration.
    var configurationOption: String {
        let file = file ?? DataFolder(dataDirectory).configuration
        return "--config \(ShellWord.text(DataFolder.absolute(file)))"
    }
}

/// Texts as words of a command line.
public enum ShellWord {
    /// The words as one line for a POSIX shell.
    public static func line(_ words: [String]) -> String {
        words.map(Self.text).joined(separator: " ")
    }

    /// The text as one word for a POSIX shell, in quotes where it needs them.
    static func text(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "-._/:@%+=,".utf8.contains(byte)
            }
        }
        if isPlain, !text.isEmpty { return text }
        return "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
}
