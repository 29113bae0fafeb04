/// A hash table from ids to their arrival times, with open addressing.
struct IdTable: Sendable {
    private struct Slot: Sendable {
        var id = Hash128(high: 0, low: 0)
        var moment = IdTable.free
    }

    /// Marks an empty slot.
    private static let free = Int64.min

    private var slots: [Slot]
    private var places = TablePlaces()
    private(set) var count = 0

    init() { slots = Array(repeating: Slot(), count: places.count) }

    subscript(id: Hash128) -> Int64? {
        let place = find(id)
        return slots[place].moment == Self.free ? nil : slots[place].moment
    }

    /// - Parameter moment: Any value except `Int64.min`.
    mutating func set(_ id: Hash128, to moment: Int64) {
        let place = find(id)
        let isNew = slots[place].moment == Self.free
        slots[place] = Slot(id: id, moment: moment)
        guard isNew else { return }
        count += 1
        if places.isFull(with: count) { grow() }
    }

    mutating func remove(_ id: Hash128) {
        var gap = find(id)
        guard slots[gap].moment != Self.free else { return }
        slots[gap] = Slot()
        count -= 1
        // Entries behind the gap move up if probing from their home slot passes the gap.
        var next = places.after(gap)
        while slots[next].moment != Self.free {
            let distance = (next - places.home(of: slots[next].id)) & (slots.count - 1)
            if distance >= (next - gap) & (slots.count - 1) {
                slots[gap] = slots[next]
                slots[next] = Slot()
                gap = next
            }
            next = places.after(next)
        }
    }

    /// Removes all entries but keeps the capacity, which will be needed again.
    mutating func removeAll() {
        guard count > 0 else { return }
        for place in slots.indices { slots[place] = Slot() }
        count = 0
    }

    /// Calls `body` for each entry, in no defined order.
    func forEach(_ body: (_ id: Hash128, _ moment: Int64) -> Void) {
        for slot in slots where slot.moment != Self.free { body(slot.id, slot.moment) }
    }

    /// The slot of the id, or the empty slot where it belongs.
    private func find(_ id: Hash128) -> Int {
        slots.withUnsafeBufferPointer { slots in
            var place = places.home(of: id)
            while slots[place].moment != Self.free, slots[place].id != id {
                place = places.after(place)
            }
            return place
        }
    }

    private mutating func grow() {
        let old = slots
        places.double()
        slots = Array(repeating: Slot(), count: places.count)
        for slot in old where slot.moment != Self.free { slots[find(slot.id)] = slot }
    }
}
