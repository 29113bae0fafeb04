import HTTPTypes
import HummingbirdCore
import JSON
import Server

/// The description of a node's HTTP interface, OpenAPI 3.1.
///
/// Paths, methods, credentials and the statuses that every route shares come from the routes
/// themselves; `OpenAPIOperations` adds the sentences, parameters and bodies.
struct OpenAPIDocument {
    private let routes: [Route]

    init(routes: [Route]) { self.routes = routes }

    /// Adds `GET /openapi.json`, which describes `routes` and itself. Open to all: it contains
    /// nothing that is particular to this node but its roles and release.
    static func adding(to routes: [Route]) -> [Route] {
        let path = "/openapi.json"
        let described = routes + [Route(.get, path, access: .open) { _ in .bytes([]) }]
        let bytes = OpenAPIDocument(routes: described).json
        return routes + [
            Route(.get, path, access: .open) { _ in
                .bytes(bytes, headers: [.cacheControl: "no-cache"])
            }
        ]
    }

    var json: [UInt8] {
        var json = JSONWriter(capacity: 32 << 10)
        json.object { json in
            json.member("openapi", "3.1.0")
            json.member(object: "info") { json in
                json.member("title", "Bellwether")
                json.member("version", Version.text)
                json.member("description", OpenAPIComponents.introduction)
                json.member(object: "license") { json in
                    json.member("name", "Apache-2.0")
                    json.member("identifier", "Apache-2.0")
                }
            }
            json.member(object: "paths") { json in
                var seen: Set<String> = []
                for route in routes where seen.insert(route.path).inserted {
                    json.member(object: route.path) { json in
                        for other in routes where other.path == route.path {
                            Self.write(other, to: &json)
                        }
                    }
                }
            }
            json.key("components")
            json.raw(OpenAPIComponents.json.utf8)
        }
        return json.bytes
    }

    private static func write(_ route: Route, to json: inout JSONWriter) {
        let operation = OpenAPIOperations.all["\(route.method.rawValue) \(route.path)"]
        json.member(object: route.method.rawValue.lowercased()) { json in
            json.member("summary", operation?.summary ?? "")
            json.member(array: "tags") { $0.value(operation?.tag ?? "") }
            security(of: route, to: &json)
            let names = route.path.split(separator: "/").filter { $0.hasPrefix("{") }
            let parameters = operation?.parameters ?? []
            if !names.isEmpty || !parameters.isEmpty {
                json.member(array: "parameters") { json in
                    for name in names { pathParameter(name.dropFirst().dropLast(), to: &json) }
                    for name in parameters {
                        json.object { $0.member("$ref", "#/components/parameters/\(name)") }
                    }
                }
            }
            if let bodies = operation?.bodies, !bodies.isEmpty {
                json.member(object: "requestBody") { json in
                    json.member("required", true)
                    json.member(object: "content") { json in
                        for body in bodies { content(body.media, body.schema, to: &json) }
                    }
                }
            }
            json.member(object: "responses") { json in
                for answer in operation?.answers ?? [] { self.answer(answer, to: &json) }
                for status in statuses(of: route, operation) {
                    json.member(object: String(status)) { json in
                        json.member("$ref", "#/components/responses/\(status)")
                    }
                }
            }
        }
    }

    /// The refusals that `RequestPipeline` and the shared limits can give to a route.
    private static func statuses(
        of route: Route, _ operation: OpenAPIOperations.Operation?
    ) -> [Int] {
        var statuses: Set<Int> = [400, 417, 500, 503]
        if !route.answersEveryHost { statuses.insert(421) }
        if route.access.scope != nil, !route.access.isOptional { statuses.formUnion([401, 403]) }
        if route.path.contains("{") { statuses.insert(404) }
        if route.access.scope != nil { statuses.insert(429) }
        if route.method != .get { statuses.insert(413) }
        if !route.media.isEmpty { statuses.insert(415) }
        statuses.formUnion(operation?.further ?? [])
        return statuses.subtracting((operation?.answers ?? []).map(\.status)).sorted()
    }

    private static func security(of route: Route, to json: inout JSONWriter) {
        json.member(array: "security") { json in
            guard let scope = route.access.scope else { return }
            if route.access.isOptional { json.object { _ in } }
            for scheme in Access.Scheme.allCases where route.access.schemes.contains(scheme) {
                json.object { json in
                    json.member(array: "\(scheme)") { $0.value(scope.rawValue) }
                }
            }
        }
    }

    private static func pathParameter(_ name: Substring, to json: inout JSONWriter) {
        json.object { json in
            json.member("name", String(name))
            json.member("in", "path")
            json.member("required", true)
            json.member(object: "schema") { json in
                json.member("type", "string")
                json.member("minLength", 1)
            }
        }
    }

    private static func content(
        _ media: String, _ schema: String?, to json: inout JSONWriter
    ) {
        json.member(object: media) { json in
            guard let schema else { return }
            json.member(object: "schema") { json in
                json.member("$ref", "#/components/schemas/\(schema)")
            }
        }
    }

    private static func answer(
        _ answer: OpenAPIOperations.Answer, to json: inout JSONWriter
    ) {
        json.member(object: String(answer.status)) { json in
            json.member("description", answer.text)
            guard let media = answer.media else { return }
            json.member(object: "content") { json in
                content(media, answer.schema, to: &json)
            }
        }
    }
}
