extension Unicode.Scalar {
    /// Whether it could act on a terminal or change how its neighbours read
    /// instead of being seen: controls (line breaks and ESC among them), bidi
    /// overrides and other formatting characters, line and paragraph
    /// separators, private use and unassigned code points.
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
