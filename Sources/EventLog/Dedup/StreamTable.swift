/// A hash table of the sequence numbers that the log contains for each sender.
///
/// Entries have a fixed size; admitting the next number of a sequence usually touches one slot.
struct StreamTable: Sendable {
    private struct Slot: Sendable {
        var stream = Hash128(high: 0, low: 0)
        /// `touched` is 0 if the slot is free.
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

    /// Adds a number to a stream, which is created if needed.
    ///
    /// - Parameter ordinal: The ordinal of this admission over all streams, from 1.
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

    /// Removes a number.
    mutating func withdraw(_ seq: UInt64, of stream: Hash128) {
        let place = find(stream)
        if !slots[place].isFree { slots[place].mark.remove(seq) }
    }

    /// Replaces the entry of a stream. `mark.touched` must not be 0.
    mutating func set(_ stream: Hash128, to mark: SequenceMark) {
        let place = find(stream)
        if slots[place].isFree {
            insert(mark, of: stream, at: place)
        } else {
            slots[place].mark = mark
        }
    }

    /// Keeps the newest runs of a stream; returns how many were dropped.
    mutating func forget(of stream: Hash128, beyond runs: Int) -> Int {
        let place = find(stream)
        return slots[place].isFree ? 0 : slots[place].mark.forget(beyond: runs)
    }

    /// Drops the `number` least recently used streams.
    mutating func forgetOldest(_ number: Int) {
        let kept = inOrder.dropFirst(number)
        slots = Array(repeating: Slot(), count: places.count)
        count = 0
        for (stream, mark) in kept { insert(mark, of: stream, at: find(stream)) }
    }

    /// The streams, least recently used first.
    var inOrder: [(stream: Hash128, mark: SequenceMark)] {
        slots.filter { !$0.isFree }.sorted { $0.mark.touched < $1.mark.touched }
            .map { ($0.stream, $0.mark) }
    }

    private mutating func insert(_ mark: SequenceMark, of stream: Hash128, at free: Int) {
        slots[free] = Slot(stream: stream, mark: mark)
        count += 1
        if places.isFull(with: count) { grow() }
    }

    /// Returns the slot of the stream, or the free slot where it belongs.
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
