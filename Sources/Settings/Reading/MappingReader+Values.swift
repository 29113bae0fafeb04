import Core
import Events

extension MappingReader {
    /// Reads a text; nil when absent. A list or a mapping is a fault.
    func text(_ key: String) -> String? {
        declare(key, KeyDeclarations.text)
        switch value(key) {
        case nil, .empty: return nil
        case .text(let text): return text
        case .some(let other):
            fault(key, "\(other.kind), not one value", "write one value behind the colon")
            return nil
        }
    }

    /// Reads a text without `${…}`.
    func plain(_ key: String, _ standard: String) -> String {
        declare(key, KeyDeclarations.text, standard: standard)
        guard let text = text(key) else { return standard }
        if text.contains("${") {
            fault(
                key, "variables are not expanded here",
                "they are in node, az, data_dir, listen.address, forward.to, bucket and in secrets")
            return standard
        }
        return text
    }

    /// Reads a text and expands `${env:NAME}`.
    func expanded(_ key: String, _ standard: String) -> String {
        declare(key, KeyDeclarations.text, standard: standard, range: "with `${env:NAME}`")
        guard let text = text(key) else { return standard }
        return expand(text, at: path(key)) ?? standard
    }

    /// Reads one line of text and expands `${env:NAME}`.
    func line(_ key: String, _ standard: String) -> String {
        let value = expanded(key, standard)
        guard value.holdsControl else { return value }
        fault(key, "holds a line break or another control character", "write one line of text")
        return standard
    }

    /// Reads a required name: a letter, then letters, digits, `_` and `-`; at most 64 bytes.
    func name(_ key: String) -> String {
        declare(key, "name")
        guard let text = text(key) else {
            if !context.hasFault(at: path(key)) {
                lacks("\(key) is missing", "give it a \(key)")
            }
            return ""
        }
        if !Contexts.isName(text) {
            fault(
                key, "\(InertText.quoted(text)) is not a name",
                "begin with a letter, go on with letters, digits, _ and -, at most 64")
        }
        return text
    }

