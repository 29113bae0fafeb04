/// The text of a number in JSON.
public enum JSONNumber {
    /// Returns the shortest text that parses back to `number`.
    ///
    /// The layout is that of ECMAScript's Number::toString (RFC 8785 §3.2.2.3). NaN and
    /// infinities become `null`.
    public static func text(_ number: Double) -> String {
        guard number.isFinite else { return "null" }
        if number == 0 { return "0" }
        if number.magnitude < 1e15, let whole = Int64(exactly: number) { return String(whole) }

        // Swift's description has the shortest round-trip digits; only the layout differs.
        var digits: [UInt8] = []
        var point = 0
        var seenPoint = false
        var exponent = 0
        let source = Array(number.magnitude.description.utf8)
        var i = 0
        while i < source.count {
            switch source[i] {
            case UInt8(ascii: "."): seenPoint = true
            case UInt8(ascii: "e"):
                exponent = Int(String(decoding: source[(i + 1)...], as: UTF8.self)) ?? 0
                i = source.count
            case let digit:
                digits.append(digit)
                if !seenPoint { point += 1 }
            }
            i += 1
        }
        let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
        digits.removeFirst(leading)
        point += exponent - leading
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }

        return (number < 0 ? "-" : "") + layout(digits, point: point)
    }

    /// Lays out `digits` with the decimal point after `point` digits.
    private static func layout(_ digits: [UInt8], point: Int) -> String {
        let text = String(decoding: digits, as: UTF8.self)
        let count = digits.count
        switch point {
        case count...21 where count <= point:
            return text + String(repeating: "0", count: point - count)
        case 1...21:
            return "\(text.prefix(point)).\(text.dropFirst(point))"
        case -5...0:
            return "0." + String(repeating: "0", count: -point) + text
        default:
            let power = point - 1
            let mantissa = count == 1 ? text : "\(text.prefix(1)).\(text.dropFirst())"
            return "\(mantissa)e\(power < 0 ? "-" : "+")\(power.magnitude)"
        }
    }
}
