import App
import ArgumentParser
import EventLog
import Foundation
import Server
import Settings
import State

/// A data folder on this machine. Opening it creates and migrates nothing.
struct LocalNode {
    let settings: Settings
    let folder: DataFolder

    /// Reads the configuration and finds its data folder; exits with 78 if the configuration is
    /// invalid, with 69 if there is no data folder.
    init(configuration: String) throws {
        settings = try Search.settings(configuration)
        do throws(DataFolder.Fault) { folder = try DataFolder.existing(settings) } catch {
            Standard.error("bellwether: \(error)")
            throw ExitCode(69)
        }
    }

    /// The state file; works while the node runs.
    func store(_ opening: Store.Opening) throws -> Store {
        do { return try Store(path: folder.state, opening) } catch let fault as StoreError {
            Standard.error("bellwether: \(fault)")
            throw ExitCode(69)
        }
    }

    func tokens(_ opening: Store.Opening) async throws -> TokenRegistry {
        try await TokenRegistry(store: store(opening))
    }

    var log: EventLogFiles { EventLogFiles(directory: folder.path) }

    /// A client of the node that runs on this data folder, with the first start's token `read`.
    func client() throws -> RemoteNode {
        try Search.ending { () throws(RemoteNode.Fault) in
            try RemoteNode(of: settings, folder: folder)
        }
    }
}

extension Search {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }
}
