import Analysis
import Events
import JSON
import Yams

/// Finds requests that Argo cannot send, or that a gateway refuses: each is an Error.
///
/// Sources: `metricproviders/webmetric/webmetric.go` of Argo Rollouts 1.7.2 to 1.10; what a gateway
/// accepts is decided by its own parser.
extension TemplateReview {
    static func request(of web: Yams.Node) -> Remarks {
        var remarks = Remarks()
        let url = web["url"]?.string ?? ""
        let method = web["method"]?.string ?? ""
        let hasText = web["body"]?.string?.isEmpty == false
        let hasJSON = web["jsonBody"] != nil
        if hasText, hasJSON { remarks.fault("body beside jsonBody: every measurement is an Error") }
        switch method {
        case "", "GET":
            if hasText || hasJSON {
                remarks.fault(
                    "\(method.isEmpty ? "method is missing: Argo sends GET" : "method GET") with a body, and every measurement is an Error; write method: POST"
                )
            } else if !url.contains("?"), !url.contains("{{") {
                remarks.fault(
                    "\(method.isEmpty ? "method is missing: Argo sends GET" : "method GET") without parameters, which the gateway answers 400; write method: POST and jsonBody"
                )
            } else {
                query(of: url, &remarks)
            }
        case "POST":
            if !hasText, !hasJSON {
                remarks.fault("method POST without jsonBody: the gateway answers 400, an Error")
            }
        case _ where method.contains("{{"):
            remarks.warn("method is \(method): not known before the run, so not reviewed")
        default:
            remarks.fault(
                "method \(method): the gateway answers POST and GET only, 405 is an Error")
        }
        if let body = web["jsonBody"]?.mapping {
            review(jsonBody: body, &remarks)
        } else if let body = web["body"]?.string, !body.isEmpty, !hasJSON {
            review(body: body, &remarks)
        }
        address(url, &remarks)
        timing(of: web, &remarks)
        headers(of: web, hasText: hasText, &remarks)
        return remarks
    }

    private static func timing(of web: Yams.Node, _ remarks: inout Remarks) {
        if let seconds = web["timeoutSeconds"]?.int, (1..<5).contains(seconds) {
            remarks.fault(
                "timeoutSeconds \(seconds): probes may take longer, and a time-out is an Error")
        }
        if web["insecure"]?.bool == true {
            remarks.warn(
                "insecure: Argo sends the token to whoever answers at the address, and believes the verdict"
            )
        }
    }

    private static func headers(
        of web: Yams.Node, hasText: Bool, _ remarks: inout Remarks
    ) {
        var names: Set<String> = []
        for header in web["headers"]?.sequence ?? [] {
            let name = header["key"]?.string?.lowercased() ?? ""
            let value = header["value"]?.string ?? ""
            names.insert(name)
            if value.contains(where: \.isNewline) {
                remarks.fault("header \(name) contains a line break: Argo cannot send the request")
            }
            if name == "authorization" {
                if !value.hasPrefix("Bearer ") {
                    remarks.fault(
                        "the Authorization header does not begin with Bearer: the gateway answers 401, an Error"
                    )
                } else if !value.contains("{{") {
                    remarks.warn(
                        "the token stands in the template: whoever may read templates has it; take it from a Secret (valueFrom.secretKeyRef)"
                    )
                }
            }
            let media = value.prefix { $0 != ";" && $0 != " " }.lowercased()
            if name == "content-type", hasText, !value.contains("{{"),
                !["application/json", ""].contains(media)
            {
                remarks.fault("Content-Type \(value): the gateway answers 415, an Error")
            }
        }
        guard !names.contains("authorization") else { return }
        if let oauth = web["authentication"]?["oauth2"] {
            if ["tokenUrl", "clientId", "clientSecret"].contains(where: { oauth[$0] == nil }) {
                remarks.fault(
                    "oauth2 without tokenUrl, clientId and clientSecret: every measurement is an Error"
                )
            }
            remarks.warn(
                "authentication.oauth2: a gateway knows its own tokens only, unless a proxy in between exchanges them"
            )
        } else {
            remarks.fault(
                "no Authorization header: the gateway answers 401, an Error, and the fifth in a row aborts the rollout; add it with a token from a Secret (valueFrom.secretKeyRef), also where a proxy in between authenticates to the gateway: the gateway accepts the token, or the proxy replaces it"
            )
        }
    }
}

