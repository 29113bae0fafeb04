/// Tests a text as Argo's text operators do; regular expressions are those of Go (RE2).
enum ArgoPattern {
    /// Refuses what RE2 does not have; Swift's expressions have more.
    static func check(_ pattern: String) throws(ArgoExpression.Stop) {
        for part in ["(?=", "(?!", "(?<=", "(?<!", "(?>"] where pattern.contains(part) {
            throw .error("\(part) in a regular expression, which Go does not have")
        }
        var isEscaped = false
        for scalar in pattern.unicodeScalars {
            if isEscaped, ("1"..."9").contains(scalar) {
                throw .error("\\\(scalar) in a regular expression, which Go does not have")
            }
            isEscaped = !isEscaped && scalar == "\\"
        }
        _ = try expression(pattern)
    }

    private static func expression(
        _ pattern: String
    ) throws(ArgoExpression.Stop) -> Regex<AnyRegexOutput> {
        guard let regex = try? Regex(pattern) else {
            throw .undecided("the regular expression \(pattern)")
        }
        return regex.matchingSemantics(.unicodeScalar).asciiOnlyDigits().asciiOnlyWordCharacters()
            .asciiOnlyWhitespace()
    }

    /// Whether `value` fits; nil if that depends on the part of it that varies.
    static func test(
        _ value: ArgoValue, _ sign: String, _ part: String
    ) throws(ArgoExpression.Stop) -> Bool? {
        switch value {
        case .text(let text):
            switch sign {
            case "startsWith": return text.utf8.starts(with: part.utf8)
            case "endsWith": return text.utf8.reversed().starts(with: part.utf8.reversed())
            case "contains": return part.isEmpty || text.contains(part)
            default:
                try check(part)
                return text.contains(try expression(part))
            }
        case .beginning(let beginning, _):
            switch sign {
            case "startsWith":
                if beginning.utf8.starts(with: part.utf8) { return true }
                return part.utf8.starts(with: beginning.utf8) ? nil : false
            case "endsWith": return part.isEmpty ? true : nil
            case "contains": return part.isEmpty || beginning.contains(part) ? true : nil
            default: return try matches(beginning, part)
            }
        default: return nil
        }
    }

    /// Whether a text with this beginning matches, whatever follows.
    ///
    /// Two texts that share nothing after the beginning decide: both match, or none of them
    /// does and the pattern is anchored at the beginning.
    private static func matches(
        _ beginning: String, _ pattern: String
    ) throws(ArgoExpression.Stop) -> Bool? {
        try check(pattern)
        let regex = try expression(pattern)
        let first = (beginning + "canary.5xx_rate 0.8 % of 1234 (eu-west-1a)").contains(regex)
        let second = (beginning + "~").contains(regex)
        if first, second { return true }
        let isAnchored = pattern.hasPrefix("^") && !pattern.contains("|")
        return !first && !second && isAnchored ? false : nil
    }
}
