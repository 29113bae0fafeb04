#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a command started, at any depth, and whatever sessions and groups it made for itself.
///
/// A descendant is known by its chain of parents, or by the mark in its environment, which
/// outlives the chain: a process whose parent ended is given to another one. What escapes is a
/// process that cleared its environment and whose parent has ended.
struct CommandDescendants {
    struct Entry {
        let pid: pid_t
        let parent: pid_t
        /// When it started, in the system's own unit.
        let start: UInt64
        let isZombie: Bool
    }

    /// `NAME=value`, to be added to the command's environment.
    let mark: String

    init() {
        let value = UInt64.random(in: .min ... .max)
        mark = "BELLWETHER_COMMAND=" + String(value, radix: 16)
    }

    /// Kills all that `leader` started. The leader itself has to be there still, if only to be
    /// reaped: its own start bounds the search, and its number is not another's.
    func kill(of leader: pid_t) {
        // What is forked meanwhile is found by the next look; nobody forks faster for long.
        for _ in 0..<32 {
            let found = find(of: leader)
            if found.isEmpty { return }
            for pid in found { _ = systemKill(pid) }
        }
    }

    private func find(of leader: pid_t) -> [pid_t] {
        let table = Self.table()
        guard let first = table.first(where: { $0.pid == leader }) else { return [] }
        let later = table.filter { $0.start >= first.start && $0.pid != leader }
        var family: Set<pid_t> = [leader]
        // Parents need not come first in the table.
        while true {
            let before = family.count
            for entry in later where family.contains(entry.parent) { family.insert(entry.pid) }
            if family.count == before { break }
        }
        return later.filter { entry in
            !entry.isZombie && (family.contains(entry.pid) || isMarked(entry.pid))
        }.map(\.pid)
    }

    private func isMarked(_ pid: pid_t) -> Bool {
        // A whole variable, neighbours separated by zero bytes.
        let wanted = Array(mark.utf8) + [0]
        let variables = Self.variables(of: pid)
        guard variables.count >= wanted.count else { return false }
        return (0...(variables.count - wanted.count)).contains { at in
            variables[at] == wanted[0] && variables[at..<(at + wanted.count)].elementsEqual(wanted)
        }
    }
}

/// `kill(2)`, whose name a method hides.
private func systemKill(_ pid: pid_t) -> Int32 { kill(pid, SIGKILL) }
