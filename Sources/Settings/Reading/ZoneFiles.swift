import Core
import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads the system's tzdata: a folder of TZif files named by zone.
enum ZoneFiles {
    struct Fault: Error {
        let fault: String
        let remedy: String
    }

    private static let folders = [
        "/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo",
        "/var/db/timezone/zoneinfo",
    ]
    /// In bytes. The largest file of tzdata is under 4 KiB.
    private static let largest = 256 * 1024

    /// Reads the rules of a zone. `TZDIR` takes precedence over the system's folders. Blocks on
    /// file I/O.
    static func read(_ name: String, environment: [String: String]) throws(Fault) -> ZoneRules {
        let given = environment["TZDIR"].map { [$0] } ?? []
        guard let folder = (given + folders).first(where: { access($0 + "/UTC", R_OK) == 0 })
        else {
            throw Fault(
                fault: "this system has no time zones",
                remedy: "install the package tzdata, or write utc_offset: \"+01:00\"")
        }
        if isName(name), let bytes = contents(of: "\(folder)/\(name)") {
            guard let rules = ZoneRules(name: name, tzif: bytes) else {
                throw Fault(
                    fault:
                        "the file of \(InertText.quoted(name)) below \(InertText.quoted(folder)) is no time zone",
                    remedy: "write a zone like Europe/Berlin, or install tzdata again")
            }
            return rules
        }
        throw Fault(
            fault: "\(InertText.quoted(name)) is not a time zone",
            remedy: nearest(to: name, below: folder).map { "did you mean \($0)?" }
                ?? "write a zone like Europe/Berlin or America/New_York; timedatectl list-timezones lists them"
        )
    }

    /// Whether `name` is a zone name that cannot lead out of the folder.
    private static func isName(_ name: String) -> Bool {
        name.utf8.count <= 64
            && name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
                !part.isEmpty && !part.hasPrefix(".")
                    && part.unicodeScalars.allSatisfy {
                        $0.isLetterASCII || $0.isDigit || "_-+".unicodeScalars.contains($0)
                    }
            }
    }

    private static func contents(of path: String) -> [UInt8]? {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
            let file = fopen(path, "rb")
        else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: largest)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }

    /// Returns the probable zone for a city alone or a misspelled name.
    private static func nearest(to name: String, below folder: String) -> String? {
        let known = names(below: folder, "", depth: 0)
        let wanted = name.lowercased().map { $0 == " " ? "_" : $0 }
        if let same = known.first(where: { Array($0.lowercased()) == wanted }) { return same }
        let city = known.first { zone in
            zone.lowercased().split(separator: "/").last.map { Array($0) } == wanted
        }
        return city ?? Suggestion.nearest(to: name, among: known)
    }

    private static func names(below folder: String, _ prefix: String, depth: Int) -> [String] {
        guard depth < 3, let stream = opendir("\(folder)/\(prefix)") else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while names.count < 2000, let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            // Zone names start with a capital; the other folders repeat the same zones.
            guard let first = name.unicodeScalars.first, ("A"..."Z").contains(first), isName(name)
            else { continue }
            var facts = stat()
            guard stat("\(folder)/\(prefix)\(name)", &facts) == 0 else { continue }
            if facts.st_mode & S_IFMT == S_IFDIR {
                names += self.names(below: folder, "\(prefix)\(name)/", depth: depth + 1)
            } else {
                names.append(prefix + name)
            }
        }
        return names.sorted()
    }
}
