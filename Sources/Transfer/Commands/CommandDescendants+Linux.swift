#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    extension CommandDescendants {
        static func table() -> [Entry] {
            guard let folder = opendir("/proc") else { return [] }
            defer { closedir(folder) }
            var entries: [Entry] = []
            while let record = readdir(folder) {
                let name = withUnsafeBytes(of: record.pointee.d_name) { raw in
                    String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
                }
                guard let pid = pid_t(name),
                    let entry = entry(pid, stat: contents("/proc/\(pid)/stat", limit: 4096))
                else { continue }
                entries.append(entry)
            }
            return entries
        }

        /// Parses proc_pid_stat(5): `pid (comm) state ppid …`; the start time is field 22. The name
        /// may contain spaces and parentheses, so it ends at the last parenthesis.
        private static func entry(_ pid: pid_t, stat: [UInt8]) -> Entry? {
            guard let close = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
            let rest = String(decoding: stat[(close + 1)...], as: UTF8.self).split(separator: " ")
            // `rest` begins with field 3.
            guard rest.count > 19, let parent = pid_t(rest[1]), let start = UInt64(rest[19]) else {
                return nil
            }
            return Entry(
                pid: pid, parent: parent, start: start, isZombie: rest[0] == "Z" || rest[0] == "X")
        }

        /// The initial environment of the process; empty for another user's process.
        static func variables(of pid: pid_t) -> [UInt8] {
            contents("/proc/\(pid)/environ", limit: 1 << 20)
        }

        private static func contents(_ path: String, limit: Int) -> [UInt8] {
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { return [] }
            defer { close(file) }
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4096)
            while bytes.count < limit {
                let count = read(file, &chunk, chunk.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                bytes += chunk[..<count]
            }
            return bytes
        }
    }
#endif
