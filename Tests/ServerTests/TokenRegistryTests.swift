import Events
import Foundation
import State
import TestSupport
import Testing

@testable import Server

@Suite struct TokenRegistryTests {
    private struct Fixture {
        let directory: TemporaryDirectory
        let store: Store
        let clock = ManualClock()
        let tokens: TokenRegistry

        init(files: [TokenFile] = [], in directory: TemporaryDirectory? = nil) async throws {
            self.directory = try directory ?? TemporaryDirectory()
            store = try Store(path: self.directory.file("state.sqlite"))
            tokens = try await TokenRegistry(store: store, files: files, clock: clock.wall)
        }
    }

    private func accepts(_ registry: TokenRegistry, _ token: String) async -> Bool {
        if case .accepted = await registry.verify(token) { return true }
        return false
    }

    @Test func aTokenWorksFromTheMomentItIsMade() async throws {
        let fixture = try await Fixture()
        let token = try await fixture.tokens.create(name: "argo", scopes: [.analysis, .read])
        #expect(token.text.hasPrefix("bw_"))
        #expect(token.text.utf8.count == 46)
        guard case .accepted(let identity) = await fixture.tokens.verify(token.text) else {
            Issue.record("not accepted")
            return
        }
        #expect(identity.id == token.record.id && identity.name == "argo")
        #expect(identity.scopes == [.analysis, .read] && identity.proof == .token)
        for wrong in [token.text.dropLast() + "", token.text + "x", "", "bw_"] {
            #expect(await fixture.tokens.verify(String(wrong)) == .refused(.unknown, id: nil))
        }
    }

