import Events
import TestSupport
import Testing

@testable import EventLog

@Suite("Deduplication index")
struct DedupIndexTests {
    @Test("runs behave like a set of numbers, with insertions and removals in any order")
    func runs() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<200 {
            var mark = SequenceMark()
            var model: Set<UInt64> = []
            for _ in 0..<300 {
                let seq = UInt64.random(in: 1...60, using: &random)
                if Bool.random(using: &random) {
                    let (isNew, wasNew) = (mark.insert(seq), model.insert(seq).inserted)
                    #expect(isNew == wasNew)
                } else {
                    mark.remove(seq)
                    model.remove(seq)
                }
            }
            #expect((1...60).allSatisfy { mark.contains($0) == model.contains($0) })
            #expect(mark.runs.flatMap(Array.init) == model.sorted())
            #expect(
                zip(mark.runs, mark.runs.dropFirst()).allSatisfy {
                    $0.upperBound + 1 < $1.lowerBound
                })
        }
    }

    @Test("the table of ids behaves like a dictionary, with insertions and removals in any order")
    func ids() {
        var random = SeededRandom(seed: 11)
        // Many ids in neighbouring slots, so that removals have to close chains.
        for bits in [3, 6, 64] {
            var table = Hash128Table<Int64>(initial: 0)
            var model: [Hash128: Int64] = [:]
            for step in 0..<6000 {
                let low = UInt64.random(in: .min ... .max, using: &random) >> UInt64(64 - bits)
                // With few bits, the key of a free slot is among them.
                let id = Hash128(high: low / 2, low: low)
                switch Int.random(in: 0..<100, using: &random) {
                case ..<55:
                    table.update(id) { $0 = Int64(step) }
                    model[id] = Int64(step)
                case ..<99:
                    let gone = bits == 64 ? model.keys.first ?? id : id
                    table.remove(gone)
                    model[gone] = nil
                default:
                    guard step % 7 == 0 else { continue }
                    table.removeAll()
                    model = [:]
                }
                #expect(table[id] == model[id])
                #expect(table.count == model.count)
            }
            let free = Hash128(high: 0, low: 0)
            var held: [Hash128: Int64] = [:]
            // The key of a free slot is stored as another one.
            for (key, value) in table.entries {
                held[key == Hash128(high: 1, low: 0) ? free : key] = value
            }
            #expect(held == model)
        }
    }

    @Test("the table of sequences behaves like a dictionary of sets")
    func streams() {
        var random = SeededRandom(seed: 13)
        var table = Hash128Table(initial: SequenceMark())
        var model: [Hash128: Set<UInt64>] = [:]
        for _ in 1...20_000 {
            let low = UInt64.random(in: 0..<300, using: &random) << 56
            let stream = Hash128(high: 1, low: low)
            let seq = UInt64.random(in: 1...40, using: &random)
            switch Int.random(in: 0..<1000, using: &random) {
            case ..<800:
                let isNew = table.update(stream) { $0.insert(seq) }
                #expect(isNew == model[stream, default: []].insert(seq).inserted)
            case ..<995:
                if table[stream] != nil { table.update(stream) { $0.remove(seq) } }
                model[stream]?.remove(seq)
            default:
                table.remove(stream)
                model[stream] = nil
            }
            #expect(table[stream]?.runs.flatMap(Array.init) == model[stream]?.sorted())
            #expect(table.count == model.count)
        }
    }

    @Test("the ends of the number range do not trap")
    func extremes() {
        var mark = SequenceMark()
        let answers = [UInt64.max, 1, .max, .max - 1].map { mark.insert($0) }
        #expect(answers == [true, true, false, true])
        mark.remove(.max)
        #expect(mark.runs == [1...1, (.max - 1)...(.max - 1)])
    }

    @Test("memory stays within the limits for any input; the newest entries are kept")
    func limits() {
        let limits = DedupLimits(streams: 100, runsPerStream: 10, ids: 1000)
        var marks = DedupIndex(limits: limits, window: .seconds(3600))
        let now = Timestamp(milliseconds: 1_766_000_000_000)
        for i in 0..<5000 {
            let stream = Hash128("node \(i)")
            for key in [
                ScannedLine.Key.sequence(stream: stream, seq: 1), .id(Hash128("id \(i)")),
            ] {
                let answers = [marks.admit(key, at: now), marks.admit(key, at: now)]
                #expect(answers == [true, false])
            }
        }
        let gappy = Hash128("gappy")
        for seq in stride(from: UInt64(2), to: 4000, by: 2) {
            let isNew = marks.admit(.sequence(stream: gappy, seq: seq), at: now)
            #expect(isNew)
        }
        #expect(marks.streams.count <= 100)
        #expect(marks.streams[gappy]?.runs.count == 10)
        #expect(marks.streams[gappy]?.runs.last?.upperBound == 3998)
        #expect(marks.idCount <= 1000)
        #expect(marks.forgotten > 4000)
    }

    /// Rewrites the file as the previous version did: other ids, and its own name.
    static func asEarlierVersion(_ bytes: [UInt8]) -> [UInt8] {
        var out = ByteWriter()
        out.write(DedupIndex.earlierMagic)
        out.append(Array(bytes[8..<(bytes.count - 4)]))
        return out.sealed()
    }

    @Test("from a previous version's file, sequences are read and nothing counts as covered")
    func earlierVersion() throws {
        let now = Timestamp(milliseconds: 1_766_000_000_000)
        var marks = DedupIndex(limits: DedupLimits(), window: .seconds(3600))
        _ = marks.admit(.sequence(stream: Hash128("n"), seq: 5), at: now)
        _ = marks.admit(.id(Hash128("i")), at: now)
        var (read, covered) = try #require(
            DedupIndex.decode(
                Self.asEarlierVersion(marks.encoded(covering: 41)), limits: DedupLimits(),
                window: .seconds(3600)))
        #expect(covered == 0)
        let isNewSequence = read.admit(.sequence(stream: Hash128("n"), seq: 5), at: now)
        let isNewID = read.admit(.id(Hash128("i")), at: now)
        #expect(!isNewSequence && isNewID)
    }

    @Test("a written index is read back; a flipped bit is detected")
    func coding() throws {
        let now = Timestamp(milliseconds: 1_766_000_000_000)
        let limits = DedupLimits()
        var marks = DedupIndex(limits: limits, window: .seconds(3600))
        var random = SeededRandom(seed: 3)
        for _ in 0..<2000 {
            let stream = Hash128("n\(Int.random(in: 0..<20, using: &random))")
            let seq = UInt64.random(in: 1...500, using: &random)
            _ = marks.admit(.sequence(stream: stream, seq: seq), at: now)
            _ = marks.admit(.id(Hash128("\(seq)")), at: now)
        }
        let bytes = marks.encoded(covering: 41)
        let (read, covered) = try #require(
            DedupIndex.decode(bytes, limits: limits, window: .seconds(3600)))
        #expect(covered == 41)
        #expect(read.streamsInOrder.map(\.key) == marks.streamsInOrder.map(\.key))
        #expect(read.streamsInOrder.map(\.value.runs) == marks.streamsInOrder.map(\.value.runs))
        #expect(read.idCount == marks.idCount)
        for place in stride(from: 0, to: bytes.count, by: 97) {
            var damaged = bytes
            damaged[place] ^= 4
            #expect(
                DedupIndex.decode(damaged, limits: limits, window: .seconds(3600)) == nil)
        }
    }

    @Test("SipHash-2-4-128 matches the reference vectors")
    func sipHash() {
        // The authors' vectors: key 00…0f, messages 00, 01, 02, … of increasing length.
        let key = Hash128(high: 0x0f0e_0d0c_0b0a_0908, low: 0x0706_0504_0302_0100)
        func hash(_ count: Int) -> Hash128 {
            (0..<count).map { UInt8($0) }.withUnsafeBytes { Hash128($0, key: key) }
        }
        #expect(hash(0) == Hash128(high: 0x930255c71472f66d, low: 0xe6a825ba047f81a3))
        #expect(hash(1) == Hash128(high: 0x45fc229b11597634, low: 0x44af996bd8c187da))
    }
}