// MARK: - The address

extension TemplateReview {
    /// The text with a value in place of each `{{…}}`.
    ///
    /// `1` is a name, a number and a part of a path: what is refused with it is refused in the run.
    private static func filled(_ text: String, with value: String = "1") -> String {
        text.replacing(#/\{\{[^{}]*\}\}/#, with: value)
    }

    /// The path of a url without empty segments, which a gateway ignores: `/rollouts/analysis`.
    private static func path(of url: String) -> String {
        let text = filled(url)
        var rest = text[...]
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        rest = rest.prefix { $0 != "?" && $0 != "#" }
        let isBare = rest.hasPrefix("/")
        return rest.split(separator: "/").dropFirst(isBare ? 0 : 1).map { "/\($0)" }.joined()
    }

    private static let endpoint = "/rollouts/analysis"

    /// Whether a gateway is meant by a url, also by one with a misspelt path.
    static func isMeant(_ url: String) -> Bool {
        let path = Self.path(of: url)
        if path.hasPrefix("/rollouts/") || path.contains(endpoint) { return true }
        let segments = path.split(separator: "/")
        guard (2...3).contains(segments.count) else { return false }
        let start = segments.prefix(2).map { "/\($0)" }.joined()
        return Suggestion.nearest(to: start, among: [endpoint], within: 3) != nil
    }

    /// Whether Argo can send to the url, and whether a gateway has its path.
    private static func address(_ url: String, _ remarks: inout Remarks) {
        if url.hasPrefix("http://") { remarks.warn("http:// sends the token unencrypted") }
        if filled(url).contains(where: \.isWhitespace) {
            remarks.fault("the url contains a blank: every measurement is an Error")
        }
        let start = url.prefix(8).lowercased()
        if !start.hasPrefix("http://"), start != "https://", !start.hasPrefix("{{") {
            remarks.fault("the url does not begin with https://: Argo cannot send the request")
        }
        let path = Self.path(of: url)
        let whole = "\(path)/"
        if path.hasPrefix("/rollouts/flagger") {
            remarks.fault(
                "url: /rollouts/flagger answers Flagger's webhooks only; write \(endpoint)")
            return
        }
        guard let place = whole.firstRange(of: "\(endpoint)/") else {
            remarks.fault(
                "url: the gateway has no path \(path), and 404 is an Error; write \(endpoint)")
            return
        }
        let before = whole[..<place.lowerBound]
        if whole[place.upperBound...].split(separator: "/").count > 1 {
            remarks.fault(
                "url: the gateway has no path \(path), and 404 is an Error; write \(endpoint) or \(endpoint)/CONCERN"
            )
        }
        if !before.isEmpty {
            remarks.warn(
                "url: \(before) before \(endpoint) is right only if a proxy in between removes it; the gateway answers 404, an Error"
            )
        }
    }
}

// MARK: - What the gateway reads

extension TemplateReview {
    private static func refusal(
        _ parse: () throws(RequestFault) -> MeasurementRequest
    ) -> RequestFault? {
        do throws(RequestFault) { _ = try parse() } catch { return error }
        return nil
    }

    private static func review(jsonBody: Yams.Node.Mapping, _ remarks: inout Remarks) {
        var members: [JSONValue.Member] = []
        for (key, value) in jsonBody {
            guard let name = key.string else { continue }
            if value.mapping?.contains(where: { $0.key.string == nil }) == true {
                remarks.fault(
                    "jsonBody.\(name): without quotes, YAML reads {{…}} as a mapping; quote it")
                members.append(.init(name, .string("1")))
            } else {
                members.append(.init(name, json(of: value)))
            }
        }
        let names = members.map(\.key)
        if !names.contains("rollout") {
            remarks.fault("jsonBody has no rollout: the gateway answers 400, an Error")
        }
        for member in members where MeasurementRequest.members.contains(member.key) {
            guard member.value == .null || member.value == .string("") else { continue }
            if member.key == "rollout" {
                remarks.fault("jsonBody.rollout is empty: the gateway answers 400, an Error")
            } else {
                remarks.warn("jsonBody.\(member.key) is empty: the gateway takes it as not given")
            }
        }
        review(names: names, of: "jsonBody", &remarks)
        var writer = JSONWriter()
        writer.value(.object(members))
        let bytes = writer.bytes
        let fault = refusal { () throws(RequestFault) in try MeasurementRequest(parsing: bytes) }
        // A rollout that is missing or empty is reported above.
        if let fault, fault.reason != .missing {
            remarks.fault("jsonBody: the gateway answers \(status(fault)), an Error: \(fault)")
        }
    }