    @Test func onlyTheHashIsKept() async throws {
        let fixture = try await Fixture()
        let token = try await fixture.tokens.create(name: "argo", scopes: [.analysis])
        try fixture.store.close()
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path)
        for name in names {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.directory.file(name)))
            #expect(bytes.range(of: Data(token.text.utf8)) == nil)
            #expect(bytes.range(of: Data(token.text.dropFirst(3).utf8)) == nil)
        }
        #expect(!"\(token)".contains(token.text))
        #expect(!String(reflecting: token).contains(token.text))
    }

    @Test func everyOneOfManyIsFoundWhereverItStands() async throws {
        let fixture = try await Fixture()
        var all: [IssuedToken] = []
        for index in 0..<40 {
            all.append(try await fixture.tokens.create(name: "n\(index)", scopes: [.ingest]))
        }
        for token in all {
            guard case .accepted(let identity) = await fixture.tokens.verify(token.text) else {
                Issue.record("not accepted: \(token)")
                continue
            }
            #expect(identity.id == token.record.id)
        }
        #expect(Set(try await fixture.tokens.list()) == Set(all.map(\.record)))
    }

    @Test func severalOfOneNameOverlap() async throws {
        let fixture = try await Fixture()
        let old = try await fixture.tokens.create(name: "argo", scopes: [.analysis])
        let new = try await fixture.tokens.create(name: "argo", scopes: [.analysis])
        try await fixture.tokens.revoke(old.record.id, after: .seconds(3600))
        #expect(await accepts(fixture.tokens, old.text))
        #expect(await accepts(fixture.tokens, new.text))
        fixture.clock.advance(by: .seconds(3600))
        #expect(
            await fixture.tokens.verify(old.text) == .refused(.revoked, id: old.record.id))
        #expect(await accepts(fixture.tokens, new.text))
        // A later request never lengthens the time until an earlier revocation.
        let record = try await fixture.tokens.revoke(old.record.id, after: .seconds(3600))
        #expect(record.revoked == fixture.clock.wall.now)
    }

    @Test func expiresByTheClockThatIsGiven() async throws {
        let fixture = try await Fixture()
        let token = try await fixture.tokens.create(
            name: "ci", scopes: [.read], expires: .seconds(30))
        fixture.clock.advance(by: .milliseconds(29_999))
        guard case .accepted(let identity) = await fixture.tokens.verify(token.text) else {
            Issue.record("not accepted")
            return
        }
        #expect(fixture.tokens.current(identity) == identity)
        fixture.clock.advance(by: .milliseconds(1))
        #expect(
            await fixture.tokens.verify(token.text) == .refused(.expired, id: token.record.id))
        #expect(fixture.tokens.current(identity) == nil)
    }

    @Test func followsAnotherProcessAtOnce() async throws {
        let fixture = try await Fixture()
        let mine = try await fixture.tokens.create(name: "mine", scopes: [.read])
        // Another connection to the file acts like another process.
        let elsewhere = try await Fixture(in: fixture.directory)
        let token = try await elsewhere.tokens.create(name: "theirs", scopes: [.analysis])
        #expect(await accepts(fixture.tokens, token.text))
        // A revocation is not a cache miss: the check once a second detects it.
        try await elsewhere.tokens.revoke(mine.record.id)
        await fixture.tokens.refresh()
        #expect(!(await accepts(fixture.tokens, mine.text)))
    }

    @Test func manyStrangersAtOnceHoldNobodyUp() async throws {
        let fixture = try await Fixture()
        let elsewhere = try await Fixture(in: fixture.directory)
        let token = try await elsewhere.tokens.create(name: "theirs", scopes: [.analysis])
        let verdicts = await withTaskGroup(of: TokenVerdict.self) { group in
            for index in 0..<500 {
                group.addTask {
                    await fixture.tokens.verify(index % 100 == 7 ? token.text : "no-\(index)")
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let accepted = verdicts.filter { if case .accepted = $0 { true } else { false } }
        #expect(accepted.count == 5)
        #expect(verdicts.count == 500)
    }

    @Test func otherFilesTakeOverOnlyWhole() async throws {
        let directory = try TemporaryDirectory()
        func file(_ name: String, _ text: String) throws -> TokenFile {
            try Data(text.utf8).write(to: URL(fileURLWithPath: directory.file(name)))
            return TokenFile(path: directory.file(name), name: name, scopes: [.read])
        }
        let old = try file("old", "the-old-token-of-the-file")
        let new = try file("new", "the-new-token-of-the-file")
        let bad = try file("bad", "short")
        let fixture = try await Fixture(files: [old], in: directory)
        await #expect(throws: ServerError.self) {
            try await fixture.tokens.reload(files: [new, bad])
        }
        #expect(await accepts(fixture.tokens, "the-old-token-of-the-file"))
        #expect(!(await accepts(fixture.tokens, "the-new-token-of-the-file")))
        try await fixture.tokens.reload(files: [new])
        #expect(!(await accepts(fixture.tokens, "the-old-token-of-the-file")))
        #expect(await accepts(fixture.tokens, "the-new-token-of-the-file"))
    }

    @Test func refusesWhatMakesNoToken() async throws {
        let fixture = try await Fixture()
        for name in ["", "a b", "a\nb", String(repeating: "a", count: 65), "ü"] {
            await #expect(throws: ServerError.self) {
                try await fixture.tokens.create(name: name, scopes: [.read])
            }
        }
        await #expect(throws: ServerError.self) {
            try await fixture.tokens.create(name: "a", scopes: [])
        }
        await #expect(throws: ServerError.self) {
            try await fixture.tokens.create(name: "a", scopes: [.read], expires: .zero)
        }
        await #expect(throws: ServerError.self) { try await fixture.tokens.revoke("t-none") }
        #expect(try await fixture.tokens.list().isEmpty)
    }

    // MARK: - Files

    @Test func tokenFilesAreFollowedAsTheyChange() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("current")
        let first = "first-secret-of-the-mount"
        let second = "second-secret-of-the-mount"
        try Data("# mounted\n  \(first)  \r\n\n".utf8).write(to: URL(fileURLWithPath: path))
        let file = TokenFile(path: path, name: "argo", scopes: [.analysis])
        let fixture = try await Fixture(files: [file], in: directory)
        guard case .accepted(let identity) = await fixture.tokens.verify(first) else {
            Issue.record("not accepted")
            return
        }
        #expect(identity.id == "file:current#2" && identity.name == "argo")
        #expect(identity.scopes == [.analysis])
        #expect(!(await accepts(fixture.tokens, second)))
        #expect(!(await accepts(fixture.tokens, "# mounted")))

        // Replaced as a mounted file is: by another file under the same name.
        try Data("\(second)\n".utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        #expect(await accepts(fixture.tokens, second))
        #expect(!(await accepts(fixture.tokens, first)))

        // An invalid line does not invalidate other tokens; a reload refuses the file.
        try Data("short\n\(second)\n".utf8)
            .write(to: URL(fileURLWithPath: path), options: .atomic)
        await fixture.tokens.refresh()
        #expect(await accepts(fixture.tokens, second))
        await #expect(throws: ServerError.self) { try await fixture.tokens.reload() }
        #expect(await accepts(fixture.tokens, second))
    }

    @Test("a token that is no longer in its file ends, whatever other faults the file has")
    func tokensLeaveTheirFile() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("current")
        let (first, second) = ("first-secret-of-the-mount", "second-secret-of-the-mount")
        func write(_ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        }
        try write(first)
        let file = TokenFile(path: path, name: "argo", scopes: [.read])
        let fixture = try await Fixture(files: [file], in: directory)
        guard case .accepted(let identity) = await fixture.tokens.verify(first) else {
            Issue.record("not accepted")
            return
        }
        #expect(fixture.tokens.current(identity) == identity)

        // Another token in the same line has the same id, but is another credential.
        try write(second)
        await fixture.tokens.refresh()
        #expect(fixture.tokens.current(identity) == nil)
        #expect(await accepts(fixture.tokens, second))
        // An invalid line.
        try write("short")
        await fixture.tokens.refresh()
        #expect(!(await accepts(fixture.tokens, second)))
        // The whole file.
        try write(second)
        await fixture.tokens.refresh()
        #expect(await accepts(fixture.tokens, second))
        try FileManager.default.removeItem(atPath: path)
        await fixture.tokens.refresh()
        #expect(!(await accepts(fixture.tokens, second)))
    }

    @Test(
        "a token that was seen as expired stays so when the clock is set back, also after a restart"
    )
    func endsAreKept() async throws {
        let fixture = try await Fixture()
        let revoked = try await fixture.tokens.create(name: "a", scopes: [.read])
        let later = try await fixture.tokens.create(name: "b", scopes: [.read])
        let expiring = try await fixture.tokens.create(
            name: "c", scopes: [.read], expires: .seconds(60))
        let good = try await fixture.tokens.create(name: "d", scopes: [.read])
        try await fixture.tokens.revoke(revoked.record.id)
        try await fixture.tokens.revoke(later.record.id, after: .seconds(30))
        fixture.clock.advance(by: .seconds(120))
        for token in [revoked, later, expiring] {
            #expect(!(await accepts(fixture.tokens, token.text)))
        }
        await fixture.tokens.refresh()
        fixture.clock.advance(by: .seconds(-10_000))
        for registry in [
            fixture.tokens,
            try await TokenRegistry(store: fixture.store, clock: fixture.clock.wall),
        ] {
            for token in [revoked, later, expiring] {
                #expect(!(await accepts(registry, token.text)), "\(token.record.name)")
            }
            #expect(await accepts(registry, good.text))
        }
    }

    @Test("a token that cannot be printed is not stored")
    func deliveredFirst() async throws {
        let fixture = try await Fixture()
        struct Full: Error {}
        var text = ""
        await #expect(throws: Full.self) {
            try await fixture.tokens.create(name: "a", scopes: [.read]) { token in
                text = token.text
                throw Full()
            }
        }
        #expect(!text.isEmpty)
        #expect(!(await accepts(fixture.tokens, text)))
        #expect(try await fixture.tokens.list().isEmpty)
    }

    @Test func aTokenFileThatIsNotThereStopsTheStart() async throws {
        let directory = try TemporaryDirectory()
        let file = TokenFile(path: directory.file("none"), name: "argo", scopes: [.analysis])
        await #expect(throws: ServerError.self) { try await Fixture(files: [file]) }
    }

    // MARK: - Comparing

    @Test func comparesAllFourWordsOfEveryHash() {
        func record(_ id: String) -> TokenRecord {
            TokenRecord(
                id: id, name: id, scopes: [.read], created: Timestamp(milliseconds: 0),
                expires: nil, revoked: nil)
        }
        let base = [UInt8](repeating: 7, count: 32)
        let entries = (0..<32).map { index in
            var hash = base
            hash[index] ^= 0x80
            return TokenSnapshot.Entry(hash: hash, record: record("\(index)"))
        }
        let snapshot = TokenSnapshot(entries)
        #expect(base.withUnsafeBytes(snapshot.match) == nil)
        for entry in entries {
            #expect(entry.hash.withUnsafeBytes(snapshot.match)?.record.id == entry.record.id)
        }
        #expect(base.withUnsafeBytes(TokenSnapshot().match) == nil)
    }
}
