import Core
import Events
import Foundation
import Transfer

/// The release that `--version` and `/metrics` show; CHANGELOG.md lists its changes.
public enum Version {
    public static let text = "0.1.0"

    /// The libcurl that runs, and the libraries that it uses: `libcurl/7.88.1 OpenSSL/3.0.17 …`.
    public static var libcurl: String { TransferEngine.curlVersions }
}

/// Identifies the running executable, to compare the code of two gateways.
public enum BinaryHash {
    /// `sha256:` and the SHA-256 of the executable's file, computed once; `sha256:unknown`
    /// if the file cannot be read.
    public static let current: String = {
        guard let path = Bundle.main.executablePath,
            let file = FileHandle(forReadingAtPath: path)
        else { return "sha256:unknown" }
        defer { try? file.close() }
        var hash = SHA256()
        do {
            while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
                piece.withUnsafeBytes { hash.update($0) }
            }
        } catch { return "sha256:unknown" }
        return "sha256:" + ContentHash.hexDigits(hash.finish())
    }()
}
