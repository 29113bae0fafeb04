import Replication

/// The objects of one run. A create is atomic at the moment at which it is applied.
struct SimulatedStore {
    /// Whether `If-None-Match: *` is honoured.
    let isCreateOnly: Bool
    private(set) var objects: [UInt64: LogObject] = [:]
    private(set) var overwritten = 0

    init(isCreateOnly: Bool) { self.isCreateOnly = isCreateOnly }

    mutating func create(_ object: LogObject) -> Replica.Outcome {
        if let held = objects[object.number], held != object {
            if isCreateOnly { return .taken }
            overwritten += 1
        }
        objects[object.number] = object
        return .stands
    }
}

/// The lines of the simulated log, one word each.
enum SimulatedLine: Hashable {
    /// A failure that a gateway reports.
    case event(Int)
    /// A digest of it is composed; its id names the life that composed it.
    case composed(Int, by: String)
    /// The digest was sent.
    case sent(Int)

    var text: String {
        switch self {
        case .event(let number): "e \(number)"
        case .composed(let number, let writer): "c \(number) \(writer)"
        case .sent(let number): "s \(number)"
        }
    }

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: " ")
        guard parts.count >= 2, let number = Int(parts[1]) else { return nil }
        switch parts[0] {
        case "e": self = .event(number)
        case "c" where parts.count == 3: self = .composed(number, by: String(parts[2]))
        case "s": self = .sent(number)
        default: return nil
        }
    }

    static func bytes(_ lines: some Sequence<SimulatedLine>) -> [UInt8] {
        lines.flatMap { Array($0.text.utf8) + [UInt8(ascii: "\n")] }
    }

    static func lines(_ bytes: [UInt8]) -> [SimulatedLine] {
        bytes.split(separator: UInt8(ascii: "\n")).compactMap {
            SimulatedLine(String(decoding: $0, as: UTF8.self))
        }
    }
}
