/// The marks beside the log, replaced as segments are closed; those before them are
/// kept, so that losing one file costs reading one segment more on start.
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
