import Core

public import JSON

extension Filter {
    /// One comparison of a filter: a field, an operator, and the values to compare with.
    ///
    /// Holds for a line if any value that the path reaches satisfies it. A list is compared element
    /// by element.
    public final class Term: Sendable, Hashable {
        public enum Comparison: String, Sendable, Hashable {
            case equal = "="
            case greater = ">"
            case less = "<"
            case atLeast = ">="
            case atMost = "<="
            case contains = "~"
            case matches = "=~"
            case isIn = "in"

            var isOrder: Bool {
                switch self {
                case .greater, .less, .atLeast, .atMost: true
                default: false
                }
            }
        }

        /// The names of the path.
        public let path: [String]
        public let comparison: Comparison
        /// One value; one or more for `in`.
        public let values: [FilterValue]
        public let route: FieldPath
        /// The numbers of `values` in the field's unit; nil where a value is no number.
        let numbers: [Double?]
        /// What the numbers measure, where the unit of the compared value depends on its element.
        let quantity: FilterValue.Quantity?
        /// The moments of `values`, for a field that contains a time.
        let moments: [Timestamp?]
        /// The words of the field in their order, for comparisons by that order.
        let order: [[UInt8]]?
        let pattern: FilterPattern?

        init(_ draft: Draft) {
            path = draft.path
            comparison = draft.comparison
            values = draft.values
            route = FieldPath(draft.path)
            numbers = draft.numbers
            quantity = draft.quantity
            moments = draft.moments
            order = draft.order
            pattern = draft.pattern
        }

        /// The parts of a term while it is checked.
        struct Draft {
            var path: [String]
            var comparison: Comparison
            var values: [FilterValue]
            var numbers: [Double?]
            var quantity: FilterValue.Quantity?
            var moments: [Timestamp?] = []
            var order: [[UInt8]]?
            var pattern: FilterPattern?

            init(_ path: [String], _ comparison: Comparison, _ values: [FilterValue]) {
                self.path = path
                self.comparison = comparison
                self.values = values
                numbers = values.map(\.number)
            }
        }

        public static func == (a: Term, b: Term) -> Bool {
            a === b
                || a.path == b.path && a.comparison == b.comparison && a.values == b.values
                    && a.numbers == b.numbers && a.quantity == b.quantity && a.moments == b.moments
                    && a.order == b.order
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(path)
            hasher.combine(comparison)
            hasher.combine(values)
        }

        // MARK: - Lines

        /// Whether the term holds for the value at the validated `slice`, the root of a line.
        func holds(_ root: JSONScanner.Slice, in line: UnsafeRawBufferPointer) -> Bool {
            holds(at: root, from: 0, in: line)
        }

        /// Whether the term holds for any value at `slice` that the path reaches from part
        /// `first` on.
        public func holds(
            at slice: JSONScanner.Slice, from first: Int, in line: UnsafeRawBufferPointer
        ) -> Bool {
            var found = false
            route.visit(slice, from: first, in: line) { value, owner in
                if !found { found = isSatisfied(by: value, of: owner, in: line) }
            }
            return found
        }

        /// As `holds(_:in:)`, for a stored line and a path of one part: the line is not
        /// validated.
        func holds(stored line: UnsafeRawBufferPointer) -> Bool {
            var found = false
            LineMember.visit(route.first, in: line) { value in
                found = isSatisfied(by: value, of: nil, in: line)
                return !found
            }
            return found
        }

        /// Whether a line matches whose only value of the field is the JSON `raw`.
        public func accepts(_ raw: [UInt8]) -> Bool {
            raw.withUnsafeBytes { bytes in
                guard let slice = try? JSONScanner.validate(bytes, limits: .event) else {
                    return false
                }
                return isSatisfied(by: slice, of: nil, in: bytes)
            }
        }

