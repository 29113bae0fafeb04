import Core

public import Events

extension Settings {
    /// `route`: selects the receivers of a digest. The first matching entry of `routes` applies,
    /// recursively. If none matches, `receivers` of this route applies.
    public struct Route: Sendable, Equatable {
        /// Which digests the route takes.
        public var filter = Filter.all
        public var receivers: [String] = []
        /// Whether the following sibling routes are evaluated as well.
        public var goesOn = false
        public var routes: [Route] = []

        public init(receivers: [String] = []) { self.receivers = receivers }
    }
}

extension Settings.Route {
    /// - Parameters:
    ///   - inherited: The receivers of the parent route.
    ///   - fields: The fields by which routes can select digests.
    init(
        reading r: MappingReader, inherited: [String], known: [String], fields: FilterFields,
        isRoot: Bool
    ) {
        self.init(receivers: inherited)
        let single = r.text("receiver")
        if let single { receivers = [single] }
        if r.has("receivers") {
            if single != nil {
                r.fault("receiver", "given beside receivers", "keep one of the two", atKey: true)
            }
            receivers = r.texts("receivers")
            if receivers.isEmpty, !r.context.hasFault(at: r.path("receivers")) {
                r.fault("receivers", "names nobody", "name a receiver, or leave the key out")
            }
        }
        for (index, name) in receivers.enumerated() where !known.contains(name) {
            let key = single != nil ? "receiver" : "receivers[\(index)]"
            r.fault(
                key, "there is no receiver \(InertText.quoted(name))",
                Suggestion.remedy(for: name, among: known))
        }
        if isRoot {
            for key in ["match", "where"] where r.has(key) {
                r.fault(
                    key, "the outermost route takes all", "put it into one of routes",
                    atKey: true)
            }
        } else {
            filter = r.filter(fields)
            goesOn = r.flag("continue", false)
            if filter.isAll, !r.context.hasFault(within: r.path("match")),
                !r.context.hasFault(within: r.path("where"))
            {
                r.context.warn(
                    r.path, "matches everything, so routes behind it are never asked",
                    "give it a match, or put its receivers into the route around it")
            }
        }
        routes = (r.mappings("routes") ?? []).map {
            Settings.Route(
                reading: $0, inherited: receivers, known: known, fields: fields, isRoot: false)
        }
        r.finish()
    }

    /// The names of all receivers in this route and its descendants.
    var reachable: Set<String> {
        routes.reduce(into: Set(receivers)) { $0.formUnion($1.reachable) }
    }
}
