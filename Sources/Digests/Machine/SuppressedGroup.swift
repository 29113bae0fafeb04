/// A node fault that another group already reported to the same receivers.
///
/// While it is set, the group sends no message of its own.
struct SuppressedGroup: Sendable, Hashable {
    /// `Source.id` of the place at fault.
    let place: String
    /// The thread of the incident that reported it.
    let thread: String
}
