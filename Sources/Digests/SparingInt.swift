/// An optional whole number in the room of one; the least of them stands for none.
@propertyWrapper
public struct SparingInt: Sendable, Hashable {
    private var number: Int

    public init(wrappedValue: Int?) { number = wrappedValue ?? .min }

    public var wrappedValue: Int? {
        get { number == .min ? nil : number }
        set { number = newValue ?? .min }
    }
}
