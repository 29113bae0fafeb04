import Events
import JSON

/// Texts of any length in the lines of the log, whose length is limited.
///
/// A decision is one or more lines that are appended together. Its texts are in the member
/// `texts` of the lines, as `{"name":…,"text":…}`; a text that does not fit continues in the next
/// line under the same name.
struct DecisionTexts {
    /// The texts in order.
    private(set) var all: [(name: String, text: String)] = []

    /// The text of that name; nil if there is none.
    subscript(name: String) -> String? { all.first { $0.name == name }?.text }

    mutating func add(_ name: String, _ text: String) {
        // Only the last text of a line continues in the next one.
        if let place = all.indices.last, all[place].name == name {
            all[place].text += text
        } else {
            all.append((name, text))
        }
    }

    /// Adds the texts of the next line.
    mutating func add(_ event: Event) {
        guard case .array(let texts)? = event.extra("texts") else { return }
        for text in texts {
            guard let name = text["name"]?.string, let part = text["text"]?.string else { continue }
            add(name, part)
        }
    }

    /// The most bytes of texts in a line as they are written; the rest of the line is far less
    /// than the difference to the log's 64 KiB.
    static let lineBytes = 44 << 10

    /// The values of the member `texts` of each line.
    var lines: [JSONValue] {
        var lines: [[JSONValue]] = [[]]
        var left = Self.lineBytes
        for (name, text) in all {
            var rest = text.unicodeScalars[...]
            // With its quotes, the names of its members and its braces.
            let cost = Self.most(name) + 24
            if left < cost, left < Self.lineBytes {
                lines.append([])
                left = Self.lineBytes
            }
            // Most texts fit as they are.
            let whole = Self.most(text)
            if whole <= left - cost {
                lines[lines.count - 1].append(Self.value(name, text))
                left -= whole + cost
                continue
            }
            repeat {
                let (part, bytes) = Self.prefix(of: rest, within: left - cost)
                // Not one scalar more fits: the next line has room for it.
                if part.isEmpty, !rest.isEmpty {
                    lines.append([])
                    left = Self.lineBytes
                    continue
                }
                lines[lines.count - 1].append(
                    Self.value(name, String(String.UnicodeScalarView(part))))
                left -= bytes + cost
                rest = rest[part.endIndex...]
            } while !rest.isEmpty
        }
        return lines.map(JSONValue.array)
    }

    private static func value(_ name: String, _ text: String) -> JSONValue {
        .object([.init("name", .string(name)), .init("text", .string(text))])
    }

    /// The most bytes that a text takes in JSON.
    private static func most(_ text: String) -> Int {
        var text = text
        return text.withUTF8 { utf8 in
            var bytes = utf8.count
            for byte in utf8 {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += 1
                case ..<0x20, 0x7F: bytes += 5
                // U+2028 and U+2029 begin with it, and take 6 bytes instead of 3.
                case 0xE2: bytes += 3
                default: break
                }
            }
            return bytes
        }
    }

    /// The longest beginning that takes at most `limit` bytes in JSON, and how many it takes.
    private static func prefix(
        of text: Substring.UnicodeScalarView, within limit: Int
    ) -> (part: Substring.UnicodeScalarView, bytes: Int) {
        var bytes = 0
        var end = text.startIndex
        while end < text.endIndex {
            let scalar = text[end]
            let size =
                switch scalar {
                case "\"", "\\": 2
                case "\u{0}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}": 6
                default: UTF8.width(scalar)
                }
            guard bytes + size <= limit else { break }
            bytes += size
            end = text.index(after: end)
        }
        return (text[..<end], bytes)
    }
}
