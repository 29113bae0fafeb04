import Core
import Events
public import Secrets

extension Settings.Receiver {
    /// The request of a webhook receiver. Without a recipe and a body: the digest's JSON by POST.
    public struct WebhookRequest: Sendable, Equatable {
        /// The name of a ready-made request, whose keys the receiver's own replace; empty: none.
        public var recipe = ""
        public var method = "POST"
        /// By name. Values may contain tags.
        public var headers: [String: Secret] = [:]
        /// A mustache template over the digest's JSON; empty: the digest's JSON.
        public var body = ""
        /// The statuses that mean accepted.
        public var success = [200...299]
        /// The statuses that are retried; all others are refusals.
        public var retry = [408...408, 425...425, 429...429, 500...599]
        /// The most bytes of a body; its texts are cut until it fits.
        public var maxBytes = 1 << 20
        /// A JSON pointer into the answer, whose value later digests of the incident get as
        /// `mark`; empty: none.
        public var remember = ""
        /// Values for the templates as `var.NAME`: credentials, and names that are no secrets.
        public var variables: [String: Secret] = [:]

        public init() {}
    }
}

/// Reads a receiver's key, or the recipe's where the receiver does not give it.
struct RecipeReader {
    let own: MappingReader
    let recipe: MappingReader?

    init(_ own: MappingReader) {
        self.own = own
        guard let name = own.text("recipe") else {
            recipe = nil
            return
        }
        guard let source = WebhookRecipes.sources[name] else {
            own.fault(
                "recipe", "there is no recipe \(InertText.quoted(name))",
                Suggestion.remedy(for: name, among: WebhookRecipes.names))
            recipe = nil
            return
        }
        let document = YAMLDocument(source)
        let context = ReadingContext(
            file: "recipe \(name)", environment: [:], document: document)
        recipe = MappingReader(document.tree, path: "", context: context)
    }

    /// The reader of a key.
    func of(_ key: String) -> MappingReader {
        if !own.has(key), let recipe, recipe.has(key) { recipe } else { own }
    }
}

extension Settings.Receiver.WebhookRequest {
    /// The request of a recipe without a receiver; nil if there is none of that name.
    public static func recipe(_ name: String) -> Self? {
        guard WebhookRecipes.sources[name] != nil else { return nil }
        let member = YAMLTree.Member(key: "recipe", value: .text(name))
        let context = ReadingContext(
            file: "recipe \(name)", environment: [:], document: YAMLDocument(""))
        return Self(
            reading: RecipeReader(
                MappingReader(.mapping([member]), path: "", context: context)))
    }

    init(reading r: RecipeReader) {
        self.init()
        recipe = r.own.text("recipe") ?? ""
        method = r.of("method").plain("method", method)
        body = r.of("body").text("body") ?? ""
        if body.contains("${") {
            r.own.fault(
                "body", "variables are not expanded in a body",
                "write variables: {name: ${env:NAME}} and {{var.name}} in the body")
        }
        headers = Self.headers(r.of("headers"))
        success = r.of("success").statuses("success", success)
        retry = r.of("retry").statuses("retry", retry)
        if success.isEmpty { r.own.fault("success", "is empty", "write [2xx]") }
        if let both = success.first(where: { one in retry.contains { $0.overlaps(one) } }) {
            r.own.fault(
                "retry", "\(both.lowerBound) is in success, too", "keep it in one of them")
        }
        maxBytes = r.of("max_bytes").size("max_bytes", maxBytes, in: 256...(8 << 20))
        remember = r.of("remember").pointer("remember") ?? ""
        readVariables(r.own.mapping("variables"))
    }

    private static func headers(_ r: MappingReader) -> [String: Secret] {
        let given = r.mapping("headers")
        var headers: [String: Secret] = [:]
        for name in given.headerNames() {
            let text = given.text(name) ?? ""
            // A header with a tag contains no secret itself.
            if text.contains("{{"), !text.contains("${"), !text.holdsControl {
                headers[name] = .visible(text)
            } else {
                headers[name] = given.named(name, takesArguments: false)
            }
        }
        return headers
    }

    /// Reads `NAME_file: PATH`, `NAME: ${env:NAME}` and `NAME: TEXT`.
    private mutating func readVariables(_ r: MappingReader) {
        for key in r.keys {
            let isFile = key.hasSuffix("_file")
            let name = isFile ? String(key.dropLast("_file".count)) : key
            let isName =
                (1...64).contains(name.utf8.count)
                && name.unicodeScalars.allSatisfy {
                    $0.isLetterASCII || $0.isDigit || $0 == "_"
                }
            if !isName {
                r.fault(
                    key, "\(InertText.quoted(name)) is not a variable's name",
                    "use letters, digits and _, at most 64", atKey: true)
            }
            if isFile, r.has(name) {
                r.fault(key, "given beside \(name)", "keep one of the two", atKey: true)
            }
            let value = isFile ? r.secret(file: key) : r.named(name, takesArguments: false)
            if !value.isSet, !r.context.hasFault(at: r.path(key)) {
                r.fault(key, "is empty", "give it a value, or a file with one")
            }
            variables[name] = value
        }
    }

    func describe(_ y: inout YAMLWriter) {
        if !recipe.isEmpty { y.entry("recipe", recipe) }
        y.entry("method", method)
        y.entry("headers", headers.mapValues(\.shown))
        if !body.isEmpty { y.entry("body", body) }
        y.entry("success", success.map { "\($0.lowerBound)-\($0.upperBound)" })
        y.entry("retry", retry.map { "\($0.lowerBound)-\($0.upperBound)" })
        y.entry("max_bytes", size: maxBytes)
        if !remember.isEmpty { y.entry("remember", remember) }
        y.mapping("variables", empty: variables.isEmpty) { y in
            for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
                y.entry(name, value)
            }
        }
    }
}
