/// Stores the dedup index beside the segments. A new copy is written when a segment is closed.
///
/// The previous copy is kept, so that a start without the newest one reads only the segments since
/// then.
struct DedupIndexFile {
    let folder: LogFolder
    let ledger: DiskUsage

    /// Without the files, opening the log reads the archives instead.
    func save(_ marks: DedupIndex, covering number: UInt64) {
        let bytes = marks.encoded(covering: number)
        let (path, older) = (
            folder.file(SegmentName.marks), folder.file(SegmentName.olderMarks)
        )
        if ledger.hasSpace(forSideFile: bytes.count, copies: 3) {
            try? folder.files.rename(path, to: older)
        } else {
            try? folder.files.remove(older)
            guard ledger.hasSpace(forSideFile: bytes.count, copies: 2) else {
                try? folder.files.remove(path)
                return
            }
        }
        try? folder.files.replace(path, in: folder.path, with: bytes)
    }
}