    /// Reads a list of texts; `standard` when absent.
    func texts(_ key: String, _ standard: [String] = []) -> [String] {
        declare(
            key, "list of texts",
            standard: standard.isEmpty ? "" : "[\(standard.joined(separator: ", "))]")
        guard let elements = list(key) else { return standard }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            if case .text(let text) = element {
                texts.append(text)
            } else {
                context.fault(
                    "\(path(key))[\(index)]", "\(element.kind), not a text", "write one text")
            }
        }
        return texts
    }

    /// Reads a mapping of texts to texts. A key without a value is a fault.
    func pairs(_ key: String) -> [String: String] {
        declare(key, "names and texts")
        let reader = mapping(key)
        var pairs: [String: String] = [:]
        for name in reader.keys {
            pairs[name] = reader.text(name)
            if case .empty = reader.value(name) { reader.fault(name, "no value", "give it one") }
        }
        return pairs
    }

    func flag(_ key: String, _ standard: Bool) -> Bool {
        declare(key, "true or false", standard: "\(standard)")
        switch text(key) {
        case nil: return standard
        case "true": return true
        case "false": return false
        case .some(let other):
            fault(
                key, "\(InertText.quoted(other)) is neither true nor false", "write true or false")
            return standard
        }
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ standard: Choice
    ) -> Choice {
        declare(
            key, "word", standard: standard.rawValue,
            range: Choice.allCases.map(\.rawValue).joined(separator: ", "))
        guard let text = text(key) else { return standard }
        if let choice = Choice(rawValue: text) { return choice }
        let known = Choice.allCases.map(\.rawValue)
        fault(
            key, "\(InertText.quoted(text)) is not one of \(known.joined(separator: ", "))",
            Suggestion.nearest(to: text, among: known).map { "did you mean \($0)?" }
                ?? "write one of them")
        return standard
    }

    func integer(_ key: String, _ standard: Int, in range: ClosedRange<Int>) -> Int {
        ranged(
            key, "whole number", standard, in: range, example: "one, like \(standard)",
            { Int($0) }, { "\($0)" })
    }

    /// Reads a finite number; nil when absent.
    func number(_ key: String) -> Double? {
        declare(key, "number")
        guard let text = text(key) else { return nil }
        guard let number = Double(text), number.isFinite, !text.contains("x"), !text.contains("X")
        else {
            let remedy =
                text.hasSuffix("%")
                ? "write a proportion, 1% is 0.01" : "write one, like 0.01 or 250"
            fault(key, "\(InertText.quoted(text)) is not a number", remedy)
            return nil
        }
        return number
    }

    func number(_ key: String, _ standard: Double, in range: ClosedRange<Double>) -> Double {
        declare(
            key, "number", standard: standard.description,
            range: "\(range.lowerBound) to \(range.upperBound)")
        guard let number = number(key) else { return standard }
        guard range.contains(number) else {
            fault(
                key, "\(number) is out of range",
                "write \(range.lowerBound) to \(range.upperBound)")
            return standard
        }
        return number
    }

    func duration(
        _ key: String, _ standard: Duration, in range: ClosedRange<Duration>
    ) -> Duration {
        ranged(
            key, "duration", standard, in: range, example: "500ms, 10s, 5m, 1h or 7d",
            { DurationText.parse($0) }, DurationText.text)
    }

    func size(_ key: String, _ standard: Int, in range: ClosedRange<Int>) -> Int {
        ranged(
            key, "size", standard, in: range, example: "64KiB, 10MiB or 1GiB",
            { SizeText.parse($0) }, SizeText.text)
    }

    /// Reads a value of a type that has a text, within a range.
    private func ranged<Value: Comparable>(
        _ key: String, _ type: String, _ standard: Value, in range: ClosedRange<Value>,
        example: String, _ parse: (String) -> Value?, _ written: (Value) -> String
    ) -> Value {
        let bounds = "\(written(range.lowerBound)) to \(written(range.upperBound))"
        declare(key, type, standard: written(standard), range: bounds)
        guard let text = text(key) else { return standard }
        guard let value = parse(text) else {
            fault(key, "\(InertText.quoted(text)) is not a \(type)", "write \(example)")
            return standard
        }
        guard range.contains(value) else {
            fault(key, "\(text) is out of range", "write \(bounds)")
            return standard
        }
        return value
    }

    /// Reads a list of HTTP statuses: `200`, `200-299` or `2xx`.
    func statuses(_ key: String, _ standard: [ClosedRange<Int>]) -> [ClosedRange<Int>] {
        guard has(key) else { return standard }
        var ranges: [ClosedRange<Int>] = []
        for (index, text) in texts(key).enumerated() {
            let parts = text.split(
                separator: "-", maxSplits: 1, omittingEmptySubsequences: false
            ).map { Int($0) }
            let range: ClosedRange<Int>? =
                if text.count == 3, text.hasSuffix("xx"), let digit = text.first?.wholeNumberValue {
                    (digit * 100)...(digit * 100 + 99)
                } else if let low = parts.first ?? nil, let high = parts.last ?? nil, low <= high {
                    low...high
                } else {
                    nil
                }
            if let range, range.lowerBound >= 100, range.upperBound <= 599 {
                ranges.append(range)
            } else {
                fault(
                    "\(key)[\(index)]", "\(InertText.quoted(text)) is not a status",
                    "write 200, 200-299 or 2xx")
            }
        }
        return ranges
    }

    // MARK: - Variables

    /// Replaces each `${env:NAME}`; nil after a fault.
    ///
    /// Removes line breaks from the end of a variable's value, because `echo value | base64` leaves
    /// one in a Secret. A line break within the value is a fault.
    func expand(_ text: String, at path: String) -> String? {
        var out = ""
        var rest = Substring(text)
        while let start = rest.firstRange(of: "${") {
            out += rest[..<start.lowerBound]
            let inner = rest[start.upperBound...]
            guard let end = inner.firstIndex(of: "}"), inner.hasPrefix("env:") else {
                context.fault(
                    path, "a variable that is not ${env:NAME}", "write ${env:NAME}")
                return nil
            }
            let name = String(inner[..<end].dropFirst("env:".count))
            guard let value = context.environment[name] else {
                context.fault(
                    path, "the environment has no variable \(InertText.quoted(name))",
                    "set it where the service is started, or name a file instead")
                return nil
            }
            let line = value.withoutByteOrderMark.withoutLineEnd
            if line.holdsControl {
                context.fault(
                    path,
                    "the variable \(InertText.quoted(name)) holds a line break or another control character",
                    "set it to one line")
                return nil
            }
            out += line
            rest = inner[inner.index(after: end)...]
        }
        return out + rest
    }
}

extension Unicode.Scalar {
    var isLetterASCII: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
    var isDigit: Bool { ("0"..."9").contains(self) }
}
