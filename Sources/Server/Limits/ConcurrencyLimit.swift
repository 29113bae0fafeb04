import HTTPTypes
import Synchronization
import Telemetry

/// Limits how many operations of one kind run at once, in total and per owner. Thread-safe.
final class ConcurrencyLimit: Sendable {
    private struct State {
        var open = 0
        var owners: [String: Int] = [:]
    }

    /// A place, released when the object is deinitialized.
    final class Place: Sendable {
        private let limit: ConcurrencyLimit
        private let owner: String

        fileprivate init(_ limit: ConcurrencyLimit, _ owner: String) {
            self.limit = limit
            self.owner = owner
        }

        deinit { limit.leave(owner) }
    }

    /// The kind, such as `streams`: a label in `/metrics`, and part of error texts.
    let name: String
    let most: Int
    let mostOfOne: Int
    private let state = Mutex(State())

    init(_ name: String, most: Int, ofOne mostOfOne: Int) {
        self.name = name
        self.most = max(1, most)
        self.mostOfOne = max(1, min(mostOfOne, most))
    }

    var open: Int { state.withLock { $0.open } }

    /// - Throws: 429 that names the limit reached.
    func enter(_ owner: String, retryAfter: Duration) throws(Problem) -> Place {
        let problem = state.withLock { state -> Problem? in
            let owned = state.owners[owner, default: 0]
            guard owned < mostOfOne else {
                return .retryLater(
                    .tooManyRequests, "\(name)_of_credential_taken",
                    "this credential has \(owned) \(name) open, the most it may (\(most) in all, listen.limits.max_\(name))",
                    after: retryAfter)
            }
            guard state.open < most else {
                return .retryLater(
                    .tooManyRequests, "\(name)_taken",
                    "all \(most) \(name) are taken (listen.limits.max_\(name))", after: retryAfter)
            }
            state.open += 1
            state.owners[owner] = owned + 1
            return nil
        }
        if let problem { throw problem }
        return Place(self, owner)
    }

    private func leave(_ owner: String) {
        state.withLock { state in
            state.open -= 1
            let owned = state.owners[owner, default: 1] - 1
            state.owners[owner] = owned > 0 ? owned : nil
        }
    }
}
