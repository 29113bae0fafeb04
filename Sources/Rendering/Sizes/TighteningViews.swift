/// Views of one digest with ever shorter lists, created on first use.
struct TighteningViews {
    private let words: DigestWords
    private let limits: [ViewLimits]
    private let marksTimes: Bool
    private var made: [Int: TemplateValues] = [:]

    /// - Parameter marksTimes: Whether times are marked for `SlackDate`.
    init(_ words: DigestWords, _ limits: ViewLimits, marksTimes: Bool = false) {
        self.words = words
        self.limits = limits.tightening
        self.marksTimes = marksTimes
    }

    var steps: Int { limits.count }

    subscript(step: Int) -> TemplateValues {
        mutating get {
            if let known = made[step] { return known }
            let values = TemplateValues(view(step).values)
            made[step] = values
            return values
        }
    }

    private func view(_ step: Int) -> MessageView {
        MessageView(words, limits: limits[step], marksTimes: marksTimes)
    }
}
