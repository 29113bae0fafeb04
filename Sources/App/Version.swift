/// The release that `--version` and `/metrics` show; CHANGELOG.md lists its changes.
public enum Version {
    public static let text = "0.1.0"
}
