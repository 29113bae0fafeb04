import Transfer

/// The release that `--version` and `/metrics` show; CHANGELOG.md lists its changes.
public enum Version {
    public static let text = "0.1.0"

    /// The libcurl that runs, and the libraries that it uses: `libcurl/7.88.1 OpenSSL/3.0.17 …`.
    public static var libcurl: String { TransferEngine.curlVersions }
}
