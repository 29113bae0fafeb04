import Delivery
public import Rendering
import Secrets
import Settings

/// The message that the recipe `teams` sends.
public enum TeamsPreview {
    /// The card of a digest as JSON; the reason if the recipe cannot be used.
    public static func card(of digest: RenderedDigest) -> String {
        guard let request = Settings.Receiver.WebhookRequest.recipe("teams") else {
            return "there is no recipe teams"
        }
        let url = "https://teams.example/"
        do throws(WebhookFaults) {
            let made = try WebhookReceiver.Exchange(request, url: .visible(url)).template
                .request(for: digest, url: url, receiver: "teams")
            return String(decoding: made.body, as: UTF8.self)
        } catch {
            return "\(error)"
        }
    }
}