        private func isSatisfied(
            by slice: JSONScanner.Slice, of owner: JSONScanner.Slice?,
            in line: UnsafeRawBufferPointer
        ) -> Bool {
            if slice.kind == .array { return isSatisfied(byElementOf: slice, of: owner, in: line) }
            if quantity != nil { return isMeasured(slice, of: owner, in: line) }
            // Most terms compare the bytes of a text.
            if slice.kind == .string, !slice.escaped {
                let range = slice.range.dropFirst().dropLast()
                return accepts(
                    UnsafeRawBufferPointer(rebasing: line[range]), .string, number: nil)
            }
            if slice.kind == .string {
                return Array((slice.text(in: line) ?? "").utf8).withUnsafeBytes {
                    accepts($0, .string, number: nil)
                }
            }
            return accepts(
                UnsafeRawBufferPointer(rebasing: line[slice.range]), slice.kind,
                number: slice.number(in: line))
        }

        private func isSatisfied(
            byElementOf list: JSONScanner.Slice, of owner: JSONScanner.Slice?,
            in line: UnsafeRawBufferPointer
        ) -> Bool {
            var found = false
            // The line was validated or is stored, so the scan cannot fail.
            try? JSONScanner.elements(of: list, in: line) { element throws(JSONFault) in
                if !found { found = isSatisfied(by: element, of: owner, in: line) }
            }
            return found
        }

        /// Compares a number of a metric in the unit of the element that contains it.
        private func isMeasured(
            _ slice: JSONScanner.Slice, of owner: JSONScanner.Slice?,
            in line: UnsafeRawBufferPointer
        ) -> Bool {
            guard let number = slice.number(in: line), let owner, let quantity,
                let factor = quantity.factor(to: MetricUnit(ofElement: owner, in: line))
            else { return false }
            return numbers.contains { $0.map { compares(number, $0 * factor) } ?? false }
        }

        private func compares(_ found: Double, _ sought: Double) -> Bool {
            switch comparison {
            case .equal, .isIn: found == sought
            case .greater: found > sought
            case .less: found < sought
            case .atLeast: found >= sought
            case .atMost: found <= sought
            case .contains, .matches: false
            }
        }

        // MARK: - Values

        /// Whether a text satisfies the term.
        public func accepts(text: String) -> Bool {
            var text = text
            return text.withUTF8 { accepts(UnsafeRawBufferPointer($0), .string, number: nil) }
        }

        /// - Parameters:
        ///   - text: The text of a string, or the JSON of any other value.
        ///   - number: The value of a number.
        private func accepts(
            _ text: UnsafeRawBufferPointer, _ kind: JSONScanner.Kind, number: Double?
        ) -> Bool {
            switch comparison {
            case .equal: return isEqual(text, number, to: 0)
            case .isIn:
                for i in values.indices where isEqual(text, number, to: i) { return true }
                return false
            case .contains:
                return values[0].bytes.isEmpty || text.place(of: values[0].bytes, from: 0) != nil
            case .matches: return pattern?.isFound(in: text) ?? false
            case .greater, .less, .atLeast, .atMost:
                return kind != .null && isOrdered(text, kind, number)
            }
        }

        private func isEqual(
            _ text: UnsafeRawBufferPointer, _ number: Double?, to i: Int
        ) -> Bool {
            if let number, let sought = numbers[i] { return number == sought }
            let value = values[i]
            if !moments.isEmpty, let sought = moments[i] { return Self.moment(text) == sought }
            if let wildcard = value.wildcard { return wildcard.matches(text) }
            return text.count == value.bytes.count && text.holds(value.bytes, at: 0)
        }

        private func isOrdered(
            _ text: UnsafeRawBufferPointer, _ kind: JSONScanner.Kind, _ number: Double?
        ) -> Bool {
            if let order {
                guard let found = Self.rank(of: text, in: order),
                    let sought = values[0].bytes.withUnsafeBytes({ Self.rank(of: $0, in: order) })
                else { return false }
                return compares(Double(found), Double(sought))
            }
            if !moments.isEmpty, let sought = moments[0] {
                guard let found = Self.moment(text) else { return false }
                return compares(Double(found.milliseconds), Double(sought.milliseconds))
            }
            if let sought = numbers[0],
                let found = number ?? FilterValue.decimal(String(decoding: text, as: UTF8.self))
            {
                return compares(found, sought)
            }
            // Texts are compared by their bytes; this orders times in UTC.
            guard kind == .string || kind == .bool else { return false }
            let sought = values[0].bytes
            let isSame = text.count == sought.count && text.holds(sought, at: 0)
            let precedes = text.lexicographicallyPrecedes(sought)
            switch comparison {
            case .less: return precedes
            case .atMost: return precedes || isSame
            case .greater: return !precedes && !isSame
            default: return !precedes
            }
        }

