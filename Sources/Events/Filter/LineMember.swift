public import JSON

/// Finds top-level members of a line of the log, which is already validated.
///
/// Stops scanning as soon as the caller has what it needs.
public enum LineMember {
    /// Calls `visit` for the value of each member called `name` until it returns false.
    public static func visit(
        _ name: [UInt8], in line: UnsafeRawBufferPointer, _ visit: (JSONScanner.Slice) -> Bool
    ) {
        try? JSONScanner.members(of: line, limits: .event) { key, value throws(JSONFault) in
            guard key.spells(name, in: line) else { return }
            // Any error ends the scan.
            guard visit(value) else { throw JSONFault(.trailingBytes, at: value.range.upperBound) }
        }
    }

    /// The value of the first member called `name`.
    public static func first(
        _ name: [UInt8], in line: UnsafeRawBufferPointer
    ) -> JSONScanner.Slice? {
        var found: JSONScanner.Slice?
        visit(name, in: line) { value in
            found = value
            return false
        }
        return found
    }
}
