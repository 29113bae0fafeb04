#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Settings {
    /// Valid settings, and warnings about values that are probably wrong.
    public struct Reading: Sendable, Equatable {
        public var settings: Settings
        public var warnings: [SettingsFault]
        /// The file's name in faults, and the positions of its values.
        var file = "embedded"
        var places: [String: YAMLPlace] = [:]

        /// Creates a fault for the value at a key's path, for faults found after reading.
        public func fault(at key: String, _ fault: String, _ remedy: String) -> SettingsFault {
            SettingsFault(
                file: file, line: places[key]?.line ?? 0, column: places[key]?.column ?? 0,
                key: key, fault: fault, remedy: remedy)
        }
    }

    /// Reads the settings from a file; without a path, returns the embedded defaults. Blocks on
    /// file I/O.
    ///
    /// - Throws: All faults of the file.
    public static func load(
        path: String? = nil, environment: [String: String]
    ) throws(SettingsFaults) -> Settings {
        try read(path: path, environment: environment).settings
    }

    /// Like `load`, but also returns the warnings.
    public static func read(
        path: String? = nil, environment: [String: String]
    ) throws(SettingsFaults) -> Reading {
        guard let file = path else { return Reading(settings: embedded, warnings: []) }
        var reading = try read(
            text: try contents(of: file), file: file, environment: environment)
        reading.settings.file = file
        return reading
    }

    /// Reads the settings from a text.
    ///
    /// - Parameter file: The file name in faults.
    /// - Throws: All faults of the text.
    public static func parse(
        text: String, file: String = "bellwether.yaml", environment: [String: String] = [:]
    ) throws(SettingsFaults) -> Settings {
        try read(text: text, file: file, environment: environment).settings
    }

    /// Like `parse`, but also returns the warnings.
    public static func read(
        text: String, file: String = "bellwether.yaml", environment: [String: String] = [:]
    ) throws(SettingsFaults) -> Reading {
        let document = YAMLDocument(text.withoutByteOrderMark)
        let context = ReadingContext(file: file, environment: environment, document: document)
        guard document.isWhole else { throw SettingsFaults(ReadingContext.ordered(context.faults)) }
        let settings = Settings(
            reading: MappingReader(document.tree, path: "", context: context))
        guard context.faults.isEmpty else {
            throw SettingsFaults(ReadingContext.ordered(context.faults))
        }
        return Reading(
            settings: settings, warnings: ReadingContext.ordered(context.warnings), file: file,
            places: document.places)
    }

    static func contents(of path: String) throws(SettingsFaults) -> String {
        func refuse(_ fault: String, _ remedy: String) -> SettingsFaults {
            SettingsFaults([
                SettingsFault(
                    file: path, line: 0, column: 0, key: "", fault: fault, remedy: remedy)
            ])
        }
        guard let file = fopen(path, "rb") else {
            let why = String(cString: strerror(errno))
            throw refuse("cannot be read: \(why)", "check the path, and who may read it")
        }
        defer { fclose(file) }
        // Read one byte more than the limit, so that the parser can detect an oversized file.
        var bytes = [UInt8](repeating: 0, count: YAMLDocument.largest + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        guard ferror(file) == 0 else {
            throw refuse("cannot be read: it is a folder, or its disk fails", "name a file")
        }
        guard let text = String(validating: bytes.prefix(count), as: UTF8.self) else {
            let isWide = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
            throw refuse("is \(isWide ? "UTF-16" : "not UTF-8") text", "save it as UTF-8")
        }
        return text
    }

    /// The host name as a node name: each character except letters, digits, `.`, `_`, `-` becomes
    /// `-`.
    static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "node" }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let name = String(decoding: bytes, as: UTF8.self).unicodeScalars.prefix(64).map {
            isNodeScalar($0) ? Character($0) : "-"
        }
        return name.isEmpty ? "node" : String(name)
    }

    static func isNodeScalar(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isLetterASCII || scalar.isDigit || "._-".unicodeScalars.contains(scalar)
    }
}
