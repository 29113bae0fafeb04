import Events
import EventLog
import JSON
import Synchronization
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Notifier

@Suite("The book of ended runs")
struct RunEndBookTests {
    private func end(_ rollout: String, at: Timestamp) -> RunEnd {
        RunEnd(namespace: "prod", rollout: rollout, cause: "rollout.aborted", at: at)
    }

    private func open(_ folder: TemporaryDirectory) async throws -> EventLog {
        try await EventLog.open(ServedNotifier.configuration(folder), telemetry: .silent)
    }

    @Test("an answer holds the ends after the one that it names; any other name gets all")
    func tokens() async throws {
        let folder = try TemporaryDirectory()
        let log = try await open(folder)
        let book = RunEndBook(eventLog: log)
        let now = WallClock.system.now
        #expect(book.ends(after: "").ends.isEmpty)
        book.add(end("a", at: now))
        let first = book.ends(after: "")
        #expect(first.ends.map(\.rollout) == ["a"])
        book.add(end("b", at: now))
        book.add(end("b", at: now))
        #expect(book.ends(after: first.next).ends.map(\.rollout) == ["b"])
        #expect(book.ends(after: book.ends(after: "").next).ends.isEmpty)
        for token in ["x", "x-1", first.next + "9", "-", "\(first.next)-1"] {
            #expect(book.ends(after: token).ends.count <= 2)
        }
        let other = RunEndBook(eventLog: log)
        #expect(book.ends(after: other.ends(after: "").next).ends.count == 2)
        await log.close()
    }

    @Test("the book is bounded, and forgets what is old")
    func bounds() async throws {
        let folder = try TemporaryDirectory()
        let log = try await open(folder)
        let book = RunEndBook(eventLog: log)
        let now = WallClock.system.now
        for index in 0..<(RunEndBook.most + 10) { book.add(end("r\(index)", at: now)) }
        #expect(book.ends(after: "").ends.count == RunEndBook.most)
        book.add(end("old", at: now - .seconds(3600)))
        #expect(!book.ends(after: "").ends.contains { $0.rollout == "old" })
        await log.close()
    }

    @Test("it is read from the log, also after a restart, and only from events that end a run")
    func following() async throws {
        let folder = try TemporaryDirectory()
        let log = try await open(folder)
        let now = WallClock.system.now
        for (name, rollout) in [
            ("rollout.aborted", "a"), ("rollout.paused", "b"), ("rollout.completed", "c"),
            ("x.rollout.aborted", "d"),
        ] {
            _ = try await log.append(
                Event(ts: now, event: name, namespace: "prod", rollout: rollout))
        }
        let found = Mutex<[String]>([])
        let book = RunEndBook(eventLog: log) { end in found.withLock { $0.append(end.rollout) } }
        let task = Task { await book.run() }
        try await eventually("the log is read") { found.withLock { $0.count } == 2 }
        _ = try await log.append(
            Event(ts: now, event: "rollout.retried", namespace: "prod", rollout: "e"))
        try await eventually("a new end is read") { found.withLock { $0.count } == 3 }
        #expect(found.withLock { $0 } == ["a", "c", "e"])
        #expect(book.ends(after: "").ends.map(\.rollout) == ["a", "c", "e"])
        task.cancel()
        await log.close()
        await task.value
    }

    @Test("a notification that is sent again ends nothing: a newer run may be under way")
    func sentAgain() async throws {
        let found = Mutex<[RunEnd]>([])
        let notifier = try await ServedNotifier { end in found.withLock { $0.append(end) } }
        func abort(_ version: String) -> String {
            #"{"trigger":"on-rollout-aborted","object":{"metadata":{"name":"shop","namespace":"prod","resourceVersion":"\#(version)"},"#
                + #""revision":{"rollout.argoproj.io/revision":"17"},"status":{}}}"#
        }
        for (version, ends) in [("7", 1), ("7", 1), ("8", 2)] {
            let reply = try await notifier.post(
                "/v1/hooks/argo-notifications", abort(version), token: notifier.ingest)
            #expect(reply.status == 200)
            #expect(found.withLock { $0.count } == ends, "\(version)")
        }
        // The end of the first receipt is in the log, for a node whose answer was lost.
        let book = RunEndBook(eventLog: notifier.eventLog)
        let task = Task { await book.run() }
        try await eventually("the log is read") { book.ends(after: "").ends.count == 2 }
        #expect(book.ends(after: "").ends == found.withLock { $0 })
        task.cancel()
        await task.value
        await notifier.stop()
    }
}
