/// Keys ordered by their last use: a doubly linked list in an array.
///
/// `touch` and `remove` take constant time, by a dictionary of the entries.
struct RecencyList: Sendable {
    private struct Node: Sendable {
        var key: String
        var older: Int
        var newer: Int
    }

    private static let none = -1

    private var nodes: [Node] = []
    private var places: [String: Int] = [:]
    private var free: [Int] = []
    private var oldest = none
    private var newest = none

    /// Makes the key the most recently used; adds it if it is new.
    mutating func touch(_ key: String) {
        if let place = places[key] {
            guard place != newest else { return }
            unlink(place)
            link(place)
        } else {
            let node = Node(key: key, older: Self.none, newer: Self.none)
            let place: Int
            if let reused = free.popLast() {
                place = reused
                nodes[place] = node
            } else {
                place = nodes.count
                nodes.append(node)
            }
            places[key] = place
            link(place)
        }
    }

    mutating func remove(_ key: String) {
        guard let place = places.removeValue(forKey: key) else { return }
        unlink(place)
        nodes[place].key = ""
        free.append(place)
    }

    /// The least recently used key for which `mayGo` is true; nil if there is none.
    func leastRecent(where mayGo: (String) -> Bool) -> String? {
        var place = oldest
        while place != Self.none {
            if mayGo(nodes[place].key) { return nodes[place].key }
            place = nodes[place].newer
        }
        return nil
    }

    private mutating func link(_ place: Int) {
        nodes[place].older = newest
        nodes[place].newer = Self.none
        if newest == Self.none { oldest = place } else { nodes[newest].newer = place }
        newest = place
    }

    private mutating func unlink(_ place: Int) {
        let (older, newer) = (nodes[place].older, nodes[place].newer)
        if older == Self.none { oldest = newer } else { nodes[older].newer = newer }
        if newer == Self.none { newest = older } else { nodes[newer].older = older }
    }
}
