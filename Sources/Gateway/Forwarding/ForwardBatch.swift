import Events
import JSON

/// The body of one forwarded batch, and the meaning of the notifier's answer.
struct ForwardBatch: Sendable {
    /// The lines in the format of `POST /v1/events`.
    private(set) var body: [UInt8] = []
    /// The number of lines.
    private(set) var lines = 0

    mutating func append(_ line: [UInt8]) {
        body.append(contentsOf: line)
        body.append(UInt8(ascii: "\n"))
        lines +|= 1
    }

    /// Whether only the node itself may write such a line.
    static func isDecision(_ line: [UInt8]) -> Bool {
        line.withUnsafeBytes { line in
            var view = EventView()
            guard view.read(line), let name = view[.event] else { return false }
            return EventName.kind(name, in: line)?.isReserved == true
        }
    }

    enum Answer: Equatable {
        /// The notifier has stored the batch durably; it rejected `rejected` lines for good.
        case acknowledged(rejected: Int)
        case tooLarge
        /// Not acknowledged. `why` is text that follows the notifier's address in a sentence.
        case again(why: String)

        /// Reads the answer to a batch of `lines` lines. Only an answer that accounts for each
        /// line is an acknowledgement.
        init(status: Int, body: [UInt8], lines: Int) {
            let receipt = try? JSONValue(
                parsing: body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 8))
            switch status {
            case 200:
                guard let accepted = Self.count("accepted", in: receipt, upTo: lines),
                    let duplicates = Self.count("duplicates", in: receipt, upTo: lines),
                    let rejected = Self.rejected(in: receipt, upTo: lines),
                    accepted +| duplicates +| rejected == lines
                else {
                    // The answer is not from a notifier.
                    self = .again(why: "answered 200 without a receipt for these lines")
                    return
                }
                self = .acknowledged(rejected: rejected)
            case 400:
                // The cursor passes these lines only if the notifier states that it examined
                // and rejected each of them.
                guard Self.rejected(in: receipt, upTo: lines) == lines else {
                    self = .again(why: "answered 400")
                    return
                }
                self = .acknowledged(rejected: lines)
            case 409 where receipt?["reason"]?.string == "node_name_taken":
                // Nothing is lost: the lines stay in the log until one node is renamed.
                self = .again(why: "has this node's name; give one of the two another `node`")
            case 413: self = .tooLarge
            default: self = .again(why: "answered \(status)")
            }
        }

        private static func count(_ name: String, in answer: JSONValue?, upTo total: Int) -> Int? {
            guard let number = answer?[name]?.count?.value, number <= total else { return nil }
            return number
        }

        /// The number of rejected lines. `rejected` may be truncated; without `rejected_total`
        /// it is complete.
        static func rejected(in answer: JSONValue?, upTo total: Int) -> Int? {
            guard case .array(let listed)? = answer?["rejected"] else { return nil }
            guard answer?["rejected_total"] != nil else { return listed.count }
            return count("rejected_total", in: answer, upTo: total)
        }
    }
}
