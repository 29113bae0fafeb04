// Arithmetic on numbers that came from outside: what does not fit stops at the end of the
// type's range. The operators of the standard library trap there, which ends the process.

infix operator +| : AdditionPrecedence
infix operator -| : AdditionPrecedence
infix operator *| : MultiplicationPrecedence
infix operator +|= : AssignmentPrecedence
infix operator -|= : AssignmentPrecedence

extension FixedWidthInteger {
    /// The sum, or the end of the range that it lies beyond.
    @inlinable @inline(__always)
    public static func +| (a: Self, b: Self) -> Self {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? (b < 0 ? .min : .max) : sum
    }

    /// The difference, or the end of the range that it lies beyond.
    @inlinable @inline(__always)
    public static func -| (a: Self, b: Self) -> Self {
        let (difference, overflow) = a.subtractingReportingOverflow(b)
        return overflow ? (b < 0 ? .max : .min) : difference
    }

    /// The product, or the end of the range that it lies beyond.
    @inlinable @inline(__always)
    public static func *| (a: Self, b: Self) -> Self {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? ((a < 0) == (b < 0) ? .max : .min) : product
    }

    @inlinable @inline(__always)
    public static func +|= (a: inout Self, b: Self) { a = a +| b }

    @inlinable @inline(__always)
    public static func -|= (a: inout Self, b: Self) { a = a -| b }

    /// The number without its fraction, or the end of the range that it lies beyond; 0 for NaN.
    @inlinable
    public init(saturating number: Double) {
        if let whole = Self(exactly: number.rounded(.towardZero)) {
            self = whole
        } else {
            self = number.isNaN ? 0 : number < 0 ? .min : .max
        }
    }
}
