/// What the log holds of each sender's sequence: a hash table of fixed-size entries. An
/// admission of the next number costs one place.
struct StreamTable: Sendable {
    private struct Slot: Sendable {
        var stream = Hash128(high: 0, low: 0)
        /// Touched by no admission where the slot is free.
        var mark = SequenceMark()

        var isFree: Bool { mark.touched == 0 }
    }

    private var slots: [Slot]
    private var places = TablePlaces()
    private(set) var count = 0

    init() { slots = Array(repeating: Slot(), count: places.count) }

    subscript(stream: Hash128) -> SequenceMark? {
        let slot = slots[find(stream)]
        return slot.isFree ? nil : slot.mark
    }

    /// Notes a number of a stream, which is made if there is none yet.
    ///
    /// - Parameter ordinal: Which admission of all it is, from 1.
    /// - Returns: Whether the number is new, and how many runs the stream has.
    mutating func admit(
        _ seq: UInt64, of stream: Hash128, at ordinal: UInt64
    ) -> (isNew: Bool, runs: Int) {
        let place = find(stream)
        guard !slots[place].isFree else {
            var mark = SequenceMark()
            mark.touched = ordinal
            let isNew = mark.insert(seq)
            insert(mark, of: stream, at: place)
            return (isNew, mark.runCount)
        }
        slots[place].mark.touched = ordinal
        let isNew = slots[place].mark.insert(seq)
        return (isNew, slots[place].mark.runCount)
    }

    /// Takes a number back.
    mutating func withdraw(_ seq: UInt64, of stream: Hash128) {
        let place = find(stream)
        if !slots[place].isFree { slots[place].mark.remove(seq) }
    }

    /// Puts a mark, touched by an admission, in the place of what there is of a stream.
    mutating func set(_ stream: Hash128, to mark: SequenceMark) {
        let place = find(stream)
        if slots[place].isFree {
            insert(mark, of: stream, at: place)
        } else {
            slots[place].mark = mark
        }
    }

    /// Keeps the newest runs of a stream; returns how many were forgotten.
    mutating func forget(of stream: Hash128, beyond runs: Int) -> Int {
        let place = find(stream)
        return slots[place].isFree ? 0 : slots[place].mark.forget(beyond: runs)
    }

    /// Forgets the streams that were unused longest.
    mutating func forgetOldest(_ number: Int) {
        let kept = inOrder.dropFirst(number)
        slots = Array(repeating: Slot(), count: places.count)
        count = 0
        for (stream, mark) in kept { insert(mark, of: stream, at: find(stream)) }
    }

    /// The streams, the longest unused first.
    var inOrder: [(stream: Hash128, mark: SequenceMark)] {
        slots.filter { !$0.isFree }.sorted { $0.mark.touched < $1.mark.touched }
            .map { ($0.stream, $0.mark) }
    }

    private mutating func insert(_ mark: SequenceMark, of stream: Hash128, at free: Int) {
        slots[free] = Slot(stream: stream, mark: mark)
        count += 1
        if places.isFull(with: count) { grow() }
    }

    /// The slot that holds the stream, or the free one where it would go.
    private func find(_ stream: Hash128) -> Int {
        slots.withUnsafeBufferPointer { slots in
            var place = places.home(of: stream)
            while !slots[place].isFree, slots[place].stream != stream {
                place = places.after(place)
            }
            return place
        }
    }

    private mutating func grow() {
        let old = slots
        places.double()
        slots = Array(repeating: Slot(), count: places.count)
        for slot in old where !slot.isFree { slots[find(slot.stream)] = slot }
    }
}
