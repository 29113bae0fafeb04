public import Secrets

extension Settings.Probe {
    /// Reports `gateway.NAME_depth`: how many files are in a folder, or a number
    /// of a JSON answer. Either `folder` or `url` is set.
    public struct Queue: Sendable, Equatable {
        public var folder = ""
        /// Only files whose names end so.
        public var suffix = ""
        public var url = ""
        /// The JSON pointer (RFC 6901) of the number.
        public var pointer = ""
        public var token = Secret.unset
        public var trust = Trust()

        public init() {}
    }
}

extension Settings.Probe.Queue {
    init(reading r: MappingReader) {
        self.init()
        // The folder may come with the queue: it is not looked for here.
        folder = r.plain("folder", "")
        url = r.webAddress("url", r.plain("url", ""), schemes: ["http", "https"])
        switch (folder.isEmpty, url.isEmpty) {
        case (true, true):
            r.lacks(
                "neither folder nor url is given",
                "name the folder whose files wait, or the address that tells how many do")
        case (false, false):
            r.fault("url", "given beside folder", "keep one of the two", atKey: true)
            // Of which of the two they are is not known.
            for key in ["suffix", "pointer", "token", "token_file", "ca_file", "insecure"] {
                _ = r.value(key)
            }
        case (false, true): suffix = r.plain("suffix", "")
        case (true, false):
            pointer = r.pointer("pointer") ?? ""
            if !r.has("pointer") {
                r.lacks("pointer is missing", "name the number's place, like /queue/depth")
            }
            token = r.secret("token")
            trust = Settings.Probe.Trust(reading: r, url: url)
        }
    }

    func describe(_ y: inout YAMLWriter) {
        guard url.isEmpty else {
            y.entry("url", url: url)
            y.entry("pointer", pointer)
            y.entry("token", token)
            return trust.describe(&y)
        }
        y.entry("folder", folder)
        y.entry("suffix", suffix)
    }
}
