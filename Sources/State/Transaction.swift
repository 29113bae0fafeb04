import GRDB

extension Store {
    /// An open transaction on the state file. Valid only within the body that received it.
    public struct Transaction {
        let connection: Database

        init(_ connection: Database) { self.connection = connection }
    }
}
