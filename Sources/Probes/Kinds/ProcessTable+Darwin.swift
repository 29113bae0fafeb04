import Events

#if canImport(Darwin)
    import Darwin

    extension ProcessTable {
        /// Maximum bytes of a name: `MAXCOMLEN`.
        static let nameLimit = 16

        /// Returns nil if there is no such process or it ended meanwhile.
        func entry(of pid: Int32) throws(MissingData) -> ProcessEntry? {
            var query = [CTL_KERN, KERN_PROC, KERN_PROC_PID, pid]
            var info = kinfo_proc()
            var size = MemoryLayout<kinfo_proc>.stride
            // For a missing pid, the call succeeds with no bytes.
            guard sysctl(&query, UInt32(query.count), &info, &size, nil, 0) == 0 else {
                throw MissingData(.unreadable, "sysctl: \(String(cString: strerror(errno)))")
            }
            return size > 0 ? Self.entry(info) : nil
        }

        func all() throws(MissingData) -> ProcessListing {
            var query = [CTL_KERN, KERN_PROC, KERN_PROC_ALL]
            var size = 0
            guard sysctl(&query, UInt32(query.count), nil, &size, nil, 0) == 0 else {
                throw MissingData(.unreadable, "sysctl: \(String(cString: strerror(errno)))")
            }
            // Space for processes that start between the two calls.
            let count = size / MemoryLayout<kinfo_proc>.stride + 64
            var table = [kinfo_proc](repeating: kinfo_proc(), count: count)
            size = count * MemoryLayout<kinfo_proc>.stride
            guard sysctl(&query, UInt32(query.count), &table, &size, nil, 0) == 0 else {
                throw MissingData(.unreadable, "sysctl: \(String(cString: strerror(errno)))")
            }
            let entries = table.prefix(size / MemoryLayout<kinfo_proc>.stride).map {
                Self.entry($0)
            }
            return ProcessListing(entries: entries)
        }

        private static func entry(_ info: kinfo_proc) -> ProcessEntry {
            let pid = info.kp_proc.p_pid
            let name = withUnsafeBytes(of: info.kp_proc.p_comm) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            var path = [UInt8](repeating: 0, count: 4 * Int(MAXPATHLEN))
            let length = max(0, Int(proc_pidpath(pid, &path, UInt32(path.count))))
            let file = path[..<length].split(separator: UInt8(ascii: "/")).last ?? []
            var task = proc_taskinfo()
            let size = Int32(MemoryLayout<proc_taskinfo>.stride)
            let known = proc_pidinfo(pid, PROC_PIDTASKINFO, 0, &task, size) == size
            return ProcessEntry(
                name: name, command: String(decoding: file, as: UTF8.self),
                isZombie: Int32(info.kp_proc.p_stat) == SZOMB,
                residentBytes: known ? task.pti_resident_size : 0)
        }
    }
#endif
