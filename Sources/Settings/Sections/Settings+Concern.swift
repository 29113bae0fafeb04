import Core
import Events

extension Settings {
    /// One entry of `analysis.concerns`: a route with a subset of the checks, checks of its own,
    /// and changes to its AnalysisTemplate.
    public struct Concern: Sendable, Equatable {
        /// Ids of checks in `analysis.checks`.
        public var checks: [String]
        /// Checks of this concern only. One with the id of a common check replaces it here.
        public var own: [Check] = []
        public var template = Template()

        /// Values that `bellwether template analysis --concern` writes; nil: the default.
        public struct Template: Sendable, Equatable {
            public var interval: Duration?
            public var count: Int?
            public var failureLimit: Int?

            public init() {}
        }

        public init(_ checks: [String]) { self.checks = checks }
    }
}

extension Settings.Concern {
    /// Reads `concerns`. Without the key, returns the standard ones, limited to existing checks.
    static func read(
        _ r: MappingReader, checks: [Settings.Check], standard: [String: Settings.Concern]
    ) -> [String: Settings.Concern] {
        let ids = checks.map(\.id)
        guard r.has("concerns") else {
            return standard.mapValues { concern in
                var concern = concern
                concern.checks = concern.checks.filter(ids.contains)
                return concern
            }.filter { !$0.value.checks.isEmpty || !$0.value.own.isEmpty }
        }
        let reader = r.mapping("concerns")
        var concerns: [String: Settings.Concern] = [:]
        for name in reader.keys {
            checkName(name, reader)
            if case .mapping? = reader.value(name) {
                concerns[name] = long(reader.mapping(name), ids)
            } else {
                concerns[name] = Settings.Concern(members(name, of: reader, ids))
                if concerns[name]?.checks.isEmpty == true {
                    reader.fault(name, "names no check", "name at least one")
                }
            }
        }
        return concerns
    }

    private static func checkName(_ name: String, _ r: MappingReader) {
        let isName =
            !name.isEmpty && name.utf8.count <= 63
            && name.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || $0.isDigit || $0 == "-"
            }
        if !isName {
            r.fault(
                name, "\(InertText.quoted(name)) cannot stand in a path", "use a-z, 0-9 and -",
                atKey: true)
        } else if name == "all" {
            r.fault(name, "all is every check already", "give it another name", atKey: true)
        }
    }

    private static func members(
        _ key: String, of r: MappingReader, _ ids: [String]
    ) -> [String] {
        let members = r.texts(key)
        for (index, id) in members.enumerated() where !ids.contains(id) {
            r.fault(
                "\(key)[\(index)]", "there is no check \(InertText.quoted(id))",
                Suggestion.remedy(for: id, among: ids))
        }
        return members
    }

    private static func long(_ r: MappingReader, _ ids: [String]) -> Settings.Concern {
        var concern = Settings.Concern(members("checks", of: r, ids))
        concern.own = (r.mappings("own") ?? []).map { Settings.Check(reading: $0) }
        var seen: Set<String> = []
        for (index, check) in concern.own.enumerated() where !seen.insert(check.id).inserted {
            r.fault(
                "own[\(index)].id", "a second check of \(InertText.quoted(check.id))",
                "keep one of the two")
        }
        if concern.checks.isEmpty, concern.own.isEmpty {
            r.lacks("names no check", "name at least one in checks, or write one in own")
        }
        let template = r.mapping("template")
        if template.has("interval") {
            concern.template.interval = template.duration(
                "interval", .seconds(30), in: .seconds(1)...(.seconds(86_400)))
        }
        if template.has("count") {
            concern.template.count = template.integer("count", 10, in: 1...1_000_000)
        }
        if template.has("failure_limit") {
            concern.template.failureLimit = template.integer(
                "failure_limit", 0, in: 0...1_000_000)
        }
        template.finish()
        r.finish()
        return concern
    }
}
