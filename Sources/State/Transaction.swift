import GRDB

extension Store {
    /// An open transaction on the state file. Valid only within the body that received it.
    public struct Transaction {
        let connection: Database

        init(_ connection: Database) { self.connection = connection }

        /// The statement, compiled once for the connection. For statements of every digest or
        /// delivery: compiling one with triggers takes longer than running it.
        func statement(_ sql: String) throws -> Statement {
            try connection.cachedStatement(sql: sql)
        }
    }
}
