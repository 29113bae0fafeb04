extension Settings.Probe {
    /// Reports `gateway.NAME_depth`: how many files are in a folder, or a number
    /// of a JSON answer. Either `folder` or the address is set.
    public struct Queue: Sendable, Equatable {
        public var folder = ""
        /// Only files whose names end so.
        public var suffix = ""
        public var access = Access()
        /// The JSON pointer (RFC 6901) of the number.
        public var pointer = ""

        public init() {}
    }
}

extension Settings.Probe.Queue {
    init(reading r: MappingReader) {
        self.init()
        // The folder may come with the queue: it is not looked for here.
        folder = r.plain("folder", "")
        switch (folder.isEmpty, r.plain("url", "").isEmpty) {
        case (true, true):
            r.lacks(
                "neither folder nor url is given",
                "name the folder whose files wait, or the address that tells how many do")
        case (false, false):
            r.fault("url", "given beside folder", "keep one of the two", atKey: true)
            // Of which of the two they are is not known.
            for key in ["suffix", "pointer"] + Settings.Probe.Access.keys { _ = r.value(key) }
        case (false, true): suffix = r.plain("suffix", "")
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
