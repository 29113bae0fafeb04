/// What a message may link to.
public struct RenderOptions: Sendable, Equatable {
    /// An `http(s)` address; `{namespace}` and `{rollout}` are filled in,
    /// percent-encoded. nil or anything else: no link.
    public var runbookURL: String?
    /// The rollout's own page, such as Argo's dashboard; filled in alike.
    public var rolloutURL: String?
    /// The address of the status page; nil: no link.
    public var statusURL: String?

    public init(
        runbookURL: String? = nil, rolloutURL: String? = nil, statusURL: String? = nil
    ) {
        self.runbookURL = runbookURL
        self.rolloutURL = rolloutURL
        self.statusURL = statusURL
    }

    /// `template` with the fields filled in, fit for every markup; nil when it
    /// is no web address.
    static func link(_ template: String?, fields: (String) -> String?) -> String? {
        guard var rest = template?[...], rest.hasPrefix("https://") || rest.hasPrefix("http://")
        else { return nil }
        var out = ""
        while let open = rest.firstIndex(of: "{") {
            out += rest[..<open]
            guard let close = rest[open...].firstIndex(of: "}") else { return nil }
            out += encoded(fields(String(rest[rest.index(after: open)..<close])) ?? "", keep: "")
            rest = rest[rest.index(after: close)...]
        }
        out += rest
        let link = encoded(out, keep: "/:?#[]!$&'()+,;=%")
        return link.utf8.count <= 2000 ? link : nil
    }

    /// Percent-encoding (RFC 3986) of everything but unreserved characters and
    /// `keep`; `_ * ~ @ |` too, which mean something to Slack.
    private static func encoded(_ text: String, keep: String) -> String {
        var out = ""
        for byte in text.utf8 {
            let isWord =
                (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E
            if isWord || keep.utf8.contains(byte) {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                out += "%" + (hex.count < 2 ? "0" : "") + hex
            }
        }
        return out
    }
}
