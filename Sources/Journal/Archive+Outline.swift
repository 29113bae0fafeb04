import Events

extension Archive {
    /// How much a sealed segment holds.
    struct Outline {
        /// When its last group was accepted; of an archive without its index, when the
        /// file was written.
        var closedAt: Timestamp
        var lines: Int
        /// Bytes of lines.
        var end: UInt64
    }

    /// By the head of the index, else by the members' headers: nothing is inflated, so
    /// that a start without indexes takes no longer. Only where a header is damaged too
    /// is the archive read. The index tells also what an archive held that was cut.
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
