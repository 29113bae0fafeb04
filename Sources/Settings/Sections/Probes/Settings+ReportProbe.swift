import Core

extension Settings.Probe {
    /// Reports `NAME.fresh` and the signals from a report file, `NAME.FIELD` or as named in
    /// `fields`.
    public struct Report: Sendable, Equatable {
        public enum Form: String, Sendable, CaseIterable {
            /// A JSON object.
            case json
            /// A JSON health report in the form of `application/health+json`.
            case doctor
            /// The Prometheus text format.
            case textfile
        }

        /// The required type of a value in a JSON report.
        public enum Shape: String, Sendable, CaseIterable {
            case number, flag, text, list, object, time
        }

        /// A series of a textfile, by metric name and labels.
        public struct Series: Sendable, Equatable {
            public var metric: String
            public var labels: [String: String]

            public init(_ metric: String, _ labels: [String: String] = [:]) {
                self.metric = metric
                self.labels = labels
            }
        }

        public var path = ""
        /// An older report counts as no data.
        public var maxAge = Duration.seconds(300)
        public var schema = Form.json
        /// Signal names to JSON pointers, or to series for a textfile. Empty: every number and flag at
        /// the top level of a JSON report. Unused for `doctor`, which reports every check.
        public var fields: [String: String] = [:]
        /// JSON pointers to required values. If one is missing or of another type, there is no
        /// data.
        public var require: [String: Shape] = [:]
        /// The JSON pointer to the report's creation time. Empty: `time` of a health report, else
        /// the file's modification time.
        public var madeAt = ""

        public init() {}

        /// The parsed `fields` of a textfile; empty for other forms.
        public var series: [String: Series] {
            schema == .textfile ? fields.compactMapValues(Series.init) : [:]
        }

        /// The fields that every health report provides.
        static let doctorFields = ["checks", "failed", "status_ok", "warned"]
    }
}

extension Settings.Probe.Report.Series {
    /// Parses `metric` or `metric{label="value",other="value"}`; nil for anything else.
    init?(_ text: String) {
        let open = text.firstIndex(of: "{") ?? text.endIndex
        let metric = String(text[..<open])
        guard Self.isName(metric, also: ":") else { return nil }
        var labels: [String: String] = [:]
        var rest = text[open...]
        if !rest.isEmpty {
            guard rest.hasSuffix("}") else { return nil }
            rest = rest.dropFirst().dropLast()
        }
        while !rest.isEmpty {
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let name = rest[..<equals].filter { $0 != " " }
            rest = rest[rest.index(after: equals)...].drop { $0 == " " }
            guard Self.isName(name), labels[name] == nil, rest.first == "\"" else { return nil }
            rest = rest.dropFirst()
            guard let end = rest.firstIndex(of: "\""), !rest[..<end].contains("\\") else {
                return nil
            }
            labels[name] = String(rest[..<end])
            rest = rest[rest.index(after: end)...].drop { $0 == " " }
            if rest.isEmpty { break }
            guard rest.first == "," else { return nil }
            rest = rest.dropFirst()
        }
        self.init(metric, labels)
    }

    private static func isName(_ text: String, also: Unicode.Scalar = "_") -> Bool {
        !text.isEmpty && !(text.unicodeScalars.first?.isDigit ?? true)
            && text.unicodeScalars.allSatisfy {
                $0.isLetterASCII || $0.isDigit || $0 == "_" || $0 == also
            }
    }
}

extension Settings.Probe.Report {
    init(reading r: MappingReader) {
        self.init()
        // Another program may write the file later, so its existence is not checked here.
        path = r.withArguments("path", "")
        if path.isEmpty { r.lacks("path is missing", "name the report's file") }
        maxAge = r.duration("max_age", maxAge, in: .seconds(1)...(.seconds(30 * 86_400)))
        schema = r.choice("schema", schema)
        switch schema {
        case .json: fields = r.fields()
        case .doctor: break
        case .textfile:
            fields = r.pairsWithArguments("fields")
            for (name, series) in fields {
                r.checkSignal("fields", name)
                if Series(series) == nil {
                    r.fault(
                        "fields.\(name)", "\(InertText.quoted(series)) is not a series",
                        "write metric, or metric{label=\"value\"}")
                }
            }
            if fields.isEmpty {
                r.lacks("fields is missing", "name signals and series of the textfile")
            }
        }
        guard schema != .textfile else { return }
        madeAt = r.pointer("made_at") ?? ""
        let given = r.mapping("require")
        for pointer in given.keys {
            given.checkPointer(pointer, at: pointer, atKey: true)
            require[pointer] = given.choice(pointer, Shape.number)
        }
    }

    func describe(_ y: inout YAMLWriter) {
        y.entry("path", path)
        y.entry("max_age", maxAge)
        y.entry("schema", schema.rawValue)
        if schema != .doctor { y.entry("fields", fields) }
        guard schema != .textfile else { return }
        y.entry("require", require.mapValues(\.rawValue))
        y.entry("made_at", madeAt)
    }
}
