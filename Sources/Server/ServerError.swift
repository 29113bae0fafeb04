/// Why the server, its certificate or its tokens cannot be used: place, fault and remedy.
public struct ServerError: Error, CustomStringConvertible, Sendable, Equatable {
    public let place: String
    public let fault: String
    public let remedy: String

    public init(place: String, fault: String, remedy: String) {
        self.place = place
        self.fault = fault
        self.remedy = remedy
    }

    public var description: String { "\(place): \(fault); \(remedy)" }
}
