import Core

/// A file that holds one credential.
enum SecretFile {
    /// Returns the file's UTF-8 text without surrounding white space; never empty.
    static func read(_ path: String) throws(SecretFault) -> String {
        func fault(_ words: String) -> SecretFault {
            SecretFault(source: "file \(ShownText.file(path))", fault: words)
        }
        let bytes: [UInt8]
        do throws(BoundedFile.Fault) {
            bytes = try BoundedFile(reading: path, limit: 64 * 1024).bytes
        } catch {
            switch error {
            case .system(let system): throw fault(system.reason)
            case .tooLarge, .notRegular: throw fault("it is larger than 64KiB")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self).map(trimmed) else {
            let isWide = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
            throw fault("it is \(isWide ? "UTF-16" : "not UTF-8") text")
        }
        if let words = self.fault(in: text) { throw fault(words) }
        return text
    }

    /// Why a trimmed text is not a credential; nil if it may be one. Credentials are used in headers,
    /// addresses and SMTP dialogues, where a second line would be another command.
    static func fault(in text: String) -> String? {
        if text.isEmpty { return "it is empty" }
        let isOneLine = text.utf8.allSatisfy { $0 != 0x0A && $0 != 0x0D && $0 != 0 }
        return isOneLine ? nil : "it holds more than one line"
    }

    /// The text without a leading byte-order mark and surrounding blanks, tabs and line breaks.
    static func trimmed(_ text: String) -> String {
        func isSpace(_ byte: UInt8) -> Bool {
            byte == 0x20 || (0x09...0x0D).contains(byte)
        }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let bytes = text.utf8.starts(with: mark) ? text.utf8.dropFirst(mark.count) : text.utf8[...]
        let head = bytes.drop(while: isSpace)
        guard let last = head.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(head[...last]) ?? ""
    }
}
