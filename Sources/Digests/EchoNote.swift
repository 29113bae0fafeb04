/// Why a group that only repeats a node's own fault keeps quiet: another group
/// told its receivers of that fault already.
struct EchoNote: Sendable, Hashable {
    /// `Source.id` of the place at fault.
    let place: String
    /// The thread of the incident that told of it.
    let thread: String
}
