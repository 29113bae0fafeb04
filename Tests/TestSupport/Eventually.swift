import Foundation

public struct NeverHappened: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }
}

/// Waits until `condition` holds, checking every 10 ms; throws after `limit`.
///
/// For conditions in other processes and threads, which no manual clock controls. The limit only
/// bounds a failing test.
public func eventually(
    _ what: String, within limit: Duration = .seconds(120),
    _ condition: @Sendable () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    throw NeverHappened(description: "never happened within \(limit): \(what)")
}
