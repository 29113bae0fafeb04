import GRDB

/// A row's column holds a value of another type, such as a text in a column of numbers.
struct UnreadableValue: Error {
    let column: String
}

extension Row {
    /// The value of a column.
    ///
    /// GRDB's subscripts end the process for a value of another type, which SQLite stores in any
    /// column. GRDB's own error would quote the row.
    func read<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        do { return try decode(Value.self, forColumn: column) } catch {
            throw UnreadableValue(column: column)
        }
    }
}
