import Yams

/// A parsed YAML file: its tree, and the position of each key path.
///
/// Merge keys (`<<: *name`, `<<: [*a, *b]`) follow YAML's merge type: a mapping's own keys take
/// precedence, then those of the earlier merged mapping.
///
/// Limits: 1 MiB, 24 levels, and 20,000 values after aliases are expanded. A text whose keys may be
/// lists, mappings or aliases can have at most 12 aliases, because the parser compares such keys
/// with aliases expanded before the values can be counted.
struct YAMLDocument {
    private(set) var tree: YAMLTree = .empty
    /// The position of each path's value.
    private(set) var places: [String: YAMLPlace] = [:]
    /// The position of each path's key.
    private(set) var keyPlaces: [String: YAMLPlace] = [:]
    private(set) var faults: [Fault] = []

    struct Fault {
        var place: YAMLPlace?
        var path: String
        var fault: String
        var remedy: String
    }

    static let largest = 1 << 20
    static let deepest = 24
    static let mostValues = 20_000
    static let mostAliases = 12

    /// Whether `tree` contains the whole text. If not, faults of its keys would mislead.
    private(set) var isWhole = true

    private var values = 0
    /// Positions where marks were inserted before repeated keys; marks shift later columns.
    private var inserted: [YAMLPlace] = []

    init(_ text: String) {
        guard text.utf8.count <= Self.largest else {
            refuse("larger than 1MiB", "a configuration is a few KiB: is this the right file?")
            return
        }
        guard Self.possibleAliases(in: text) <= Self.mostAliases || !Self.mayHoldLargeKeys(text)
        else {
            refuse("more than \(Self.mostAliases) aliases (*name)", "write the values out")
            return
        }
        var text = text
        while true {
            do {
                guard let root = try compose(yaml: text, .basic, .default, .utf8) else { return }
                tree = tree(from: root, path: "", depth: 0)
                return
            } catch let error as YamlError {
                if case .duplicatedKeysInMapping(let keys, let context) = error,
                    let mark = RepeatedKey.mark(inserted.count), let key = keys.first,
                    let place = text.insert(mark, before: key, at: context.mark)
                {
                    // Mark the first of the two keys and parse again, so that a repeated key does
                    // not hide other faults.
                    inserted.append(place)
                    continue
                }
                faults.append(Self.fault(of: error))
                isWhole = false
                return
            } catch {
                refuse("cannot be read as YAML", "\(error)")
                return
            }
        }
    }

    private mutating func refuse(_ fault: String, _ remedy: String) {
        isWhole = false
        faults.append(Fault(place: nil, path: "", fault: fault, remedy: remedy))
    }

    // MARK: - The tree

