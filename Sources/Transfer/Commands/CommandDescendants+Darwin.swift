#if canImport(Darwin)
    import Darwin

    extension CommandDescendants {
        static func table() -> [Entry] {
            var query = [CTL_KERN, KERN_PROC, KERN_PROC_ALL]
            var size = 0
            guard sysctl(&query, UInt32(query.count), nil, &size, nil, 0) == 0 else { return [] }
            // Space for processes that start between the two calls.
            let count = size / MemoryLayout<kinfo_proc>.stride + 64
            var table = [kinfo_proc](repeating: kinfo_proc(), count: count)
            size = count * MemoryLayout<kinfo_proc>.stride
            guard sysctl(&query, UInt32(query.count), &table, &size, nil, 0) == 0 else { return [] }
            return table.prefix(size / MemoryLayout<kinfo_proc>.stride).map { info in
                let start = info.kp_proc.p_un.__p_starttime
                return Entry(
                    pid: info.kp_proc.p_pid, parent: info.kp_eproc.e_ppid,
                    start: UInt64(start.tv_sec) * 1_000_000 + UInt64(start.tv_usec),
                    isZombie: Int32(info.kp_proc.p_stat) == SZOMB)
            }
        }

        /// The initial arguments and environment of the process; empty for another user's process.
        static func variables(of pid: pid_t) -> [UInt8] {
            var query = [CTL_KERN, KERN_PROCARGS2, pid]
            var size = 0
            guard sysctl(&query, UInt32(query.count), nil, &size, nil, 0) == 0 else { return [] }
            var bytes = [UInt8](repeating: 0, count: size)
            guard sysctl(&query, UInt32(query.count), &bytes, &size, nil, 0) == 0 else { return [] }
            return Array(bytes.prefix(size))
        }
    }
#endif
