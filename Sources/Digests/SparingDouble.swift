/// An optional Double in 8 bytes, because there are thousands of tracked metrics.
@propertyWrapper
public struct SparingDouble: Sendable, Hashable {
    /// The bits of the number; one NaN represents nil.
    private var bits: UInt64

    private static let none = UInt64(0x7FF8_0000_0000_0001)

    public init(wrappedValue: Double?) {
        bits = wrappedValue?.bitPattern ?? Self.none
    }

    /// Every NaN reads as nil.
    public var wrappedValue: Double? {
        get {
            let number = Double(bitPattern: bits)
            return number.isNaN ? nil : number
        }
        set { bits = newValue?.bitPattern ?? Self.none }
    }
}
