import Testing

@testable import JSON

@Suite("The filter for an object's keys")
struct KeyFilterTests {
    private func isInDoubt(_ keys: [String]) throws -> Bool {
        let text = Array(
            ("{" + keys.map { "\"\($0)\":0" }.joined(separator: ",") + "}").utf8)
        return try text.withUnsafeBytes { bytes in
            var filter = KeyFilter()
            try JSONScanner.members(of: bytes, limits: .event) { (key, _) throws(JSONFault) in
                filter.note(key, in: bytes)
            }
            return filter.isInDoubt
        }
    }

    @Test("a verdict's own keys cause no false positive")
    func ordinary() throws {
        let names = [
            "canary.5xx_rate", "canary.p99_ms", "canary.p50_ms", "canary.rps", "gateway.disk_ok",
            "gateway.queue_ok", "gateway.cache_ok", "gateway.disk_free_ratio",
            "gateway.queue_depth", "gateway.open_files", "dependency.db_ok", "dependency.db_ms",
        ]
        #expect(try !isInDoubt(names))
        #expect(
            try !isInDoubt([
                "v", "series", "run", "window", "inputs", "rules", "score", "document", "uid",
                "step", "caller", "source", "step_weight", "strategy",
            ]))
    }

    @Test("a repeated key is never missed, whatever its length")
    func repeated() throws {
        for count in 0...40 {
            let key = String(repeating: "k", count: count)
            #expect(try isInDoubt(["a", key, "b", key]))
        }
        #expect(try isInDoubt(["abc", #"\u0061bc"#]))
    }

    @Test("keys that agree at one end only cause no false positive")
    func ends() throws {
        #expect(try !isInDoubt(["gateway.aaaaaaaa", "gateway.bbbbbbbb", "xateway.aaaaaaaa"]))
    }
}
