/// The ready-made requests of webhook receivers, byte for byte the files in `templates/webhooks/`.
///
/// A recipe has the keys of a receiver; those that the receiver gives replace the recipe's. A test
/// compares them with the files, and writes the files with `BELLWETHER_RECORD_GOLDEN=1`.
enum WebhookRecipes {
    static let sources: [String: String] = [
        "teams": teams,
        "google-chat": googleChat,
        "discord": discord,
        "mattermost": mattermost,
        "telegram": telegram,
        "pagerduty": pagerduty,
        "opsgenie": opsgenie,
        "ntfy": ntfy,
        "alertmanager": alertmanager,
        "cloudevents": cloudevents,
        "github-issue": githubIssue,
        "gitlab-issue": gitlabIssue,
    ]

    static var names: [String] { sources.keys.sorted() }
}
