extension Unicode.Scalar {
    /// Whether the scalar is invisible and may affect a terminal or the text around it.
    ///
    /// True for controls (including line breaks and ESC), bidi overrides and other formatting
    /// characters, line and paragraph separators, private use and unassigned code points.
    var isHidden: Bool {
        if isASCII { return value < 0x20 || value == 0x7F }
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            true
        default: false
        }
    }
}
