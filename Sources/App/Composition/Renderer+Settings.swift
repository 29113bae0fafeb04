import Rendering
import Settings

extension Renderer {
    init(_ digest: Settings.Digest) {
        func given(_ text: String) -> String? { text.isEmpty ? nil : text }
        self.init(
            templatesDirectory: given(digest.templates),
            options: RenderOptions(
                runbookURL: given(digest.runbookURL), rolloutURL: given(digest.rolloutURL),
                statusURL: given(digest.statusURL),
                links: digest.links.map { RenderOptions.Link(name: $0.name, url: $0.url) },
                owners: digest.owners.map {
                    RenderOptions.Owner(match: $0.match, owner: $0.owner, onCall: $0.onCall)
                }))
    }
}
