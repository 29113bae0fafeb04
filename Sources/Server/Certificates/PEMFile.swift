import Core

/// A PEM file's text and the labels of its blocks (RFC 7468).
struct PEMFile {
    let path: String
    /// The file's bytes without a byte order mark.
    let bytes: [UInt8]
    let hasMark: Bool
    /// `CERTIFICATE`, `PRIVATE KEY`, … in file order.
    let labels: [String]

    /// The maximum file size in bytes.
    private static let largest = 4 << 20

    /// Whether its key needs a passphrase.
    var isEncrypted: Bool {
        labels.contains("ENCRYPTED PRIVATE KEY")
            || String(decoding: bytes, as: UTF8.self).contains("Proc-Type: 4,ENCRYPTED")
    }

    var hasKey: Bool { labels.contains { $0.hasSuffix("PRIVATE KEY") } }
    var hasCertificate: Bool { labels.contains("CERTIFICATE") }

    /// Reads the file. Blocks to read from the disk, but never waits for a FIFO's writer.
    init(reading path: String) throws(ServerError) {
        self.path = path
        var bytes: [UInt8]
        do throws(BoundedFile.Fault) {
            bytes = try BoundedFile(reading: path, limit: Self.largest).bytes
        } catch {
            switch error {
            case .system(let fault):
                throw ServerError(
                    place: path, fault: "cannot be read: \(fault.reason)",
                    remedy: "check the path and its permissions")
            case .tooLarge, .notRegular:
                throw ServerError(
                    place: path, fault: "is larger than 4 MiB", remedy: "name a PEM file")
            }
        }
        hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        if hasMark { bytes.removeFirst(3) }
        self.bytes = bytes
        labels = Self.labels(in: bytes)
        guard labels.isEmpty else { return }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw ServerError(place: path, fault: "is UTF-16 text", remedy: "save it as UTF-8")
        }
        if bytes.first == 0x30 {
            throw ServerError(
                place: path, fault: "is binary (DER or PKCS #12), not PEM",
                remedy:
                    "convert it with openssl x509, pkey or pkcs12 to text that begins with -----BEGIN"
            )
        }
        throw ServerError(
            place: path, fault: bytes.isEmpty ? "is empty" : "holds no PEM text",
            remedy: "give a file with a line -----BEGIN …-----")
    }

    private static func labels(in bytes: [UInt8]) -> [String] {
        let (begin, end) = (Array("-----BEGIN ".utf8), Array("-----".utf8))
        return bytes.split(separator: 0x0A).compactMap { line in
            guard line.starts(with: begin) else { return nil }
            let label = line.dropFirst(begin.count).prefix { $0 != UInt8(ascii: "-") }
            guard line.dropFirst(begin.count + label.count).starts(with: end) else { return nil }
            return String(decoding: label, as: UTF8.self)
        }
    }
}
