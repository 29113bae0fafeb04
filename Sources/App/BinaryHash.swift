import Crypto
import Events
import Foundation

/// Which executable runs: `sha256:` and the SHA-256 of its file, so that two
/// gateways can tell whether they measure with the same code.
public enum BinaryHash {
    /// Read once, in pieces; `sha256:unknown` where the file can't be read.
    public static let current: String = {
        guard let path = Bundle.main.executablePath,
            let file = FileHandle(forReadingAtPath: path)
        else { return "sha256:unknown" }
        defer { try? file.close() }
        var hash = SHA256()
        do {
            while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
                hash.update(data: piece)
            }
        } catch { return "sha256:unknown" }
        return "sha256:" + ContentHash.hexDigits(hash.finalize())
    }()
}
