import Settings
import Transfer

extension Secret {
    /// A configured credential for the transfer: a file is named, so that it is
    /// read anew each time; what stands in the configuration is taken over.
    init(_ configured: Settings.Secret) {
        if let path = configured.path {
            self = .file(path)
        } else {
            // Only reading a file can fail.
            self = .value((try? configured.reveal()) ?? "")
        }
    }
}
