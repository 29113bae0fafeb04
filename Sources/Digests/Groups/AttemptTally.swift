import Events

/// The attempts of one incident, each with the worst verdict of any place.
public struct AttemptTally: Sendable, Hashable {
    struct Entry: Sendable, Hashable {
        var number: Int
        var status: VerdictStatus
    }

    /// The latest attempts, ascending.
    var recent: [Entry] = []
    /// Counts of the attempts that are no longer in `recent`.
    var settled = StatusCounts()
    /// Counts of the verdicts without an attempt number.
    var unnumbered = StatusCounts()
    /// The lowest attempt seen.
    public internal(set) var first: Int?
    /// The highest attempt seen.
    public internal(set) var last: Int?
    /// Whether the numbering restarted within the incident (next step, next run).
    /// `first` and `last` then cover only the current numbering.
    public internal(set) var restarted = false

    public init() {}

    /// The number of attempts by status, including verdicts without a number.
    public var counts: StatusCounts {
        var all = settled
        for status in VerdictStatus.allCases {
            all[status] +|= unnumbered[status] +| recent.count { $0.status == status }
        }
        return all
    }

    mutating func record(_ status: VerdictStatus, attempt: Int?) {
        guard let attempt else {
            unnumbered[status] +|= 1
            return
        }
        first = min(first ?? attempt, attempt)
        last = max(last ?? attempt, attempt)
        let index = recent.lastIndex { $0.number <= attempt } ?? -1
        if index >= 0, recent[index].number == attempt {
            recent[index].status = max(recent[index].status, status)
        } else {
            recent.insert(Entry(number: attempt, status: status), at: index + 1)
            if recent.count > Bounds.attempts { settled[recent.removeFirst().status] +|= 1 }
        }
    }

    /// Starts a new numbering: the next attempts count from 1 again.
    mutating func restart() {
        settled = counts
        for status in VerdictStatus.allCases { settled[status] -|= unnumbered[status] }
        recent = []
        first = nil
        last = nil
        restarted = true
    }
}
