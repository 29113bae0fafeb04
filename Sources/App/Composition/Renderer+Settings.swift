import Rendering
import Settings

extension Renderer {
    init(_ digest: Settings.Digest) {
        func given(_ text: String) -> String? { text.isEmpty ? nil : text }
        self.init(
            templatesDirectory: given(digest.templates),
            options: RenderOptions(
                runbookURL: given(digest.runbookURL), rolloutURL: given(digest.rolloutURL),
                statusURL: given(digest.statusURL)))
    }
}
