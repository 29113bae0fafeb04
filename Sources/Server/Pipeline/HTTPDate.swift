import Events
import Synchronization

/// The `Date` header (IMF-fixdate, RFC 9110 §5.6.7), formatted at most once a second.
final class HTTPDate: Sendable {
    private struct Formatted {
        var second: Int64 = .min
        var text = ""
    }

    private let clock: WallClock
    private let last = Mutex(Formatted())

    init(clock: WallClock) { self.clock = clock }

    var now: String {
        let milliseconds = clock.now.milliseconds
        let second = milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0)
        return last.withLock { last in
            if last.second != second {
                last = Formatted(second: second, text: Self.text(second: second))
            }
            return last.text
        }
    }

    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `second` counts from 1970-01-01, which was a Thursday. The year has four digits, so it is
    /// limited to 0001 to 9999.
    static func text(second: Int64) -> String {
        let second = min(
            max(second, -62_135_596_800), Timestamp.range.upperBound.milliseconds / 1000)
        // Such as 2026-11-23T06:00:00.000Z.
        let digits = Array(Timestamp(milliseconds: second * 1000).rfc3339.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
        let day = Int(((second / 86400 - (second % 86400 < 0 ? 1 : 0)) % 7 + 7) % 7)
        let month = Int(part(5..<7)).map { months[$0 - 1] } ?? ""
        return "\(days[day]), \(part(8..<10)) \(month) \(part(0..<4)) \(part(11..<19)) GMT"
    }
}
