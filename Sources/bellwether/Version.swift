/// The release, as `--version` says it; CHANGELOG.md tells what is in it.
enum Version {
    static let text = "0.1.0"
}
