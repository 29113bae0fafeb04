/// The names that templates may use: those that the samples' views hold.
struct KnownNames {
    let message: Set<String>
    let subject: Set<String>

    static let all = KnownNames()

    private init() {
        var message: Set<String> = []
        var subject: Set<String> = []
        let options = RenderOptions(
            runbookURL: "https://runbooks.example/{rollout}", statusURL: "https://status.example/")
        for digest in SampleDigests.all {
            for limits in ViewLimits.mail.tightening {
                let view = MessageView(digest: digest, options: options, limits: limits)
                Self.collect(view.values, into: &message)
                Self.collect(view.subjectValues, into: &subject)
            }
        }
        self.message = message
        self.subject = subject
    }

    private static func collect(_ value: Any, into names: inout Set<String>) {
        if let members = value as? [String: Any] {
            for (name, value) in members {
                names.insert(name)
                collect(value, into: &names)
            }
        } else if let elements = value as? [[String: Any]] {
            for element in elements { collect(element, into: &names) }
        }
    }
}
