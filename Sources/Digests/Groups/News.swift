/// How soon a line has to be reported.
enum News: Int, Sendable, Comparable {
    /// Not on its own account.
    case none
    /// With what else comes within the window.
    case gathered
    /// At once, unless the group has just sent several messages: it got worse.
    case escalation
    /// At once in any case: a person has to act, or the run is over.
    case decisive

    static func < (a: News, b: News) -> Bool { a.rawValue < b.rawValue }
}
