import Core
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Transfer

@Suite("The loop of transfers")
struct TransferLoopTests {
    /// Counts how often each order was settled.
    private final class Settled: Sendable {
        private let counts = Mutex<[Int: Int]>([:])
        private let loops = Atomic(0)

        func add(_ order: Int) { counts.withLock { $0[order, default: 0] += 1 } }
        func end() { loops.add(1, ordering: .relaxed) }
        var all: [Int: Int] { counts.withLock { $0 } }
        var ended: Int { loops.load(ordering: .relaxed) }
    }

    /// An order that ends at once, without a connection.
    private func order(_ number: Int, _ settled: Settled) -> TransferOrder {
        TransferOrder(
            kind: "http", target: "test", called: CallOff(),
            prepare: { (_) throws(TransferError) in
                throw TransferError(.invalid, target: "test", words: "nothing to do")
            }, settle: { _ in settled.add(number) })
    }

    private func loop(
        _ inbox: TransferInbox, idleLimit: Duration? = nil, _ settled: Settled
    ) throws -> sending TransferLoop {
        let loop = TransferLoop(inbox, idleLimit: idleLimit, onEnd: { settled.end() })
        guard let loop else { throw NeverHappened(description: "libcurl gave no handle") }
        return loop
    }

    @Test("an order put while the loop ends as idle is either refused or settled once")
    func idle() async throws {
        let settled = Settled()
        let accepted = Mutex<Set<Int>>([])
        var number = 0
        for _ in 0..<40 {
            let inbox = TransferInbox()
            let loop = try loop(inbox, idleLimit: .milliseconds(1), settled)
            let isStarted = DedicatedThread.start("loop", { loop.run() })
            #expect(isStarted)
            // The loop ends between two of these.
            while true {
                number += 1
                guard inbox.put(.start(UInt64(number), order(number, settled))) else { break }
                accepted.withLock { _ = $0.insert(number) }
                if number.isMultiple(of: 7) { await Task.yield() }
                if number.isMultiple(of: 50) { try await Task.sleep(for: .milliseconds(2)) }
            }
            #expect(!inbox.reserve())
        }
        try await eventually("all loops ended") { settled.ended == 40 }
        #expect(Set(settled.all.keys) == accepted.withLock { $0 })
        #expect(settled.all.values.allSatisfy { $0 == 1 })
    }

    @Test("orders in the inbox of a loop that is stopped are settled, later ones refused")
    func stopped() async throws {
        let settled = Settled()
        let inbox = TransferInbox()
        let loop = try loop(inbox, settled)
        let accepted = (1...20).filter { inbox.put(.start(UInt64($0), order($0, settled))) }
        inbox.stop()
        #expect(!inbox.put(.start(21, order(21, settled))))
        let isStarted = DedicatedThread.start("loop", { loop.run() })
        #expect(isStarted)
        try await eventually("the loop ended") { settled.ended == 1 }
        #expect(accepted.count == 20)
        #expect(settled.all == Dictionary(uniqueKeysWithValues: accepted.map { ($0, 1) }))
    }

    @Test("a reserved loop does not end as idle until it is released")
    func reserved() async throws {
        let settled = Settled()
        let inbox = TransferInbox()
        let loop = try loop(inbox, idleLimit: .zero, settled)
        #expect(inbox.reserve())
        let isStarted = DedicatedThread.start("loop", { loop.run() })
        #expect(isStarted)
        for number in 1...20 {
            #expect(inbox.put(.start(UInt64(number), order(number, settled))))
            try await eventually("it is settled") { settled.all[number] == 1 }
        }
        #expect(settled.ended == 0)
        inbox.release()
        try await eventually("the loop ended") { settled.ended == 1 }
    }

    @Test("transfers called off while they are answered end once, and the loop goes on")
    func calledOff() async throws {
        let server = try await HTTPDouble.start()
        let engine = TransferEngine(telemetry: .silent)
        let outcomes = await withTaskGroup(of: String.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let path = number % 3 == 0 ? "/hang" : "/echo"
                    let transfer = Task {
                        try await engine.http(
                            HTTPTransfer(url: server.url(path), deadline: .seconds(600)))
                    }
                    // At any time: before the start, during the connect, with the answer.
                    for _ in 0..<number { await Task.yield() }
                    if number % 2 == 0 || number % 3 == 0 { transfer.cancel() }
                    switch await transfer.result {
                    case .success(let reply): return "\(reply.status)"
                    case .failure(let error as TransferError): return error.kind.rawValue
                    case .failure(let error): return "\(error)"
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count == 60)
        #expect(Set(outcomes).isSubset(of: ["200", "cancelled"]), "\(outcomes)")
        // Those that nobody called off were answered.
        #expect(outcomes.count { $0 == "200" } >= 20)
        let after = try await engine.http(HTTPTransfer(url: server.url("/echo")))
        #expect(after.status == 200)
        engine.shutdown()
    }

    @Test("a shutdown among starting transfers leaves none without an end")
    func shutdown() async throws {
        let server = try await HTTPDouble.start()
        for round in 0..<5 {
            let engine = TransferEngine(telemetry: .silent)
            let outcomes = await withTaskGroup(of: String.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        if number == 4 * round { engine.shutdown() }
                        do throws(TransferError) {
                            let path = number % 2 == 0 ? "/hang" : "/echo"
                            let reply = try await engine.http(
                                HTTPTransfer(url: server.url(path), deadline: .seconds(600)))
                            return "\(reply.status)"
                        } catch { return error.kind.rawValue }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count == 20)
            #expect(Set(outcomes).isSubset(of: ["200", "cancelled"]), "\(outcomes)")
        }
    }
}
