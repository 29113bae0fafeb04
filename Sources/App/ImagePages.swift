import CImage

/// The pages of the executable and its libraries that the start has mapped.
///
/// Reading the configuration, making keys and opening the database pass once through code that
/// serving never comes to again, and the system maps sixteen pages around each that is touched:
/// most of what a node then counts as resident.
enum StartImage {
    /// Gives them back to the system; what serving needs is mapped again as it is used, from
    /// memory or the file. To be called once the node serves.
    static func release() { bellwether_release_image() }
}
