extension String {
    /// One line that cannot disturb a terminal, a log or a message: control,
    /// format (bidi and zero-width included), separator and unassigned scalars
    /// become spaces; what is longer ends in `…`.
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

    /// Without spaces and line ends around.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
