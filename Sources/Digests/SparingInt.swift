/// An optional Int in 8 bytes; `Int.min` represents nil.
@propertyWrapper
public struct SparingInt: Sendable, Hashable {
    private var number: Int

    public init(wrappedValue: Int?) { number = wrappedValue ?? .min }

    public var wrappedValue: Int? {
        get { number == .min ? nil : number }
        set { number = newValue ?? .min }
    }
}
