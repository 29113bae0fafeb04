import Archives
public import Bucket
import Core
import EventLog
import Events
import Replication

/// What the folders of two nodes that continue one log have in common: the id of the prefix, and
/// the key of the node's own lines.
public enum PairFolder {
    /// Gives a folder both, before anything in it is opened. The node that is first creates them in
    /// the bucket.
    ///
    /// A folder that follows the bucket's log already is left as it is, also without the bucket.
    ///
    /// - Throws: If the folder has a log of its own, or is new and the bucket does not answer.
    public static func prepare(
        _ bucket: Bucket, directory: String, node: String
    ) async throws(ShippingFault) {
        let lock = try await BlockingExecutor.shipping.run { () throws(ShippingFault) in
            do throws(EventLogError) { return try FolderLock(directory) } catch {
                throw ShippingFault.folder("\(error)")
            }
        }
        // Another process may use this folder.
        defer { lock.release() }
        let record = try ShippingRecord.load(directory)
        if let record, record.isRestored, !record.writers.isEmpty { return }
        let hasOwnLog = try FolderRestore.hasLog(directory)
        let hasLog = record == nil && hasOwnLog
        try await agreeOnID(bucket, directory, node, hasLog: hasLog)
        try await agreeOnKey(bucket, directory, hasLog: hasLog)
    }

    private static func agreeOnID(
        _ bucket: Bucket, _ directory: String, _ node: String, hasLog: Bool
    ) async throws(ShippingFault) {
        let id: String
        do throws(FileFault) { id = try PrefixOwner.ownID(in: directory) } catch {
            throw .folder("\(error)")
        }
        let owner: PrefixOwner?
        do throws(BucketFault) {
            owner = try await PrefixOwner.claim(
                bucket, id: id, node: node, now: WallClock.system.now)
        } catch { throw .undecided(place: directory, error) }
        guard let owner else { return }
        // Two nodes with different names are no pair.
        guard !hasLog, owner.node == node else { throw .otherCluster(place: directory) }
        do throws(FileFault) { try PrefixOwner.adopt(owner.id, in: directory) } catch {
            throw .folder("\(error)")
        }
    }

    private static func agreeOnKey(
        _ bucket: Bucket, _ directory: String, hasLog: Bool
    ) async throws(ShippingFault) {
        let own: [UInt8]
        do throws(FileFault) { own = try SealKey.own(in: directory) } catch {
            throw .folder("\(error)")
        }
        let shared: [UInt8]
        do throws(BucketFault) { shared = try await sharedKey(bucket, own) } catch {
            throw .undecided(place: directory, error)
        }
        guard shared != own else { return }
        // Lines of its own would no longer count as such.
        guard !hasLog else { throw .otherCluster(place: directory) }
        do throws(FileFault) { try SealKey.install(shared, in: directory) } catch {
            throw .folder("\(error)")
        }
    }

    /// The key in the bucket, which is `own` unless there is one.
    private static func sharedKey(
        _ bucket: Bucket, _ own: [UInt8]
    ) async throws(BucketFault) -> [UInt8] {
        if let key = try await bucket.present(FolderRestore.key) { return key }
        do throws(BucketFault) {
            _ = try await bucket.create(FolderRestore.key, own)
            return own
        } catch {
            // The other node was first.
            guard error.kind == .taken, let key = try await bucket.present(FolderRestore.key)
            else { throw error }
            return key
        }
    }
}
