#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Finds and kills the descendants of a command, at any depth, in any session and process group.
///
/// A descendant is identified by its chain of parents or by a mark in its environment. The mark
/// outlives the chain: a process whose parent ended gets another parent. A process that cleared its
/// environment and whose parent ended is not found.
struct CommandDescendants {
    struct Entry {
        let pid: pid_t
        let parent: pid_t
        /// When it started, in a unit that depends on the system.
        let start: UInt64
        let isZombie: Bool
    }

    /// `NAME=value`, to add to the command's environment.
    let mark: String

    init() {
        let value = UInt64.random(in: .min ... .max)
        mark = "BELLWETHER_COMMAND=" + String(value, radix: 16)
    }

    /// Kills all descendants of `leader`. The leader must exist, at least as a zombie: its start
    /// time limits the search, and its process id must not have been reused.
    func kill(of leader: pid_t) {
        // Processes that are forked meanwhile are found by the next search; 32 searches are enough.
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
        // Children may precede their parents in the table.
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
        // The whole variable; variables are separated by zero bytes.
        let wanted = Array(mark.utf8) + [0]
        let variables = Self.variables(of: pid)
        guard variables.count >= wanted.count else { return false }
        return (0...(variables.count - wanted.count)).contains { at in
            variables[at] == wanted[0] && variables[at..<(at + wanted.count)].elementsEqual(wanted)
        }
    }
}

/// Calls `kill(2)`; the free function avoids the name conflict with the method.
private func systemKill(_ pid: pid_t) -> Int32 { kill(pid, SIGKILL) }
