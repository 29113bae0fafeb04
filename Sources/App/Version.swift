/// The release, as `--version` and `/metrics` say it; CHANGELOG.md tells what is in it.
public enum Version {
    public static let text = "0.1.0"
}
