import Events
import Testing

@testable import EventLog

@Suite("The index of a member")
struct IndexBuilderTests {
    private func surveyed(_ lines: String...) throws -> SegmentIndex.Member {
        var builder = IndexBuilder()
        let plain = Array(lines.map { $0 + "\n" }.joined().utf8)
        let survey = plain.withUnsafeBytes { builder.survey($0) }
        builder.add(survey, packed: 1, plain: plain.count)
        return try #require(builder.index.members.first)
    }

    private static let first = #"{"ts":"2026-11-23T06:00:01.500Z","event":"a","seq":1}"#
    private static let second = #"{"ts":"2026-11-23T07:00:00+02:00","event":"b","ts2":7}"#

    @Test("spans the times of its lines, in any zone")
    func times() throws {
        let member = try surveyed(Self.first, Self.second)
        #expect(member.isKnown)
        #expect(member.lines == 2)
        #expect(Timestamp(milliseconds: member.earliest).rfc3339 == "2026-11-23T05:00:00.000Z")
        #expect(Timestamp(milliseconds: member.latest).rfc3339 == "2026-11-23T06:00:01.500Z")
    }

    @Test(
        "is not trusted with a line that does not tell its time once",
        arguments: [
            #"{"event":"a"}"#, #"{"ts":null,"event":"a"}"#, #"{"ts":5,"event":"a"}"#,
            #"{"ts":"yesterday","event":"a"}"#,
            #"{"ts":"2026-11-23T06:00:00Z","event":"a","ts":"2026-11-24T06:00:00Z"}"#,
            #"{"t\u0073":"2026-11-23T06:00:00Z","event":"a"}"#,
            #"{"ts":"2026-11-23T06:00:00Z","event":"a","\u0074s":"2026-11-24T06:00:00Z"}"#,
            "[1]", "not JSON", #"{"ts":"2026-11-23T06:00:00Z","event":"#,
        ])
    func unknown(_ line: String) throws {
        let member = try surveyed(Self.first, line, Self.second)
        #expect(!member.isKnown)
        #expect(member.lines == 3)
    }

    @Test("counts lines that are not objects")
    func foreign() {
        var builder = IndexBuilder()
        let plain = Array((Self.first + "\n[1]\nnot JSON\n" + #"{"event":1}"# + "\n").utf8)
        #expect(plain.withUnsafeBytes { builder.survey($0) }.foreign == 2)
    }

    @Test("a commit line is found only where a line starts")
    func commitLines() {
        let commit = CommitLine(
            segment: 1, end: 9, bytes: 9, count: 1, at: Timestamp(milliseconds: 0)
        ).encoded(groupChecksum: 0)
        let event = Array(#"{"message":"{"event":"log.commit","segment":1"}"#.utf8) + [10]
        let bytes = event + commit + event + commit
        bytes.withUnsafeBytes { bytes in
            #expect(CommitLine.first(in: bytes, from: 0) == event.count)
            #expect(
                CommitLine.first(in: bytes, from: event.count + commit.count)
                    == 2 * event.count + commit.count)
            #expect(CommitLine.first(in: bytes, from: bytes.count) == nil)
        }
        // Torn within the prefix.
        (event + commit.prefix(12)).withUnsafeBytes {
            #expect(CommitLine.first(in: $0, from: 0) == nil)
        }
    }
}