    private mutating func tree(from node: Node, path: String, depth: Int) -> YAMLTree {
        let place = node.mark.map(place(of:))
        places[path] = place
        values += 1
        guard values <= Self.mostValues else {
            if values == Self.mostValues + 1 {
                isWhole = false
                faults.append(
                    Fault(
                        place: place, path: "", fault: "more than \(Self.mostValues) values",
                        remedy: "is this the right file?"))
            }
            return .empty
        }
        guard depth <= Self.deepest else {
            isWhole = false
            faults.append(
                Fault(
                    place: place, path: path, fault: "nested deeper than \(Self.deepest) levels",
                    remedy: "is an indentation or a bracket wrong?"))
            return .empty
        }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            return isPlain && ["", "~", "null"].contains(scalar.string)
                ? .empty : .text(scalar.string.withoutLineEnd)
        case .sequence(let sequence):
            var elements: [YAMLTree] = []
            for (index, element) in sequence.enumerated() where values <= Self.mostValues {
                elements.append(tree(from: element, path: "\(path)[\(index)]", depth: depth + 1))
            }
            return .list(elements)
        case .mapping(let mapping):
            return .mapping(members(of: mapping, path: path, depth: depth))
        case .alias:
            return .empty
        }
    }

    private mutating func members(
        of mapping: Node.Mapping, path: String, depth: Int
    ) -> [YAMLTree.Member] {
        var members: [YAMLTree.Member] = []
        var names: Set<String> = []
        var merged: [Node] = []
        for (key, value) in mapping where values <= Self.mostValues {
            let place = key.mark.map(place(of:))
            guard case .scalar(let scalar) = key else {
                faults.append(
                    Fault(
                        place: place, path: path, fault: "a key that is not a word",
                        remedy: "quote texts that begin with {, [, * or &"))
                continue
            }
            var name = scalar.string
            let isRepeated = RepeatedKey.isMarked(name)
            if isRepeated { name.unicodeScalars.removeFirst() }
            let inner = path.isEmpty ? name : "\(path).\(name)"
            if isRepeated {
                faults.append(
                    Fault(
                        place: place, path: inner, fault: "given twice",
                        remedy: name == "<<"
                            ? "merge several with <<: [*a, *b]" : "keep one of the two"))
                continue
            }
            if Self.isMerge(scalar) {
                merged.append(value)
                continue
            }
            keyPlaces[inner] = place
            names.insert(name)
            members.append(
                YAMLTree.Member(key: name, value: tree(from: value, path: inner, depth: depth + 1)))
        }
        for node in merged { merge(node, into: &members, &names, path: path, depth: depth) }
        return members
    }

    private static func isMerge(_ scalar: Node.Scalar) -> Bool {
        scalar.string == "<<" && (scalar.style == .plain || scalar.style == .any)
    }

    /// Adds the missing members from a merged mapping, or from a list of mappings.
    private mutating func merge(
        _ node: Node, into members: inout [YAMLTree.Member], _ names: inout Set<String>,
        path: String, depth: Int
    ) {
        // Count merges that add nothing too: nested lists of one mapping also take time.
        values += 1
        guard values <= Self.mostValues, depth <= Self.deepest else { return }
        switch node {
        case .mapping(let mapping):
            var further: [Node] = []
            for (key, value) in mapping where values <= Self.mostValues {
                guard case .scalar(let scalar) = key, !RepeatedKey.isMarked(scalar.string) else {
                    continue  // The mapping's own position reports this fault.
                }
                if Self.isMerge(scalar) {
                    further.append(value)
                } else if names.insert(scalar.string).inserted {
                    let inner = path.isEmpty ? scalar.string : "\(path).\(scalar.string)"
                    keyPlaces[inner] = key.mark.map(place(of:))
                    members.append(
                        YAMLTree.Member(
                            key: scalar.string,
                            value: tree(from: value, path: inner, depth: depth + 1)))
                }
            }
            for node in further {
                merge(node, into: &members, &names, path: path, depth: depth + 1)
            }
        case .sequence(let sequence):
            for element in sequence {
                merge(element, into: &members, &names, path: path, depth: depth + 1)
            }
        case .scalar, .alias:
            faults.append(
                Fault(
                    place: node.mark.map(place(of:)), path: path,
                    fault: "<< merges what is not a mapping",
                    remedy: "write <<: *name of a mapping that is marked with &name"))
        }
    }

    /// Converts a parser mark to a position in the original text, without inserted marks.
    private func place(of mark: Mark) -> YAMLPlace {
        let shift = inserted.count { $0.line == mark.line && $0.column < mark.column }
        return YAMLPlace(line: mark.line, column: mark.column - shift)
    }

    // MARK: - Syntax faults

    private static func fault(of error: YamlError) -> Fault {
        let advice = "check this line's indentation (spaces, never tabs), quotes and brackets"
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            var fault = "not YAML: \(problem)"
            if let context { fault += " \(context.text) (from line \(context.mark.line))" }
            return Fault(
                place: YAMLPlace(line: mark.line, column: mark.column), path: "", fault: fault,
                remedy: advice)
        case .reader(let problem, let offset, _, let yaml):
            let before = yaml.prefix(offset ?? 0)
            let line = before.count { $0.isNewline } + 1
            let column = (before.lastIndex { $0.isNewline }).map {
                before.distance(from: $0, to: before.endIndex)
            }
            return Fault(
                place: YAMLPlace(line: line, column: column ?? before.count + 1), path: "",
                fault: "not YAML: \(problem)", remedy: "remove the control character")
        case .duplicatedKeysInMapping(let keys, let context):
            return Fault(
                place: YAMLPlace(line: context.mark.line, column: context.mark.column),
                path: keys.first ?? "", fault: "given twice", remedy: "keep one of the two")
        default:
            return Fault(place: nil, path: "", fault: "not YAML", remedy: advice)
        }
    }

    /// Whether a key may be a list, a mapping or an alias. Has false positives, no false negatives.
    static func mayHoldLargeKeys(_ text: String) -> Bool {
        var before = UInt8(ascii: "\n")
        var isAlias = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "?"): return true
            case UInt8(ascii: ":"):
                if isAlias || [UInt8(ascii: "]"), UInt8(ascii: "}")].contains(before) {
                    return true
                }
            case UInt8(ascii: "*"): isAlias = true
            case UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "]"), UInt8(ascii: "}"),
                UInt8(ascii: "#"):
                isAlias = false
            default: break
            }
            if byte > 0x20 { before = byte }
        }
        return false
    }

    /// An upper bound of the number of aliases: each `*` followed by a word where a token can
    /// start.
    static func possibleAliases(in text: String) -> Int {
        let openers = Set(" \t\r\n[]{},:?-\"'".utf8)
        var count = 0
        var before = UInt8(ascii: "\n")
        var starred = false
        for byte in text.utf8 {
            if starred, byte > 0x20, byte != UInt8(ascii: "*") { count += 1 }
            starred = byte == UInt8(ascii: "*") && openers.contains(before)
            before = byte
        }
        return count
    }
}

