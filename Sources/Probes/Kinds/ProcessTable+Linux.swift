import Core
import Events

#if os(Linux)
    import Events

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    extension ProcessTable {
        /// Maximum bytes of a name: the kernel's `TASK_COMM_LEN` without the NUL.
        static let nameLimit = 15

        /// Returns nil if there is no such process or it ended meanwhile.
        static func entry(of pid: Int32) -> ProcessEntry? {
            guard let stat = try? BoundedFile.read("/proc/\(pid)/stat", limit: 4096) else {
                return nil
            }
            return entry(pid: pid, stat: stat.bytes)
        }

        static func all() throws(MissingData) -> [ProcessEntry] {
            guard let folder = opendir("/proc") else {
                throw MissingData(.unreadable, "/proc: \(String(cString: strerror(errno)))")
            }
            defer { closedir(folder) }
            var entries: [ProcessEntry] = []
            while let record = readdir(folder) {
                let name = withUnsafeBytes(of: record.pointee.d_name) { raw in
                    String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
                }
                if let pid = Int32(name), let entry = entry(of: pid) { entries.append(entry) }
            }
            return entries
        }

        /// Parses the format of proc_pid_stat(5): `pid (comm) state …`.
        ///
        /// Field 24 is the resident pages. The name may contain spaces and brackets, so it ends at
        /// the last bracket.
        static func entry(pid: Int32, stat: [UInt8]) -> ProcessEntry? {
            guard let open = stat.firstIndex(of: UInt8(ascii: "(")),
                let close = stat.lastIndex(of: UInt8(ascii: ")")), open < close
            else { return nil }
            let name = String(decoding: stat[(open + 1)..<close], as: UTF8.self)
            let rest = String(decoding: stat[(close + 1)...], as: UTF8.self).split(separator: " ")
            // `rest` begins with field 3.
            guard rest.count > 21, let state = rest.first, let pages = UInt64(rest[21]) else {
                return nil
            }
            let cut = name.utf8.count >= nameLimit
            return ProcessEntry(
                name: name, command: cut ? command(of: pid) : "",
                isZombie: state == "Z" || state == "X",
                residentBytes: pages *| UInt64(max(1, sysconf(Int32(_SC_PAGESIZE)))))
        }

        private static func command(of pid: Int32) -> String {
            let limit = 1 << 20
            guard let line = try? BoundedFile.read("/proc/\(pid)/cmdline", limit: limit) else {
                return ""
            }
            let first = line.bytes.prefix { $0 != 0 }
            let file = first.lastIndex(of: UInt8(ascii: "/")).map { first[($0 + 1)...] } ?? first
            return String(decoding: file, as: UTF8.self)
        }
    }
#endif
