import CImage

/// The pages of the executable and its libraries that are mapped.
///
/// The system maps sixteen pages around each that is touched, most of them never used. And much is
/// passed through once: reading the configuration, making keys and opening the database at the
/// start, later what each new kind of request needs first.
enum ImagePages {
    /// Gives all of them back to the system; what is needed is mapped again as it is used, from
    /// memory or the file: about a millisecond for what a node under load goes on using.
    static func release() { bellwether_release_image() }
}
