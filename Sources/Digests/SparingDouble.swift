/// An optional number in the room of a number: state is kept of thousands of places.
@propertyWrapper
public struct SparingDouble: Sendable, Hashable {
    /// The number's bits, those of one NaN for none.
    private var bits: UInt64

    private static let none = UInt64(0x7FF8_0000_0000_0001)

    public init(wrappedValue: Double?) {
        bits = wrappedValue?.bitPattern ?? Self.none
    }

    /// No NaN is kept: it reads as nil.
    public var wrappedValue: Double? {
        get {
            let number = Double(bitPattern: bits)
            return number.isNaN ? nil : number
        }
        set { bits = newValue?.bitPattern ?? Self.none }
    }
}
