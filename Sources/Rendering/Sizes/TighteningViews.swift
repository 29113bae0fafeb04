import Digests

/// Views of one digest with ever shorter lists, created on first use.
struct TighteningViews {
    private let digest: Digest
    private let options: RenderOptions
    private let limits: [ViewLimits]
    private let marksTimes: Bool
    private var made: [Int: [String: Any]] = [:]

    /// - Parameter marksTimes: Whether times are marked for `SlackDate`.
    init(
        _ digest: Digest, _ options: RenderOptions, _ limits: ViewLimits, marksTimes: Bool = false
    ) {
        self.digest = digest
        self.options = options
        self.limits = limits.tightening
        self.marksTimes = marksTimes
    }

    var steps: Int { limits.count }

    var subject: [String: Any] { view(0).subjectValues }

    subscript(step: Int) -> [String: Any] {
        mutating get {
            if let known = made[step] { return known }
            let values = view(step).values
            made[step] = values
            return values
        }
    }

    private func view(_ step: Int) -> MessageView {
        MessageView(digest: digest, options: options, limits: limits[step], marksTimes: marksTimes)
    }
}
