/// Names of Kubernetes objects: DNS subdomains of RFC 1123.
public enum KubernetesName {
    public static let maxBytes = 253

    /// The fault of a name, as a phrase to follow the field's name; nil if it is valid.
    public static func fault(in text: String) -> String? {
        let rule =
            "must be a Kubernetes name: lower-case letters, digits, \"-\" and \".\", each part "
            + "between dots beginning and ending with a letter or digit"
        guard text.utf8.count <= maxBytes else { return "must be at most \(maxBytes) bytes" }
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard let first = label.first, let last = label.last, isAlphanumeric(first),
                isAlphanumeric(last),
                label.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "-") })
            else { return rule }
        }
        return nil
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
