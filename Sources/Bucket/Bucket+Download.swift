import Core
import Events
import Transfer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Bucket {
    private static let downloads = BlockingExecutor("bucket.downloads", width: 4)

    /// Copies an object to a file with mode 0600, which appears under its name once it is complete
    /// and durable. An object of any size is read in parts of 8 MiB.
    ///
    /// - Parameter size: Its size in bytes, as a listing shows it.
    /// - Throws: `.answer` if the object's bytes are not those that were written, `.invalid` if the
    ///   file cannot be written.
    public func download(_ name: String, size: Int, to path: String) async throws(BucketFault) {
        let file = try await DownloadFile.create(path + ".tmp", on: Self.downloads)
        do throws(BucketFault) {
            var hash = SHA256()
            for start in stride(from: 0, to: size, by: Self.part) {
                let bytes = try await get(name, range: start..<min(start + Self.part, size))
                hash.update(bytes)
                try await file.append(bytes, on: Self.downloads)
            }
            let reply = try await send(BucketRequest(method: "HEAD", key: location.key(name)))
            let written = reply.header(Self.hashHeader)
            guard written == nil || written == ContentHash.hexDigits(hash.finish()) else {
                throw BucketFault(
                    .answer, place: "GET \(location.url)/\(name)",
                    words: "the object's bytes differ from those that were written")
            }
        } catch {
            await file.end(as: nil, on: Self.downloads)
            throw error
        }
        if let fault = await file.end(as: path, on: Self.downloads) {
            throw BucketFault(.invalid, place: fault.path, words: fault.reason)
        }
    }
}

/// A file that is being downloaded.
private struct DownloadFile: Sendable {
    let path: String
    let descriptor: Int32

    static func create(
        _ path: String, on executor: BlockingExecutor
    ) async throws(BucketFault) -> DownloadFile {
        try await executor.run { () throws(BucketFault) in
            let descriptor = open(
                path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else {
                throw BucketFault(.invalid, place: path, words: FileFault("open", path).reason)
            }
            return DownloadFile(path: path, descriptor: descriptor)
        }
    }

    func append(_ bytes: [UInt8], on executor: BlockingExecutor) async throws(BucketFault) {
        try await executor.run { () throws(BucketFault) in
            guard AtomicFile.append(bytes, to: descriptor) else {
                throw BucketFault(.invalid, place: path, words: FileFault("write", path).reason)
            }
        }
    }

    /// Makes the file durable and renames it; nil, or a fault, removes it.
    @discardableResult
    func end(as name: String?, on executor: BlockingExecutor) async -> FileFault? {
        await executor.run { () -> FileFault? in
            defer { close(descriptor) }
            do throws(FileFault) {
                guard let name else {
                    unlink(path)
                    return nil
                }
                try AtomicFile.publish(path, as: name)
                return nil
            } catch {
                unlink(path)
                return error
            }
        }
    }
}
