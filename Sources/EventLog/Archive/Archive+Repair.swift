extension Archive {
    /// Rewrites the archive and its index.
    ///
    /// Members in `bad` and lines that are not JSON objects become blank lines of the same
    /// length, so that the offsets of the other lines do not change.
    func rewrite(_ index: SegmentIndex, without bad: Set<Int>) throws(SystemFault) {
        let files = folder.files
        let path = folder.file(name.archive)
        let temporary = path + SegmentName.temporary
        let rebuilt: [UInt8]
        let source = try files.openToRead(path)
        do throws(SystemFault) {
            defer { files.close(source) }
            let target = try files.openToWrite(temporary, fresh: true)
            defer { files.close(target) }
            var output = ArchiveWriter(
                file: target, files: files, deflater: Deflater(level: 6), level: 6)
            let inflater = Inflater()
            for (i, member) in index.members.enumerated() {
                let lines = bad.contains(i) ? nil : try self.lines(of: member, with: inflater)
                if var lines {
                    Self.blankForeignLines(in: &lines)
                    var fault: SystemFault?
                    lines.withUnsafeBytes { bytes in
                        do throws(SystemFault) {
                            try output.append(bytes, at: member.start)
                        } catch { fault = error }
                    }
                    if let fault { throw fault }
                } else {
                    try output.fill(upTo: member.end)
                }
            }
            try output.finish()
            try files.sync(target)
            rebuilt = output.encodedIndex(closedAt: index.closedAt)
        } catch {
            try? files.remove(temporary)
            throw error
        }
        try files.replace(folder.file(name.index), in: folder.path, with: rebuilt)
        try files.rename(temporary, to: path)
        try files.syncFolder(folder.path)
    }

    private static func blankForeignLines(in lines: inout [UInt8]) {
        var foreign: [Range<Int>] = []
        lines.withUnsafeBytes { bytes in
            bytes.forEachLine { line, start in
                if !line.isFiller, !line.isObject { foreign.append(start..<start + line.count) }
            }
        }
        for range in foreign {
            lines.replaceSubrange(
                range, with: repeatElement(UInt8(ascii: " "), count: range.count))
        }
    }
}
