import Events

/// An attempt's signals by name.
struct SignalBoard {
    /// In the order in which their names first appeared.
    private(set) var signals: [Signal] = []
    private var places: [String: Int] = [:]

    /// Keeps the first signal with a value of those with the same name.
    init(_ source: [Signal]) {
        for signal in source {
            if let place = places[signal.name] {
                if case .absent = signals[place].value { signals[place] = signal }
            } else {
                places[signal.name] = signals.count
                signals.append(signal)
            }
        }
    }

    subscript(name: String) -> Signal? { places[name].map { signals[$0] } }
}
