/// Which numbers of one sender's sequence the log holds: disjoint runs, ascending.
struct SequenceMark: Sendable, Equatable {
    /// Never adjacent: adjacent runs are joined.
    private(set) var runs: [ClosedRange<UInt64>] = []
    /// Counts admissions of all streams; the least is the longest unused.
    var touched: UInt64 = 0

    init() {}

    init(runs: [ClosedRange<UInt64>]) { self.runs = runs }

    /// The highest number seen; 0 before the first.
    var highWater: UInt64 { runs.last?.upperBound ?? 0 }

    func contains(_ seq: UInt64) -> Bool {
        let i = firstRun(endingAtOrAfter: seq)
        return i < runs.count && runs[i].contains(seq)
    }

    /// False when the number is there already.
    mutating func insert(_ seq: UInt64) -> Bool {
        if let last = runs.last, seq > last.upperBound {
            // The usual case: the next number.
            if seq - 1 == last.upperBound {
                runs[runs.count - 1] = last.lowerBound...seq
            } else {
                runs.append(seq...seq)
            }
            return true
        }
        let i = firstRun(endingAtOrAfter: seq)
        guard i < runs.count else {
            runs.append(seq...seq)
            return true
        }
        if runs[i].contains(seq) { return false }
        let joinsNext = runs[i].lowerBound - 1 == seq
        let joinsPrevious = i > 0 && runs[i - 1].upperBound + 1 == seq
        switch (joinsPrevious, joinsNext) {
        case (true, true):
            runs[i - 1] = runs[i - 1].lowerBound...runs[i].upperBound
            runs.remove(at: i)
        case (true, false): runs[i - 1] = runs[i - 1].lowerBound...seq
        case (false, true): runs[i] = seq...runs[i].upperBound
        case (false, false): runs.insert(seq...seq, at: i)
        }
        return true
    }

    /// Takes a number back that `insert` let in.
    mutating func remove(_ seq: UInt64) {
        let i = firstRun(endingAtOrAfter: seq)
        guard i < runs.count, runs[i].contains(seq) else { return }
        let run = runs.remove(at: i)
        if seq < run.upperBound { runs.insert((seq + 1)...run.upperBound, at: i) }
        if seq > run.lowerBound { runs.insert(run.lowerBound...(seq - 1), at: i) }
    }

    /// Keeps the newest `count` runs; returns how many were forgotten.
    mutating func forget(beyond count: Int) -> Int {
        let surplus = runs.count - count
        guard surplus > 0 else { return 0 }
        runs.removeFirst(surplus)
        return surplus
    }

    private func firstRun(endingAtOrAfter seq: UInt64) -> Int {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].upperBound < seq { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
