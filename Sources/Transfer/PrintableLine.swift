extension String {
    /// The text as one line that is safe for terminals, logs and messages.
    ///
    /// Control, format (including bidi and zero-width), separator, private-use and unassigned
    /// scalars become spaces. Text of more than `limit` scalars is truncated and ends in `…`.
    public func printableLine(atMost limit: Int) -> String {
        var out = String.UnicodeScalarView()
        var count = 0
        for scalar in unicodeScalars {
            if count == limit {
                out.removeLast()
                out.append("…")
                break
            }
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
                .paragraphSeparator, .spaceSeparator:
                out.append(" ")
            default: out.append(scalar)
            }
            count += 1
        }
        return String(out).trimmed
    }

    /// Without whitespace at both ends.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
