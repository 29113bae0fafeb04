/// The numbers of one sender's sequence that the log contains: disjoint runs, ascending.
///
/// Most senders have a single run, which is stored inline.
struct SequenceMark: Sendable, Equatable {
    /// The latest run; `high` is 0 if there is none.
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    /// The earlier runs.
    private var earlier: [ClosedRange<UInt64>] = []
    /// The ordinal of the last admission to this stream, counted over all streams.
    var touched: UInt64 = 0

    init() {}

    init(runs: [ClosedRange<UInt64>]) {
        guard let last = runs.last else { return }
        (low, high) = (last.lowerBound, last.upperBound)
        earlier = Array(runs.dropLast())
    }

    /// The runs, ascending and never adjacent: adjacent runs are joined.
    var runs: [ClosedRange<UInt64>] { high == 0 ? [] : earlier + [low...high] }

    var runCount: Int { high == 0 ? 0 : earlier.count + 1 }

    func contains(_ seq: UInt64) -> Bool {
        if seq >= low { return seq <= high }
        let i = firstEarlier(endingAtOrAfter: seq)
        return i < earlier.count && earlier[i].contains(seq)
    }

    /// Adds a number, at least 1; returns false if it is already present.
    @inline(__always)
    mutating func insert(_ seq: UInt64) -> Bool {
        // The common case: the next number.
        if seq > high, seq - 1 == high, high > 0 {
            high = seq
            return true
        }
        return insertElsewhere(seq)
    }

    private mutating func insertElsewhere(_ seq: UInt64) -> Bool {
        if seq > high {
            if high > 0 { earlier.append(low...high) }
            (low, high) = (seq, seq)
            return true
        }
        if seq >= low { return false }
        if low - 1 == seq {
            low = seq
            if let before = earlier.last, before.upperBound == seq - 1 {
                low = before.lowerBound
                earlier.removeLast()
            }
            return true
        }
        return insertEarlier(seq)
    }

    private mutating func insertEarlier(_ seq: UInt64) -> Bool {
        let i = firstEarlier(endingAtOrAfter: seq)
        let joinsPrevious = i > 0 && earlier[i - 1].upperBound &+ 1 == seq
        guard i < earlier.count else {
            if joinsPrevious {
                earlier[i - 1] = earlier[i - 1].lowerBound...seq
            } else {
                earlier.append(seq...seq)
            }
            return true
        }
        if earlier[i].contains(seq) { return false }
        let joinsNext = earlier[i].lowerBound - 1 == seq
        switch (joinsPrevious, joinsNext) {
        case (true, true):
            earlier[i - 1] = earlier[i - 1].lowerBound...earlier[i].upperBound
            earlier.remove(at: i)
        case (true, false): earlier[i - 1] = earlier[i - 1].lowerBound...seq
        case (false, true): earlier[i] = seq...earlier[i].upperBound
        case (false, false): earlier.insert(seq...seq, at: i)
        }
        return true
    }

    /// Removes a number that `insert` added.
    mutating func remove(_ seq: UInt64) {
        guard seq < low || high == 0 else {
            removeFromLatest(seq)
            return
        }
        let i = firstEarlier(endingAtOrAfter: seq)
        guard i < earlier.count, earlier[i].contains(seq) else { return }
        let run = earlier.remove(at: i)
        if seq < run.upperBound { earlier.insert((seq + 1)...run.upperBound, at: i) }
        if seq > run.lowerBound { earlier.insert(run.lowerBound...(seq - 1), at: i) }
    }

    private mutating func removeFromLatest(_ seq: UInt64) {
        guard seq <= high else { return }
        if low == high {
            let before = earlier.popLast()
            (low, high) = (before?.lowerBound ?? 0, before?.upperBound ?? 0)
        } else if seq == high {
            high -= 1
        } else {
            if seq > low { earlier.append(low...(seq - 1)) }
            low = seq + 1
        }
    }

    /// Keeps the newest `count` runs, but at least one; returns how many runs were dropped.
    mutating func forget(beyond count: Int) -> Int {
        let surplus = min(earlier.count, runCount - count)
        guard surplus > 0 else { return 0 }
        earlier.removeFirst(surplus)
        return surplus
    }

    private func firstEarlier(endingAtOrAfter seq: UInt64) -> Int {
        var low = 0
        var high = earlier.count
        while low < high {
            let middle = (low + high) / 2
            if earlier[middle].upperBound < seq { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
