import Logging

/// One thing that can happen inside the product: its log line and its metric in one place.
///
/// A room declares one struct for each, so that the line and the number can
/// never tell different stories, and so that what is logged can be read in one
/// place per room. Neither the fields nor the labels may hold a secret: name a
/// token by its id, a receiver by its name, a URL by its host.
public protocol Happening: Sendable {
    var level: Logger.Level { get }

    /// Constant words: what varies belongs into `fields`, or lines cannot be counted.
    var message: String { get }

    /// The log line's named values. Untrusted text is welcome, the handler escapes it.
    var fields: [(String, String)] { get }

    /// Counts, sets or observes. Label values must come from a small closed set.
    func record(in registry: PrometheusRegistry)
}

extension Happening {
    public var fields: [(String, String)] { [] }
    public func record(in registry: PrometheusRegistry) {}
}
