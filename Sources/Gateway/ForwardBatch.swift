import Events
import JSONScan

/// The body of one forwarded batch, and what the answer to it means.
struct ForwardBatch: Sendable {
    /// The lines as `POST /v1/events` takes them.
    private(set) var body: [UInt8] = []
    /// How many there are.
    private(set) var lines = 0

    mutating func append(_ line: [UInt8]) {
        body.append(contentsOf: line)
        body.append(UInt8(ascii: "\n"))
        lines +|= 1
    }

    enum Answer: Equatable {
        /// Durable over there; `rejected` lines can never be accepted.
        case acknowledged(rejected: Int)
        case tooLarge
        /// Not an acknowledgement; `why` follows the notifier's address in a sentence.
        case again(why: String)

        /// Reads the answer to a batch of `lines` lines. Only an account of each of them is
        /// an acknowledgement.
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
                    // Something that is not a notifier answered: not an acknowledgement.
                    self = .again(why: "answered 200 without a receipt for these lines")
                    return
                }
                self = .acknowledged(rejected: rejected)
            case 400:
                // Only a notifier's own word that it looked at each line and can
                // take none, now or later, lets the cursor pass them.
                guard Self.rejected(in: receipt, upTo: lines) == lines else {
                    self = .again(why: "answered 400")
                    return
                }
                self = .acknowledged(rejected: lines)
            case 409 where receipt?["reason"]?.string == "node_name_taken":
                // Nothing is lost: the lines wait until one of the two has another name.
                self = .again(why: "has this node's name; give one of the two another `node`")
            case 413: self = .tooLarge
            default: self = .again(why: "answered \(status)")
            }
        }

        private static func count(_ name: String, in answer: JSONValue?, upTo total: Int) -> Int? {
            guard let number = answer?[name]?.count?.value, number <= total else { return nil }
            return number
        }

        /// How many lines were rejected. The list is cut; a receipt without the count lists all.
        static func rejected(in answer: JSONValue?, upTo total: Int) -> Int? {
            guard case .array(let listed)? = answer?["rejected"] else { return nil }
            guard answer?["rejected_total"] != nil else { return listed.count }
            return count("rejected_total", in: answer, upTo: total)
        }
    }
}
