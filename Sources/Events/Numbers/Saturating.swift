// Saturating arithmetic for numbers from untrusted input. The standard operators trap on
// overflow, which ends the process.

infix operator +| : AdditionPrecedence
infix operator -| : AdditionPrecedence
infix operator *| : MultiplicationPrecedence
infix operator +|= : AssignmentPrecedence
infix operator -|= : AssignmentPrecedence

extension FixedWidthInteger {
    /// Adds; saturates at the limits of the type.
    @inlinable @inline(__always)
    public static func +| (a: Self, b: Self) -> Self {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? (b < 0 ? .min : .max) : sum
    }

    /// Subtracts; saturates at the limits of the type.
    @inlinable @inline(__always)
    public static func -| (a: Self, b: Self) -> Self {
        let (difference, overflow) = a.subtractingReportingOverflow(b)
        return overflow ? (b < 0 ? .max : .min) : difference
    }

    /// Multiplies; saturates at the limits of the type.
    @inlinable @inline(__always)
    public static func *| (a: Self, b: Self) -> Self {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? ((a < 0) == (b < 0) ? .max : .min) : product
    }

    @inlinable @inline(__always)
    public static func +|= (a: inout Self, b: Self) { a = a +| b }

    @inlinable @inline(__always)
    public static func -|= (a: inout Self, b: Self) { a = a -| b }

    /// Truncates the number and saturates it at the limits of the type; NaN becomes 0.
    @inlinable
    public init(saturating number: Double) {
        if let whole = Self(exactly: number.rounded(.towardZero)) {
            self = whole
        } else {
            self = number.isNaN ? 0 : number < 0 ? .min : .max
        }
    }
}
