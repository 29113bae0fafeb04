extension Settings {
    /// `telemetry`: the service's own log on standard error.
    public struct Telemetry: Sendable, Equatable {
        public enum LogLevel: String, Sendable, CaseIterable {
            case trace
            case debug
            case info
            case notice
            case warning
            case error
            case critical
        }

        public enum LogFormat: String, Sendable, CaseIterable {
            case text
            case json
        }

        /// The lowest level that is written.
        public var logLevel = LogLevel.info
        public var logFormat = LogFormat.text

        public init() {}
    }
}

extension Settings.Telemetry {
    init(reading r: MappingReader) {
        self.init()
        logLevel = r.choice("log_level", logLevel)
        logFormat = r.choice("log_format", logFormat)
        r.finish()
    }
}
