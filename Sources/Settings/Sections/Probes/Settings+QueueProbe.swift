extension Settings.Probe {
    /// Reports `gateway.NAME_depth`: the number of files in a folder, or a number from a JSON
    /// response. Either `folder` or the address is set.
    public struct Queue: Sendable, Equatable {
        public var folder = ""
        /// Counts only files whose names end with this; may contain arguments.
        public var suffix = ""
        public var access = Access()
        /// The JSON pointer (RFC 6901) to the number.
        public var pointer = ""

        public init() {}
    }
}

extension Settings.Probe.Queue {
    init(reading r: MappingReader) {
        self.init()
        // The queue may create the folder later, so its existence is not checked here.
        folder = r.withArguments("folder", "")
        switch (folder.isEmpty, (r.text("url") ?? "").isEmpty) {
        case (true, true):
            r.lacks(
                "neither folder nor url is given",
                "name the folder whose files wait, or the address that returns their number")
        case (false, false):
            r.fault("url", "given beside folder", "keep one of the two", atKey: true)
            // The intended source is unknown: mark the keys of both as known.
            for key in ["suffix", "pointer"] + Settings.Probe.Access.keys { _ = r.value(key) }
        case (false, true): suffix = r.withArguments("suffix", "")
        case (true, false):
            pointer = r.pointer("pointer") ?? ""
            if !r.has("pointer") {
                r.lacks("pointer is missing", "name the number's place, like /queue/depth")
            }
            access = Settings.Probe.Access(reading: r)
        }
    }

    func describe(_ y: inout YAMLWriter) {
        guard access.url.isEmpty else {
            y.entry("pointer", pointer)
            return access.describe(&y)
        }
        y.entry("folder", folder)
        y.entry("suffix", suffix)
    }
}