        private static func rank(of text: UnsafeRawBufferPointer, in order: [[UInt8]]) -> Int? {
            order.firstIndex { text.count == $0.count && text.holds($0, at: 0) }
        }

        private static func moment(_ text: UnsafeRawBufferPointer) -> Timestamp? {
            Timestamp(utc: text) ?? Timestamp(rfc3339: String(decoding: text, as: UTF8.self))
        }

        // MARK: - Planning

        /// Whether a number from `low` to `high` may satisfy the term; nil if a range of numbers
        /// does not decide it.
        public func mayHold(low: Double, high: Double) -> Bool? {
            guard quantity != .time, moments.allSatisfy({ $0 == nil }), order == nil,
                comparison != .contains, comparison != .matches,
                numbers.allSatisfy({ $0 != nil })
            else { return nil }
            let sought = numbers.compactMap(\.self)
            switch comparison {
            case .equal, .isIn: return sought.contains { low <= $0 && $0 <= high }
            case .greater: return high > sought[0]
            case .less: return low < sought[0]
            case .atLeast: return high >= sought[0]
            case .atMost: return low <= sought[0]
            case .contains, .matches: return nil
            }
        }

        /// Texts of which each matching value contains at least one; empty if there are none, as
        /// for numbers, which can be spelled in several ways.
        public var needles: [[UInt8]] {
            switch comparison {
            case .contains: return values.map(\.bytes)
            case .equal, .isIn:
                guard numbers.allSatisfy({ $0 == nil }), moments.allSatisfy({ $0 == nil }) else {
                    return []
                }
                return values.map { value in
                    value.wildcard?.longestPart ?? value.bytes
                }
            default: return []
            }
        }

        /// The texts that a value must equal; nil if other values may match, too.
        public var texts: [String]? {
            switch comparison {
            case .equal, .isIn:
                values.allSatisfy { $0.wildcard == nil } ? values.map(\.text) : nil
            default: nil
            }
        }

        /// The number that is compared with, if the values of the field have its unit.
        public var bound: Double? {
            quantity == nil && moments.isEmpty && order == nil && values.count == 1
                ? numbers[0] : nil
        }

        func spelled(isNegated: Bool) -> String {
            let field = Self.spelled(path)
            switch comparison {
            case .isIn:
                let list = values.map(\.spelling).joined(separator: ", ")
                return "\(field) \(isNegated ? "not in" : "in") (\(list))"
            case .equal: return field + (isNegated ? "!=" : "=") + values[0].spelling
            default:
                let value =
                    comparison == .matches
                    ? FilterValue.quoted(values[0].text) : values[0].spelling
                return (isNegated ? "not " : "") + field + comparison.rawValue + value
            }
        }

        private static func spelled(_ path: [String]) -> String {
            let text = path.joined(separator: ".")
            let isPlain = text.utf8.allSatisfy {
                $0 > 0x20 && $0 != 0x7F && !"=!<>~\"'(),".utf8.contains($0)
            }
            return isPlain && !Filter.words.contains(text.lowercased())
                ? text : FilterValue.quoted(text)
        }
    }
}

extension MetricUnit {
    /// The unit of an element of `deltas` or `reasons`: its own, else that of its metric's name.
    fileprivate init(ofElement element: JSONScanner.Slice, in line: UnsafeRawBufferPointer) {
        var own: MetricUnit?
        var name = ""
        try? JSONScanner.members(of: element, in: line) { key, value throws(JSONFault) in
            if key.equals("unit", in: line) {
                own = value.text(in: line).flatMap(MetricUnit.init(rawValue:))
            } else if key.equals("metric", in: line) || key.equals("check", in: line) {
                name = value.text(in: line) ?? ""
            }
        }
        self = own ?? MetricUnit(metricName: name)
    }
}
