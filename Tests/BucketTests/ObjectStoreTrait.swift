import TestSupport
import Testing

/// Runs one store for all tests of a suite; see `current`.
struct ObjectStoreTrait: SuiteTrait, TestScoping {
    /// The store of the suite with this trait.
    @TaskLocal static var current: ObjectStore?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let store = try await ObjectStore.start()
        defer { store.kill() }
        try await ObjectStoreTrait.$current.withValue(store) { try await function() }
    }
}

extension Trait where Self == ObjectStoreTrait {
    static var objectStore: Self { Self() }
}
