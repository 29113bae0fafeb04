/// A regular expression that finds matches in time proportional to the length of the text.
///
/// Simulates all states at once (K. Thompson, "Regular Expression Search Algorithm", 1968), so
/// that no expression of a reader can occupy the node. Works on Unicode scalars. Knows `.`,
/// classes, `\d \w \s`, groups, `|`, `* + ? {n,m}`, `^`, `$`, `\b` and `(?i)` at the start; an
/// expression with anything else is refused.
struct FilterPattern: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        case scalar(UInt32)
        case any
        case set([ClosedRange<UInt32>], isNegated: Bool)
        case start, end
        case boundary(isNegated: Bool)
        /// Continues at both places.
        case split(Int, Int)
        case jump(Int)
        case match
    }

    let source: String
    private let steps: [Step]
    private let ignoresCase: Bool

    /// - Throws: the fault and its remedy.
    init(_ source: String) throws(FilterPatternParser.Fault) {
        var parser = FilterPatternParser(source)
        let tree = try parser.parse()
        var steps: [Step] = []
        var left = 4 * Self.most
        try Self.compile(tree, into: &steps, &left)
        steps.append(.match)
        self.source = source
        self.steps = steps
        ignoresCase = parser.ignoresCase
    }

    /// The most steps; each scalar of a text costs at most as many.
    static let most = 512

    /// - Parameter left: How many more parts may be compiled; repeats of empty parts add no steps.
    private static func compile(
        _ tree: FilterPatternParser.Tree, into steps: inout [Step], _ left: inout Int
    ) throws(FilterPatternParser.Fault) {
        left -= 1
        guard steps.count < most, left > 0 else {
            throw .init("the expression is too long", "use fewer or smaller repeats")
        }
        switch tree {
        case .step(let step): steps.append(step)
        case .sequence(let parts): for part in parts { try compile(part, into: &steps, &left) }
        case .either(let parts):
            var ends: [Int] = []
            for (i, part) in parts.enumerated() {
                guard i < parts.count - 1 else {
                    try compile(part, into: &steps, &left)
                    break
                }
                let split = steps.count
                steps.append(.split(split + 1, 0))
                try compile(part, into: &steps, &left)
                ends.append(steps.count)
                steps.append(.jump(0))
                steps[split] = .split(split + 1, steps.count)
            }
            for end in ends { steps[end] = .jump(steps.count) }
        case .repeated(let part, let least, let most):
            for _ in 0..<least { try compile(part, into: &steps, &left) }
            if let most {
                var splits: [Int] = []
                for _ in least..<max(least, most) {
                    splits.append(steps.count)
                    steps.append(.split(steps.count + 1, 0))
                    try compile(part, into: &steps, &left)
                }
                for split in splits { steps[split] = .split(split + 1, steps.count) }
            } else {
                let split = steps.count
                steps.append(.split(split + 1, 0))
                try compile(part, into: &steps, &left)
                steps.append(.jump(split))
                steps[split] = .split(split + 1, steps.count)
            }
        }
    }

    /// Whether the expression matches any part of the text.
    func isFound(in text: UnsafeRawBufferPointer) -> Bool {
        var states = States(count: steps.count)
        var next = States(count: steps.count)
        var before: UInt32?
        var at = 0
        while true {
            let (scalar, length) = Self.scalar(in: text, at: at)
            if add(0, to: &states, before, scalar) { return true }
            guard let scalar else { return false }
            let found = ignoresCase ? Self.lowercased(scalar) : scalar
            // What follows decides `$` and `\b` behind this scalar.
            let (after, _) = Self.scalar(in: text, at: at + length)
            next.removeAll()
            for place in states.list where takes(steps[place], found, scalar) {
                if add(place + 1, to: &next, scalar, after) { return true }
            }
            swap(&states, &next)
            before = scalar
            at += length
        }
    }

    /// Adds a state and those that it leads to without a scalar; returns whether one is the end.
    private func add(
        _ place: Int, to states: inout States, _ before: UInt32?, _ after: UInt32?
    ) -> Bool {
        states.open.append(place)
        while let place = states.open.popLast() {
            guard states.insert(place) else { continue }
            switch steps[place] {
            case .match: return true
            case .jump(let target): states.open.append(target)
            case .split(let first, let second):
                states.open.append(second)
                states.open.append(first)
            case .start: if before == nil { states.open.append(place + 1) }
            case .end: if after == nil { states.open.append(place + 1) }
            case .boundary(let isNegated):
                if (Self.isWord(before) != Self.isWord(after)) != isNegated {
                    states.open.append(place + 1)
                }
            case .scalar, .any, .set: break
            }
        }
        return false
    }

    private func takes(_ step: Step, _ found: UInt32, _ scalar: UInt32) -> Bool {
        switch step {
        case .scalar(let wanted): (ignoresCase ? Self.lowercased(wanted) : wanted) == found
        case .any: scalar != 0x0A
        case .set(let ranges, let isNegated):
            ranges.contains {
                $0.contains(scalar)
                    || ignoresCase
                        && ($0.contains(found) || $0.contains(Self.uppercased(scalar)))
            } != isNegated
        default: false
        }
    }

    private static func isWord(_ scalar: UInt32?) -> Bool {
        guard let scalar else { return false }
        return FilterPatternParser.word.contains { $0.contains(scalar) }
    }

    private static func lowercased(_ scalar: UInt32) -> UInt32 {
        0x41...0x5A ~= scalar ? scalar + 0x20 : scalar
    }

    private static func uppercased(_ scalar: UInt32) -> UInt32 {
        0x61...0x7A ~= scalar ? scalar - 0x20 : scalar
    }

    /// Decodes the scalar at `at` of valid UTF-8; nil at the end. A wrong byte is itself.
    private static func scalar(
        in text: UnsafeRawBufferPointer, at: Int
    ) -> (scalar: UInt32?, length: Int) {
        guard at < text.count else { return (nil, 0) }
        let first = text[at]
        let length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard length > 1, at + length <= text.count else { return (UInt32(first), 1) }
        var scalar = UInt32(first) & (0x7F >> UInt32(length))
        for i in 1..<length { scalar = scalar << 6 | UInt32(text[at + i] & 0x3F) }
        return (scalar, length)
    }

    /// A set of states in the order of their insertion.
    private struct States {
        private(set) var list: [Int] = []
        private var isIn: [Bool]
        /// The states that `add` has yet to insert; kept so that it allocates nothing per scalar.
        var open: [Int] = []

        init(count: Int) { isIn = Array(repeating: false, count: count) }

        mutating func insert(_ place: Int) -> Bool {
            if isIn[place] { return false }
            isIn[place] = true
            list.append(place)
            return true
        }

        mutating func removeAll() {
            for place in list { isIn[place] = false }
            list.removeAll(keepingCapacity: true)
        }
    }
}
