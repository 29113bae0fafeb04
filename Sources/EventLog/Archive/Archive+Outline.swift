import Events

extension Archive {
    /// The size and age of a sealed segment.
    struct Outline {
        /// When the last group was accepted; without an index, the file's modification time.
        var closedAt: Timestamp
        var lines: Int
        /// Bytes of lines.
        var end: UInt64
    }

    /// Returns the outline from the head of the index, or else from the members' headers.
    ///
    /// Headers need no decompression, so opening a log without indexes stays fast. The archive is
    /// decompressed only if a header is damaged too. The index also counts lines of an archive
    /// that was truncated later.
    func outline() throws(SystemFault) -> Outline {
        if let file = try IndexFile(folder.file(name.index), files: folder.files) {
            return Outline(closedAt: file.closedAt, lines: file.lines, end: file.end)
        }
        if let outline = try outlineByHeaders() { return outline }
        let index = try rebuild().index
        return Outline(closedAt: index.closedAt, lines: index.lines, end: index.end)
    }

    private func outlineByHeaders() throws(SystemFault) -> Outline? {
        let files = folder.files
        let file = try files.openToRead(folder.file(name.archive))
        defer { files.close(file) }
        let facts = try files.facts(file)
        var outline = Outline(
            closedAt: Timestamp(milliseconds: facts.modified), lines: 0, end: 0)
        var offset = 0
        while offset < facts.bytes {
            let header = try files.read(file, at: offset, count: GzipMember.headerLength)
            guard let sizes = header.withUnsafeBytes({ GzipMember.sizes($0) }) else { return nil }
            outline.lines +|= sizes.lines
            outline.end +|= UInt64(sizes.plain)
            offset += sizes.packed
        }
        return offset == facts.bytes ? outline : nil
    }
}
