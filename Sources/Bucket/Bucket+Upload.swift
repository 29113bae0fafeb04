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
    /// The size of the parts of a large upload in bytes; a smaller file is sent at once.
    static let part = 8 << 20

    /// Writes the first `size` bytes of a file as an object, replacing one of the same name.
    ///
    /// A large file is sent in parts of 8 MiB, one after another; readers see the object only when
    /// it is complete. If the file has fewer bytes, nothing is written. An object that is there
    /// with these bytes is left. Returns once the store shows the size and the SHA-256 of the file.
    public func upload(
        _ name: String, from path: String, size: Int
    ) async throws(BucketFault) {
        let file = try await UploadFile.open(path)
        do throws(BucketFault) {
            let hash = try await file.hash(size)
            if try await !holds(name, size, hash) {
                if size <= Self.part {
                    try await put(name, try await file.read(0..<size))
                } else {
                    try await uploadParts(name, file, size, hash)
                }
                guard try await holds(name, size, hash) else {
                    throw BucketFault(
                        .answer, place: "HEAD \(location.url)/\(name)",
                        words: "the store shows another size or checksum than was sent")
                }
            }
            await file.close()
        } catch {
            await file.close()
            throw error
        }
    }

    /// Whether an object has this size and this SHA-256. A store that keeps no metadata shows only
    /// the size.
    private func holds(
        _ name: String, _ size: Int, _ hash: String
    ) async throws(BucketFault) -> Bool {
        let reply = try await send(
            BucketRequest(method: "HEAD", key: location.key(name), expected: [200, 404]))
        guard reply.status == 200, reply.header("content-length").flatMap({ Int($0) }) == size
        else { return false }
        return reply.header(Self.hashHeader).map { $0 == hash } ?? true
    }

    private func uploadParts(
        _ name: String, _ file: UploadFile, _ size: Int, _ hash: String
    ) async throws(BucketFault) {
        let upload = try await beginUpload(name, headers: [(Self.hashHeader, hash)])
        do throws(BucketFault) {
            var parts: [String] = []
            for start in stride(from: 0, to: size, by: Self.part) {
                let bytes = try await file.read(start..<min(start + Self.part, size))
                let request = BucketRequest(
                    method: "PUT", key: location.key(name),
                    query: [("partNumber", "\(parts.count + 1)"), ("uploadId", upload.id)],
                    headers: [BucketRequest.checksum(bytes)], body: bytes)
                guard let tag = try await send(request).header("etag") else {
                    throw BucketFault(
                        .answer, place: request.place(location), words: "the answer has no ETag")
                }
                parts.append(tag)
            }
            try await complete(upload, parts, size)
        } catch {
            await giveUp(upload)
            throw error
        }
    }

    /// An upload in parts that is not yet complete.
    struct Upload: Sendable {
        let name: String
        let id: String
    }

    func beginUpload(
        _ name: String, headers: [(String, String)] = []
    ) async throws(BucketFault) -> Upload {
        let request = BucketRequest(
            method: "POST", key: location.key(name), query: [("uploads", "")], headers: headers)
        let reply = try await send(request)
        guard let id = XMLValues.read(reply.body, ["UploadId"])["UploadId"] else {
            throw BucketFault(
                .answer, place: request.place(location), words: "the answer names no upload")
        }
        return Upload(name: name, id: id)
    }

    /// Removes the parts of an upload that failed: they cost money until then.
    ///
    /// In a task of its own, because this one may be cancelled. From then on for a bounded time,
    /// because a node that ends must not wait for a store that does not answer.
    private func giveUp(_ upload: Upload) async {
        let removal = Task { try? await abortUpload(upload) }
        await withTaskCancellationHandler {
            _ = await removal.value
        } onCancel: {
            Task {
                try? await Task.sleep(for: Self.longestAbort)
                removal.cancel()
            }
        }
    }

    private static let longestAbort = Duration.seconds(3)

    /// Removes the parts of an upload. Does nothing if it is gone.
    func abortUpload(_ upload: Upload) async throws(BucketFault) {
        _ = try await send(
            BucketRequest(
                method: "DELETE", key: location.key(upload.name), query: [("uploadId", upload.id)],
                expected: [200, 204, 404]))
    }

    private func complete(
        _ upload: Upload, _ parts: [String], _ size: Int
    ) async throws(BucketFault) {
        let items = parts.enumerated().map { number, tag in
            let tag = tag.filter { $0 != "\"" && $0 != "<" && $0 != "&" }
            return "<Part><PartNumber>\(number + 1)</PartNumber><ETag>\"\(tag)\"</ETag></Part>"
        }
        let body = "<CompleteMultipartUpload>\(items.joined())</CompleteMultipartUpload>"
        let request = BucketRequest(
            method: "POST", key: location.key(upload.name), query: [("uploadId", upload.id)],
            headers: [("Content-Type", "application/xml")], body: Array(body.utf8),
            expected: [200, 404])
        let reply = try await send(request)
        if reply.status == 404 {
            // The upload is gone: an earlier try, whose answer was lost, completed it.
            guard try await self.size(upload.name) == size else {
                throw BucketFault(
                    .answer, place: request.place(location), words: "the upload is gone")
            }
            return
        }
        // This action may answer 200 and report a failure in the body (Amazon S3 API Reference).
        let values = XMLValues.read(reply.body, ["Code", "Message", "Key"])
        guard values["Code"] == nil else {
            throw BucketFault(
                .busy, place: request.place(location),
                words: "\(values["Code"] ?? "") \(values["Message"] ?? "")")
        }
    }
}

/// A file that is uploaded, read outside the cooperative pool.
private struct UploadFile: Sendable {
    private static let executor = BlockingExecutor("bucket.files", width: 4)

    let path: String
    let descriptor: Int32

    static func open(_ path: String) async throws(BucketFault) -> UploadFile {
        try await executor.run { () throws(BucketFault) in
            let descriptor = openToRead(path)
            guard descriptor >= 0 else {
                throw BucketFault(.invalid, place: path, words: FileFault("open", path).reason)
            }
            return UploadFile(path: path, descriptor: descriptor)
        }
    }

    func read(_ range: Range<Int>) async throws(BucketFault) -> [UInt8] {
        try await Self.executor.run { () throws(BucketFault) in
            var bytes = [UInt8](repeating: 0, count: range.count)
            var filled = 0
            while filled < bytes.count {
                let count = bytes.withUnsafeMutableBytes {
                    pread(
                        descriptor, $0.baseAddress?.advanced(by: filled), $0.count - filled,
                        off_t(range.lowerBound + filled))
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    let words = count < 0 ? FileFault("read", path).reason : "the file is shorter"
                    throw BucketFault(.invalid, place: path, words: words)
                }
                filled += count
            }
            return bytes
        }
    }

    /// The SHA-256 of the first `size` bytes, in hex.
    func hash(_ size: Int) async throws(BucketFault) -> String {
        var hash = SHA256()
        for start in stride(from: 0, to: size, by: 1 << 20) {
            hash.update(try await read(start..<min(start + 1 << 20, size)))
        }
        return ContentHash.hexDigits(hash.finish())
    }

    func close() async {
        await Self.executor.run { closeDescriptor(descriptor) }
    }
}

private func openToRead(_ path: String) -> Int32 { open(path, O_RDONLY | O_CLOEXEC) }

/// Calls `close(2)`, which the method `close` hides.
private func closeDescriptor(_ descriptor: Int32) { close(descriptor) }