    /// A `body`, which Argo sends as it is.
    private static func review(body: String, _ remarks: inout Remarks) {
        let bytes = Array(filled(body).utf8)
        let tree = try? JSONValue(parsing: bytes, limits: MeasurementRequest.limits)
        if let members = tree?.members { review(names: members.map(\.key), of: "body", &remarks) }
        let hasTags = body.contains("{{")
        let fault = refusal { () throws(RequestFault) in try MeasurementRequest(parsing: bytes) }
        if let fault {
            if case .json = fault.reason, hasTags, body.first(where: { !$0.isWhitespace }) == "{" {
                remarks.warn("body with {{…}}: not known before the run, so not reviewed")
            } else {
                remarks.fault("body: the gateway answers \(status(fault)), an Error: \(fault)")
            }
            return
        }
        // A text where `1` is accepted only as a number.
        let words = Array(filled(body, with: "x").utf8)
        let other = refusal { () throws(RequestFault) in try MeasurementRequest(parsing: words) }
        if let other, case .json = other.reason {
            remarks.warn("body: {{…}} without quotes is right for a number only; quote it")
        }
    }

    /// The parameters of a GET.
    private static func query(of url: String, _ remarks: inout Remarks) {
        let text = filled(url)
        guard let mark = text.firstRange(of: "?") else { return }
        let query = text[mark.upperBound...].prefix { $0 != "#" }
        let pairs = query.split(separator: "&")
        if url.contains("{{"), pairs.contains(where: { !$0.contains("=") }) {
            remarks.warn("url is \(url): not known before the run, so its query is not reviewed")
            return
        }
        review(
            names: pairs.map { pair in String(pair.prefix { $0 != "=" }) }, of: "the query",
            &remarks)
        let fault = refusal { () throws(RequestFault) in try MeasurementRequest(query: query) }
        if let fault {
            remarks.fault("url: the gateway answers \(status(fault)), an Error: \(fault)")
        }
    }

    private static func status(_ fault: RequestFault) -> String {
        if case .tooLarge = fault.reason { "413" } else { "400" }
    }

    /// Members that the gateway ignores, and the namespace that it takes if none is named.
    private static func review(names: [String], of place: String, _ remarks: inout Remarks) {
        let known = MeasurementRequest.members.sorted()
        for name in names where !known.contains(name) {
            // Every word of three letters is within one edit of many others.
            let near = Suggestion.nearest(
                to: name, among: known, within: name.count < 4 ? 0 : nil)
            let words = "\(name) in \(place): the gateway ignores this member"
            if let near, !names.contains(near) {
                remarks.fault("\(words): did you mean \(near)?")
            } else {
                remarks.warn("\(words): known are \(known.joined(separator: ", "))")
            }
        }
        if !names.contains("namespace") {
            remarks.warn("\(place) has no namespace: the gateway takes default")
        }
    }

    /// The JSON that the API server makes of YAML, with `1` in place of each `{{…}}`.
    private static func json(of node: Yams.Node) -> JSONValue {
        switch node {
        case .scalar(let scalar):
            switch String(node.tag.description.split(separator: ":").last ?? "") {
            case "null": .null
            case "bool": .bool(node.bool ?? false)
            case "int": .number("\(node.int ?? 1)")
            case "float": .number(JSONNumber.text(node.float ?? 1))
            default: .string(filled(scalar.string))
            }
        case .sequence(let sequence): .array(sequence.map { json(of: $0) })
        case .mapping(let mapping):
            .object(
                mapping.compactMap { pair in
                    pair.key.string.map { JSONValue.Member($0, json(of: pair.value)) }
                })
        case .alias: .null
        }
    }
}
