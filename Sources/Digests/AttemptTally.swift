import Events

/// The attempts of one incident, each by the worst that any place said of it.
public struct AttemptTally: Sendable, Hashable {
    struct Entry: Sendable, Hashable {
        var number: Int
        var status: VerdictStatus
    }

    /// The latest attempts, ascending.
    var recent: [Entry] = []
    /// Attempts that are no longer kept one by one.
    var settled = StatusCounts()
    /// Verdicts that named no attempt, each counted by itself.
    var unnumbered = StatusCounts()
    /// The lowest attempt seen.
    public internal(set) var first: Int?
    /// The highest attempt seen.
    public internal(set) var last: Int?
    /// The numbering began anew within the incident (next step, next run):
    /// `first` and `last` then belong to the current numbering only.
    public internal(set) var restarted = false

    public init() {}

    /// How many attempts ended with each status.
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

    /// The next attempts count from 1 again.
    mutating func restart() {
        settled = counts
        for status in VerdictStatus.allCases { settled[status] -|= unnumbered[status] }
        recent = []
        first = nil
        last = nil
        restarted = true
    }
}
