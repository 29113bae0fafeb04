import Core
import JSON

/// The request of a webhook receiver, compiled from its configuration. Thread-safe.
public struct WebhookTemplate: Sendable {
    /// What a configuration gives.
    public struct Source: Sendable, Equatable {
        public var method = "POST"
        /// Names and templates, in the order in which they are sent.
        public var headers: [(name: String, value: String)] = []
        /// Empty: the digest's JSON.
        public var body = ""
        /// The most bytes of a body; texts are cut until it fits.
        public var maxBytes = 1 << 20
        /// The names of the variables.
        public var variables: Set<String> = []

        public init() {}

        public static func == (a: Source, b: Source) -> Bool {
            a.method == b.method && a.body == b.body && a.maxBytes == b.maxBytes
                && a.variables == b.variables && a.headers.elementsEqual(b.headers, by: ==)
        }
    }

    /// A request that is ready to be sent.
    public struct Request: Sendable {
        public var url: String
        public var method: String
        public var headers: [(String, String)]
        public var body: [UInt8]
    }

    /// The digest's JSON by POST.
    public static let plain = WebhookTemplate(plain: Source())

    private let source: Source
    private let form: WebhookPart.Form
    private let method: WebhookPart
    private let headers: [(name: String, part: WebhookPart)]
    private let body: WebhookPart?

    /// Compiles and checks the templates, also with sample digests.
    ///
    /// - Parameter url: The address, or an example of it.
    public init(_ source: Source, url: String) throws(WebhookFaults) {
        var faults: [TemplateFault] = []
        func part(_ text: String, _ form: WebhookPart.Form, _ file: String) -> WebhookPart? {
            do throws(WebhookFaults) {
                return try WebhookPart(text, form, file: file, variables: source.variables)
            } catch {
                faults += error.faults
                return nil
            }
        }
        let type = source.headers.first { $0.name.lowercased() == "content-type" }?.value ?? ""
        let form = WebhookPart.Form(contentType: type)
        let method = part(source.method, .header, "method")
        let headers = source.headers.map { header in
            (header.name, part(header.value, .header, "headers.\(header.name)"))
        }
        let body = source.body.isEmpty ? nil : part(source.body, form, "body")
        _ = part(url, .address, "url")
        guard faults.isEmpty, let method else { throw WebhookFaults(faults) }
        self.source = source
        self.form = form
        self.method = method
        self.headers = headers.compactMap { header in header.1.map { (header.0, $0) } }
        self.body = body
        try tryOut(url)
    }

    private init(plain source: Source) {
        self.source = source
        form = .json
        method = WebhookPart(text: source.method)
        headers = []
        body = nil
    }

    /// The request for a digest.
    ///
    /// - Parameters:
    ///   - url: The address; its tags are percent-encoded.
    ///   - mark: What the receiver returned for an earlier digest of the incident.
    public func request(
        for digest: RenderedDigest, url: String, receiver: String,
        variables: [String: String] = [:], mark: String? = nil
    ) throws(WebhookFaults) -> Request {
        let address = try WebhookPart(
            url, .address, file: "url", variables: source.variables)
        // Parsing the digest's JSON is most of the work, and the plain request has no tag.
        let isConstant =
            (body?.isConstant ?? true) && address.isConstant && self.method.isConstant
            && self.headers.allSatisfy { $0.part.isConstant }
        let fields =
            isConstant
            ? WebhookFields()
            : WebhookFields(digest, receiver: receiver, variables: variables, mark: mark)
        let method = method.render(fields).filter { !$0.isWhitespace }
        guard !method.isEmpty, method.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw WebhookFaults(
                "method", nil, "\"\(InertText.visible(method, limit: 20))\" is not a method",
                "write POST, PUT or PATCH")
        }
        var headers = headers.map { ($0.name, $0.part.render(fields)) }
        if !headers.contains(where: { $0.0.lowercased() == "content-type" }) {
            headers.insert(("Content-Type", "application/json"), at: 0)
        }
        return Request(
            url: address.render(fields), method: method, headers: headers,
            body: try content(digest, fields))
    }

    private func content(
        _ digest: RenderedDigest, _ fields: WebhookFields
    ) throws(WebhookFaults) -> [UInt8] {
        guard let body else { return Array(digest.model.utf8) }
        var bytes: [UInt8] = []
        for longest in [Int.max, 16_000, 8000, 4000, 2000, 1000, 500, 200, 80] {
            bytes = Array(body.render(fields, longestText: longest).utf8)
            if bytes.count <= source.maxBytes { break }
        }
        guard bytes.count <= source.maxBytes else {
            throw WebhookFaults(
                "body", nil,
                "has \(bytes.count) bytes with the shortest texts, more than \(source.maxBytes)",
                "leave out lists, or raise max_bytes")
        }
        guard form == .json else { return bytes }
        do throws(JSONFault) {
            _ = try JSONValue(parsing: bytes, limits: Self.limits)
        } catch {
            throw WebhookFaults(
                "body", Self.line(of: error.offset, in: bytes),
                "does not render to JSON: \(error.reason)",
                "quote texts, and put a comma between all members")
        }
        return bytes
    }

    /// The limits of a digest's JSON, and of a body.
    static let limits = JSONLimits(maxBytes: 16 << 20, maxDepth: 40)

    private static func line(of offset: Int, in bytes: [UInt8]) -> Int {
        1 + bytes.prefix(offset).count { $0 == 0x0A }
    }

    /// Renders every sample digest, without and with a mark.
    private func tryOut(_ url: String) throws(WebhookFaults) {
        let variables = Dictionary(
            uniqueKeysWithValues: source.variables.map { ($0, "example-\($0)") })
        for digest in Self.samples {
            for mark in [nil, "1"] {
                _ = try request(
                    for: digest, url: url, receiver: "example", variables: variables, mark: mark)
            }
        }
    }

    /// Samples with several links and facts, and some without any.
    private static let samples: [RenderedDigest] = {
        let full = RenderOptions(
            runbookURL: "https://runbooks.example/{rollout}",
            rolloutURL: "https://argo.example/{namespace}/{rollout}",
            statusURL: "https://bellwether.example/",
            owners: [.init(match: [:], owner: "payments", onCall: "alice")])
        return SampleDigests.all.map(Renderer(options: full).render)
            + SampleDigests.all.prefix(3).map(Renderer().render)
    }()
}
