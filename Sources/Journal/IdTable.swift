/// When each id arrived: a hash table of fixed-size entries, open addressing, linear probing.
///
/// The keys are hashes already, so that a place is one multiplication away, where `Dictionary`
/// would hash again; a look costs about one cache line. The multiplier is random for each
/// table: who chooses ids can't choose their places (Dietzfelbinger et al. 1997, "A Reliable
/// Randomized Algorithm for the Closest-Pair Problem", multiply-shift).
struct IdTable: Sendable {
    private struct Slot: Sendable {
        var id = Hash128(high: 0, low: 0)
        var moment = IdTable.free
    }

    /// The moment of no entry.
    private static let free = Int64.min
    private static let smallest = 64

    private var slots: [Slot]
    /// 64 less the number of bits of a place.
    private var shift: UInt64
    private let multiplier: UInt64
    private(set) var count = 0

    init() {
        slots = Array(repeating: Slot(), count: Self.smallest)
        shift = UInt64(64 - Self.smallest.trailingZeroBitCount)
        multiplier = .random(in: .min ... .max) | 1
    }

    subscript(id: Hash128) -> Int64? {
        let place = find(id)
        return slots[place].moment == Self.free ? nil : slots[place].moment
    }

    /// - Parameter moment: Any but `Int64.min`.
    mutating func set(_ id: Hash128, to moment: Int64) {
        let place = find(id)
        let isNew = slots[place].moment == Self.free
        slots[place] = Slot(id: id, moment: moment)
        guard isNew else { return }
        count += 1
        // Half full: two or three slots are looked at for an id that isn't there.
        if count * 2 > slots.count { grow() }
    }

    mutating func remove(_ id: Hash128) {
        var gap = find(id)
        guard slots[gap].moment != Self.free else { return }
        slots[gap] = Slot()
        count -= 1
        // Whoever stands behind the gap because its place was taken moves up.
        var next = after(gap)
        while slots[next].moment != Self.free {
            let distance = (next - home(of: slots[next].id)) & (slots.count - 1)
            if distance >= (next - gap) & (slots.count - 1) {
                slots[gap] = slots[next]
                slots[next] = Slot()
                gap = next
            }
            next = after(next)
        }
    }

    /// Keeps its room: it will be as full again.
    mutating func removeAll() {
        guard count > 0 else { return }
        for place in slots.indices { slots[place] = Slot() }
        count = 0
    }

    /// In no order.
    func forEach(_ body: (_ id: Hash128, _ moment: Int64) -> Void) {
        for slot in slots where slot.moment != Self.free { body(slot.id, slot.moment) }
    }

    /// The slot that holds the id, or the free one where it would go.
    private func find(_ id: Hash128) -> Int {
        slots.withUnsafeBufferPointer { slots in
            var place = home(of: id)
            while slots[place].moment != Self.free, slots[place].id != id {
                place = (place + 1) & (slots.count - 1)
            }
            return place
        }
    }

    private func home(of id: Hash128) -> Int { Int((id.low &* multiplier) >> shift) }

    private func after(_ place: Int) -> Int { (place + 1) & (slots.count - 1) }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(), count: old.count * 2)
        shift -= 1
        for slot in old where slot.moment != Self.free { slots[find(slot.id)] = slot }
    }
}