/// Marks that are inserted before a key that is repeated later in the same mapping.
///
/// Each mark is a different private use scalar, so that a marked key equals no other key.
private enum RepeatedKey {
    private static let first: UInt32 = 0xE000
    private static let most: UInt32 = 64

    /// Returns nil after 64 marks.
    static func mark(_ index: Int) -> Unicode.Scalar? {
        index < most ? Unicode.Scalar(first + UInt32(index)) : nil
    }

    static func isMarked(_ key: String) -> Bool {
        guard let scalar = key.unicodeScalars.first else { return false }
        return (first..<first + most).contains(scalar.value)
    }
}

extension String {
    /// Inserts `scalar` before the key at `mark`, after the opening quote if there is one.
    ///
    /// - Returns: The position of the insertion; nil if the key is not there.
    fileprivate mutating func insert(
        _ scalar: Unicode.Scalar, before key: String, at mark: Yams.Mark
    ) -> YAMLPlace? {
        var lines = unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { Array($0) }
        guard mark.line >= 1, mark.line <= lines.count else { return nil }
        let line = lines[mark.line - 1]
        var at = mark.column - 1
        guard at >= 0, at < line.count else { return nil }
        if line[at] == "\"" || line[at] == "'" { at += 1 }
        guard line.dropFirst(at).starts(with: key.unicodeScalars) else { return nil }
        lines[mark.line - 1].insert(scalar, at: at)
        var text = String.UnicodeScalarView()
        for (index, line) in lines.enumerated() {
            if index > 0 { text.append("\n") }
            text.append(contentsOf: line)
        }
        self = String(text)
        return YAMLPlace(line: mark.line, column: at + 1)
    }
}

extension String {
    /// The text without trailing line breaks, which YAML blocks and `echo` add to a value.
    var withoutLineEnd: String {
        var text = unicodeScalars[...]
        while let last = text.last, last == "\n" || last == "\r" { text.removeLast() }
        return String(text)
    }

    /// The text without the byte order mark that some editors add.
    var withoutByteOrderMark: String {
        unicodeScalars.first == "\u{FEFF}" ? String(unicodeScalars.dropFirst()) : self
    }

    /// Whether the text contains a line break or a control character other than a tab.
    var holdsControl: Bool {
        unicodeScalars.contains { $0.value < 0x20 && $0 != "\t" || $0.value == 0x7F }
    }
}
