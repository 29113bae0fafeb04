import Foundation
import Testing

@testable import Core

@Suite("Digests and authentication codes")
struct HashingTests {
    private func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String(format: "%02x", $0) }.joined()
    }

    /// The examples of FIPS 180-4 that NIST publishes, and the empty message.
    static let digests = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ]

    @Test("SHA-256 gives the published digests", arguments: digests)
    func published(message: String, digest: String) {
        let bytes = Array(message.utf8)
        #expect(hex(SHA256.digest(bytes)) == digest)
        let shown = bytes.withUnsafeBytes { SHA256.withDigest(of: $0) { hex($0) } }
        #expect(shown == digest)
    }

    @Test("pieces of any length give the digest of the whole, and more may follow a digest")
    func pieces() {
        let whole = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for length in [1, 63, 64, 65, 999] {
            var hash = SHA256()
            for start in stride(from: 0, to: whole.count, by: length) {
                hash.update(Array(whole[start..<min(start + length, whole.count)]))
                // An intermediate digest, which must not change what follows.
                #expect(hash.finish().count == SHA256.length)
            }
            hash.update([])
            #expect(hash.finish() == SHA256.digest(whole))
        }
    }

    /// Test cases 1, 2, 3, 6 and 7 of RFC 4231 §4.
    static let codes = [
        (
            [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131),
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131),
            Array(
                "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm."
                    .utf8),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
    ]

    @Test("HMAC-SHA256 gives the codes of RFC 4231", arguments: codes)
    func code(key: [UInt8], message: [UInt8], code: String) {
        let key = HMACKey(key)
        #expect(hex(key.code(for: message)) == code)
        #expect(key.verifies(key.code(for: message), for: message))
    }

    @Test("a code of other bytes, of another message or of another key is refused")
    func refused() {
        let (key, message) = (HMACKey.random(), Array("message".utf8))
        let code = key.code(for: message)
        for index in code.indices {
            var other = code
            other[index] ^= 1
            #expect(!key.verifies(other, for: message))
        }
        #expect(!key.verifies([], for: message))
        #expect(!key.verifies(Array(code.dropLast()), for: message))
        #expect(!key.verifies(code + [0], for: message))
        #expect(!key.verifies(code, for: []))
        #expect(!HMACKey.random().verifies(code, for: message))
    }

    @Test("an empty key and an empty message have a code")
    func empty() {
        // The value of Python's `hmac`.
        #expect(
            hex(HMACKey([]).code(for: []))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    /// The test suite of RFC 1321 §A.5.
    static let checksums = [
        ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    ]

    @Test("MD5 gives the checksums of RFC 1321", arguments: checksums)
    func checksum(message: String, checksum: String) {
        #expect(hex(MD5Sum.digest(Array(message.utf8))) == checksum)
    }
}
