import Core
import Events
import JSON
import Transfer

/// The body of one forwarded batch, and the meaning of the notifier's answer.
struct ForwardBatch: Sendable {
    /// The lines in the format of `POST /v1/events`.
    private(set) var body: [UInt8] = []
    /// The number of lines.
    private(set) var lines = 0

    /// Adds a line, unless it is a decision: those concern this node alone, and the notifier
    /// refuses them.
    mutating func append(_ line: [UInt8]) {
        if Self.isDecision(line) { return }
        body.append(contentsOf: line)
        body.append(UInt8(ascii: "\n"))
        lines +|= 1
    }

    /// The state of the notifier's bucket, from an acknowledgement.
    enum Shipping: Sendable, Equatable {
        /// The notifier has no bucket: an acknowledged line is as safe as it gets.
        case absent
        case report(ShippedReport)
        /// The answer has no report, as when every line was rejected.
        case unreported
        /// The report cannot be read; what it was is quoted.
        case unreadable(String)

        var report: ShippedReport? {
            guard case .report(let report) = self else { return nil }
            return report
        }
    }

    /// Whether only the node itself may write such a line.
    private static func isDecision(_ line: [UInt8]) -> Bool {
        line.withUnsafeBytes { line in
            var view = EventView()
            guard view.read(line), let name = view[.event] else { return false }
            return EventName.kind(name, in: line)?.isReserved == true
        }
    }

    enum Answer: Equatable {
        /// The notifier has stored the batch durably; it rejected `rejected` lines permanently.
        case acknowledged(rejected: Int, Shipping)
        case tooLarge
        /// Every line has the notifier's own name. Not acknowledged: the lines stay in the log until
        /// one of the two nodes is renamed.
        case nameTaken
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
                self = .acknowledged(rejected: rejected, Shipping(receipt))
            case 400:
                // The cursor passes these lines only if the notifier states that it examined
                // and rejected each of them.
                guard Self.rejected(in: receipt, upTo: lines) == lines else {
                    self = .again(why: "answered 400")
                    return
                }
                self = .acknowledged(rejected: lines, .unreported)
            case 409 where receipt?["reason"]?.string == "node_name_taken":
                self = .nameTaken
            case 413: self = .tooLarge
            case 415:
                self = .again(
                    why: "answered 415; if it accepts no gzip, set forward.compress to false")
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

extension ForwardBatch.Shipping {
    /// Reads the member `shipped` of a receipt:
    /// `{"node":"notifier-a","term":7,"end":"41:1830","to":"41:1200"}`.
    init(_ receipt: JSONValue?) {
        guard let shipped = receipt?["shipped"] else {
            self = .absent
            return
        }
        guard let node = shipped["node"]?.string, !node.isEmpty, node.utf8.count <= 253,
            let term = shipped["term"]?.integer.flatMap({ Int(exactly: $0) }), term >= 0,
            let end = shipped["end"]?.string.flatMap({ LogPosition($0) }),
            let to = shipped["to"]?.string.flatMap({ LogPosition($0) })
        else {
            var json = JSONWriter()
            json.value(shipped)
            self = .unreadable(InertText.line(json.text, limit: 200))
            return
        }
        self = .report(ShippedReport(node: node, term: term, end: end, shipped: to))
    }
}
