import Core
import HTTPTypes

/// Finds the route of a request.
///
/// A literal path takes precedence over a pattern, and an earlier pattern over a later one.
struct RouteTable: Sendable {
    /// The routes of one path by method.
    private struct Place: Sendable {
        let path: String
        let segments: [Substring]
        var routes: [String: Route] = [:]

        /// The `Allow` header. `GET` also answers `HEAD` (RFC 9110 §9.1 requires both).
        var allowed: String {
            var methods = Set(routes.keys)
            if methods.contains("GET") { methods.insert("HEAD") }
            return methods.sorted().joined(separator: ", ")
        }
    }

    enum Finding {
        case found(Route, parameters: [String: String])
        /// The path has routes, but none for this method. `allowed` is the `Allow` header.
        case wrongMethod(path: String, allowed: String)
        case unknown

        /// Whether the route is served for every host name.
        var answersEveryHost: Bool {
            if case .found(let route, _) = self { route.answersEveryHost } else { false }
        }
    }

    private var literal: [String: Place] = [:]
    private var patterns: [Place] = []

    init(_ routes: [Route]) {
        for route in routes {
            let method = route.method.rawValue
            if !route.path.contains("{") {
                literal[route.path, default: Self.place(route)].routes[method] = route
            } else if let index = patterns.firstIndex(where: { $0.path == route.path }) {
                patterns[index].routes[method] = route
            } else {
                patterns.append(Self.place(route))
                patterns[patterns.count - 1].routes[method] = route
            }
        }
    }

    private static func place(_ route: Route) -> Place {
        Place(path: route.path, segments: segments(route.path))
    }

    private static func segments(_ path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }

    func find(_ method: HTTPRequest.Method, _ path: String) -> Finding {
        if let place = literal[path] { return choose(place, method, [:]) }
        guard !patterns.isEmpty else { return .unknown }
        let segments = Self.segments(path)
        for place in patterns {
            if let parameters = Self.match(place.segments, segments) {
                return choose(place, method, parameters)
            }
        }
        return .unknown
    }

    private func choose(
        _ place: Place, _ method: HTTPRequest.Method, _ parameters: [String: String]
    ) -> Finding {
        let wanted = method == .head ? "GET" : method.rawValue
        if let route = place.routes[method.rawValue] ?? place.routes[wanted] {
            return .found(route, parameters: parameters)
        }
        return .wrongMethod(path: place.path, allowed: place.allowed)
    }

    private static func match(_ pattern: [Substring], _ path: [Substring]) -> [String: String]? {
        guard pattern.count == path.count else { return nil }
        var parameters: [String: String] = [:]
        for (part, segment) in zip(pattern, path) {
            if part.hasPrefix("{"), part.hasSuffix("}") {
                guard let value = PercentCoding.decode(segment), !value.isEmpty else { return nil }
                parameters[String(part.dropFirst().dropLast())] = value
            } else if part != segment {
                return nil
            }
        }
        return parameters
    }
}
