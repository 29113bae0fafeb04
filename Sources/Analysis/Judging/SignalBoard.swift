import Events

/// An attempt's signals by name.
struct SignalBoard {
    /// In the order in which their names first came.
    private(set) var signals: [Signal] = []
    private var places: [String: Int] = [:]

    /// Of two signals of one name the first that carries a value is kept.
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
