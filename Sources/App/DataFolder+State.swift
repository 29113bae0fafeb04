import Foundation
import State

extension DataFolder {
    /// Removes the state file of a log that is restored from the bucket: its positions are those of
    /// other lines. Returns the tokens that people made, which are nowhere else.
    func dropState() async throws -> [TokenTable.Row] {
        guard FileManager.default.fileExists(atPath: state) else { return [] }
        var rows: [TokenTable.Row] = []
        if let store = try? Store(path: state) {
            rows = (try? await store.read { db in try TokenTable.all(db) }) ?? []
            try? store.close()
        }
        for path in [state, state + "-wal", state + "-shm"]
        where FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
        return rows.filter { $0.revoked == nil && $0.ended.isEmpty }
    }
}
