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

        /// Returns nil if there is no such process or it ended meanwhile; throws
        /// absent(unreadable) if there is one that this user may not see.
        func entry(of pid: Int32) throws(MissingData) -> ProcessEntry? {
            do throws(MissingData) {
                if let entry = try shown(pid) { return entry }
            } catch {
                throw hiding ?? error
            }
            // With `hidepid=2`, a process of another user looks like one that is gone.
            guard exists(pid) else { return nil }
            throw hiding
                ?? MissingData(.unreadable, "process \(pid) exists, but \(folder) does not show it")
        }

        func all() throws(MissingData) -> ProcessListing {
            guard let directory = opendir(folder) else {
                throw MissingData(.unreadable, "\(folder): \(String(cString: strerror(errno)))")
            }
            defer { closedir(directory) }
            var listing = ProcessListing()
            while true {
                // `readdir` returns nil at the end and after an error.
                errno = 0
                guard let record = readdir(directory) else {
                    if errno == 0 { break }
                    throw MissingData(
                        .unreadable, "\(folder): \(String(cString: strerror(errno)))")
                }
                let name = withUnsafeBytes(of: record.pointee.d_name) { raw in
                    String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
                }
                guard let pid = Int32(name) else { continue }
                do throws(MissingData) {
                    if let entry = try shown(pid) { listing.entries.append(entry) }
                } catch {
                    listing.gap = listing.gap ?? error
                }
            }
            // This process is always shown.
            guard !listing.entries.isEmpty else {
                throw listing.gap
                    ?? MissingData(.unreadable, "\(folder) shows no process: is it mounted?")
            }
            listing.gap = hiding ?? listing.gap
            return listing
        }

        /// Returns nil if `folder` shows no such process.
        private func shown(_ pid: Int32) throws(MissingData) -> ProcessEntry? {
            let path = "\(folder)/\(pid)/stat"
            guard let stat = try contents(path, limit: 4096) else { return nil }
            guard var entry = Self.entry(stat: stat) else {
                throw MissingData(.garbage, "not the status of a process: \(path)")
            }
            if entry.name.utf8.count >= Self.nameLimit {
                guard let line = try contents("\(folder)/\(pid)/cmdline", limit: 1 << 20) else {
                    return nil
                }
                entry.command = Self.command(line)
            }
            return entry
        }

        /// Returns nil if there is no such file, because the process ended or is hidden.
        private func contents(_ path: String, limit: Int) throws(MissingData) -> [UInt8]? {
            do throws(BoundedFile.Fault) {
                return try BoundedFile(reading: path, limit: limit).bytes
            } catch {
                switch error {
                case .system(let fault) where fault.code == ENOENT || fault.code == ESRCH:
                    return nil
                case .system(let fault):
                    throw MissingData(.unreadable, "\(fault.reason): \(path)")
                case .notRegular, .tooLarge:
                    throw MissingData(.unreadable, "more than \(limit) bytes: \(path)")
                }
            }
        }

        /// Parses the format of proc_pid_stat(5): `pid (comm) state …`.
        ///
        /// Field 24 is the resident pages. The name may contain spaces and brackets, so it ends at
        /// the last bracket.
        static func entry(stat: [UInt8]) -> ProcessEntry? {
            guard let open = stat.firstIndex(of: UInt8(ascii: "(")),
                let close = stat.lastIndex(of: UInt8(ascii: ")")), open < close
            else { return nil }
            let name = String(decoding: stat[(open + 1)..<close], as: UTF8.self)
            let rest = String(decoding: stat[(close + 1)...], as: UTF8.self).split(separator: " ")
            // `rest` begins with field 3.
            guard rest.count > 21, let state = rest.first, let pages = UInt64(rest[21]) else {
                return nil
            }
            return ProcessEntry(
                name: name, command: "", isZombie: state == "Z" || state == "X",
                residentBytes: pages *| UInt64(max(1, sysconf(Int32(_SC_PAGESIZE)))))
        }

        /// The file name of the first argument of a command line.
        private static func command(_ line: [UInt8]) -> String {
            let first = line.prefix { $0 != 0 }
            let file = first.lastIndex(of: UInt8(ascii: "/")).map { first[($0 + 1)...] } ?? first
            return String(decoding: file, as: UTF8.self)
        }
    }

    // MARK: - Hidden processes

    extension ProcessTable {
        /// Why processes of other users are not shown: the mount option `hidepid` (proc(5)). Nil
        /// without it, and for a user to whom it does not apply.
        private var hiding: MissingData? {
            let options = mountOptions
            guard let mode = options["hidepid"], !["0", "off"].contains(mode),
                !seesHidden(mode, group: options["gid"])
            else { return nil }
            return MissingData(
                .unreadable,
                "\(folder) is mounted with hidepid=\(mode), which hides other users' processes: run the node as the user of the process, or in the group that gid= of the mount names"
            )
        }

        /// The options of the file system that is mounted at `folder` (proc_pid_mountinfo(5)).
        private var mountOptions: [String: String] {
            var options: [String: String] = [:]
            for line in lines(of: "mountinfo") {
                let fields = line.split(separator: " ")
                guard fields.dropFirst(4).first == Substring(folder) else { continue }
                // A varying number of fields precedes the mark; type, source and options follow it.
                let rest = fields.dropFirst(6).drop { $0 != "-" }
                guard rest.dropFirst().first == "proc" else { continue }
                // Of several mounts at one place, the last one is seen.
                options = [:]
                for option in (rest.dropFirst(3).first ?? "").split(separator: ",") {
                    let pair = option.split(separator: "=", maxSplits: 1)
                    guard let key = pair.first, let value = pair.dropFirst().first else { continue }
                    options[String(key)] = String(value)
                }
            }
            return options
        }

        /// Whether this process sees all processes in spite of `hidepid`: it is in the group of
        /// the mount, or may trace every process.
        private func seesHidden(_ mode: String, group: String?) -> Bool {
            func values(_ name: String) -> [String] {
                let line = lines(of: "status").first { $0.hasPrefix("\(name):") }
                return line?.split(whereSeparator: \.isWhitespace).dropFirst().map(String.init)
                    ?? []
            }
            let group = group ?? "0"
            let isOfGroup = values("Gid").last == group || values("Groups").contains(group)
            // With "ptraceable", the group does not count.
            if isOfGroup, !["4", "ptraceable"].contains(mode) { return true }
            // Capabilities in another user namespace do not reach the processes outside of it.
            let isOutermost =
                lines(of: "uid_map").first?.split(separator: " ") == ["0", "0", "4294967295"]
            let capabilities = values("CapEff").first.flatMap { UInt64($0, radix: 16) } ?? 0
            return isOutermost && capabilities & Self.mayTrace != 0
        }

        /// CAP_SYS_PTRACE (capabilities(7)).
        private static let mayTrace: UInt64 = 1 << 19

        private func lines(of file: String) -> [Substring] {
            let bytes = (try? contents("\(folder)/self/\(file)", limit: 1 << 20)) ?? []
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        }
    }
#endif
