/// How many entries of a digest's lists a view shows; the others are only counted.
struct ViewLimits: Hashable {
    var rows: Int
    var columns: Int
    var items: Int
    var members: Int

    static let mail = ViewLimits(rows: 32, columns: 2, items: 16, members: 40)
    static let slack = ViewLimits(rows: 16, columns: 2, items: 10, members: 30)

    /// These limits and ever lower ones, down to a view that shows only counts.
    var tightening: [ViewLimits] {
        [1.0, 0.7, 0.5, 0.35, 0.2, 0.1, 0].map { part in
            func share(_ number: Int) -> Int { Int((Double(number) * part).rounded(.up)) }
            return ViewLimits(
                rows: share(rows), columns: max(1, share(columns)), items: share(items),
                members: share(members))
        }
    }
}

/// Views of one digest with ever shorter lists, created on first use.
struct TighteningViews {
    private let words: DigestWords
    private let limits: [ViewLimits]
    private let marksTimes: Bool
    private var made: [Int: TemplateValues] = [:]

    /// - Parameter marksTimes: Whether times are marked for `SlackDate`.
    init(_ words: DigestWords, _ limits: ViewLimits, marksTimes: Bool = false) {
        self.words = words
        self.limits = limits.tightening
        self.marksTimes = marksTimes
    }

    var steps: Int { limits.count }

    subscript(step: Int) -> TemplateValues {
        mutating get {
            if let known = made[step] { return known }
            let values = TemplateValues(view(step).values)
            made[step] = values
            return values
        }
    }

    private func view(_ step: Int) -> MessageView {
        MessageView(words, limits: limits[step], marksTimes: marksTimes)
    }
}

extension String {
    /// An upper bound for the bytes of the text in a mail, as quoted-printable (RFC 2045 §6.7)
    /// with soft line breaks.
    var mailSize: Int {
        var text = self
        let (size, lines) = text.withUTF8 { utf8 in
            var (encoded, breaks) = (0, 0)
            for byte in utf8 {
                switch byte {
                case 0x0A: breaks += 1
                case 0x3D: encoded += 3
                case 0x20...0x7E: encoded += 1
                default: encoded += 3
                }
            }
            return (encoded, breaks + 1)
        }
        // A line may begin with a dot and end in a space, which are both escaped. Soft breaks
        // come after at least 73 bytes.
        return size + size / 73 * 3 + lines * 9
    }
}
