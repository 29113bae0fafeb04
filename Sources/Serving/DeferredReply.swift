/// Where the answer to a question goes that a route took without answering it at once.
///
/// To be called exactly once, from any thread; it never waits. Nil sends the request the
/// whole way after all, as if the route had not taken it.
public struct DeferredReply: Sendable {
    private let give: @Sendable (ReadyAnswer?) -> Void

    init(_ give: @escaping @Sendable (ReadyAnswer?) -> Void) { self.give = give }

    public func callAsFunction(_ answer: ReadyAnswer?) { give(answer) }
}
