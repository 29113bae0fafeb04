import Events
import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

@testable import Rehearsal

@Suite("A rollback rehearsal with a real HAProxy", .serialized)
struct RehearsalTests {
    private func rehearsal(
        _ bookmark: Bookmark, budget: Duration = .seconds(30),
        record: @escaping @Sendable (Event) -> Void = { _ in }
    ) -> Rehearsal {
        Rehearsal(bookmark, budget: budget, poll: .milliseconds(5), record: { record($0) })
    }

    @Test("a dry run changes nothing; a live run shifts, waits for users, and restores everything")
    func run() async throws {
        let sandbox = try await Sandbox()
        let bookmark = try await sandbox.bookmark()
        #expect(bookmark.weights.map(\.value) == [80, 20])
        let events = Mutex<[Event]>([])
        let seen = Mutex<[Int]>([])
        let rehearsal = rehearsal(bookmark) { event in events.withLock { $0.append(event) } }

        let plan = await rehearsal.plan()
        #expect(plan.fault == nil)
        #expect(plan.steps.map(\.name) == ["shift", "wait", "restore"])
        #expect(plan.steps.allSatisfy { $0.outcome == .planned })
        #expect(plan.steps[0].command.contains("set weight app/canary 0"))
        #expect(try await sandbox.weight("canary") == 20)
        #expect(events.withLock { $0 }.isEmpty)

        var watched = rehearsal
        watched.record = { event in
            events.withLock { $0.append(event) }
            if event.event == "rehearsal.step", let now = try? await sandbox.weight("canary") {
                seen.withLock { $0.append(now) }
            }
        }
        let report = await watched.run()
        #expect(report.fault == nil, "\(String(describing: report.fault))")
        #expect(report.steps.allSatisfy { $0.outcome == .done })
        #expect(report.rollback != nil)
        // While it waited for users, the canary had no weight; now it has its own again.
        #expect(seen.withLock { $0 } == [0, 0])
        #expect(try await sandbox.weight("canary") == 20)

        let reported = events.withLock { $0 }
        #expect(
            reported.map(\.event) == [
                "rehearsal.started", "rehearsal.step", "rehearsal.step", "rehearsal.restored",
                "rehearsal.finished",
            ])
        for event in reported {
            #expect(event.extra("rehearsal") == .bool(true))
            #expect(event.rollout == "payments-api")
            #expect(event.message?.hasPrefix("Rehearsal, not an incident.") == true)
        }
    }

    @Test("over the budget it reports overtime, and everything is restored anyway")
    func overtime() async throws {
        let sandbox = try await Sandbox()
        // No response contains this text.
        let bookmark = try await sandbox.bookmark(contains: "unicorn")
        let report = await rehearsal(bookmark, budget: .milliseconds(50)).run()
        #expect(report.fault?.kind == .overtime)
        #expect(report.fault?.description.contains("unicorn") == true)
        #expect(try await sandbox.weight("canary") == 20)
    }

    @Test("cancelled while it waits, it restores everything")
    func cancelled() async throws {
        let sandbox = try await Sandbox()
        let bookmark = try await sandbox.bookmark(contains: "unicorn")
        let work = Task { await self.rehearsal(bookmark, budget: .seconds(600)).run() }
        try await eventually("the weight is shifted") { try await sandbox.weight("canary") == 0 }
        work.cancel()
        let report = await work.value
        #expect(report.fault?.kind == .failed)
        #expect(try await sandbox.weight("canary") == 20)
    }

    @Test("drift since the bookmark stops it before any change")
    func drift() async throws {
        let sandbox = try await Sandbox()
        let bookmark = try await sandbox.bookmark()
        let rehearsal = rehearsal(bookmark)
        #expect(try await rehearsal.drift() == [])
        try await sandbox.source.balancer().set("canary", to: 35)
        #expect(try await rehearsal.drift() == ["weight.canary: 20 → 35"])
        let report = await rehearsal.run()
        #expect(report.fault?.kind == .drift)
        #expect(try await sandbox.weight("canary") == 35)

        #expect(try await rehearsal.restore() == ["weight.canary: 35 → 20"])
        #expect(try await rehearsal.restore() == [])
        #expect(try await rehearsal.drift() == [])
    }

    @Test("without a stable target that takes traffic nothing is started")
    func noStable() async throws {
        let sandbox = try await Sandbox()
        try await sandbox.source.balancer().set("stable", to: 0)
        let report = await rehearsal(try await sandbox.bookmark()).run()
        #expect(report.fault?.kind == .precondition)
        #expect(try await sandbox.weight("canary") == 20)
    }

    @Test("only the owner can read a bookmark, and an edited one is refused")
    func file() async throws {
        let sandbox = try await Sandbox()
        let bookmark = try await sandbox.bookmark()
        let path = sandbox.folder.file("bookmark.json")
        try bookmark.write(to: path)
        #expect(try Bookmark(file: path) == bookmark)
        let mode =
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacingOccurrences(of: "\"weight\":20", with: "\"weight\":21")
            .write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: RehearsalFault.self) { try Bookmark(file: path) }
        do { _ = try Bookmark(file: path) } catch { #expect(error.kind == .precondition) }
    }

    @Test("HAProxy's refusals, and names that would be commands, are faults")
    func refusals() async throws {
        let sandbox = try await Sandbox()
        let balancer = try sandbox.source.balancer()
        await #expect(throws: RehearsalFault.self) { try await balancer.set("nobody", to: 1) }
        await #expect(throws: RehearsalFault.self) { try await balancer.set("canary", to: 100_000) }
        await #expect(throws: RehearsalFault.self) {
            try await balancer.set("canary 1; disable server app/stable", to: 1)
        }
        #expect(throws: RehearsalFault.self) {
            try BalancerSource.haproxy(socket: sandbox.socket, backend: "a;b").balancer()
        }
        #expect(try await sandbox.weight("stable") == 80)
    }
}
