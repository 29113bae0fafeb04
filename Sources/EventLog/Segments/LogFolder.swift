/// The folder `log/`. Its segments are determined by file names alone.
struct LogFolder: Sendable {
    let path: String
    let files: any LogFileSystem

    init(below directory: String, files: any LogFileSystem) {
        path = directory + "/log"
        self.files = files
    }

    /// What a file name denotes.
    enum Entry: Sendable, Equatable {
        case closed(SegmentName)
        case archive(SegmentName)
        case index(SegmentName)
        case temporary(String)
        case other(String)

        init(_ name: String) {
            if name.hasSuffix(SegmentName.temporary) || name == SegmentName.next {
                self = .temporary(name)
            } else if name.hasSuffix(".jsonl.gz"), let stem = SegmentName(stem: name.dropLast(9)) {
                self = .archive(stem)
            } else if name.hasSuffix(".jsonl"), let stem = SegmentName(stem: name.dropLast(6)) {
                self = .closed(stem)
            } else if name.hasSuffix(".idx"), let stem = SegmentName(stem: name.dropLast(4)) {
                self = .index(stem)
            } else {
                self = .other(name)
            }
        }
    }

    /// A segment that accepts no more lines.
    struct Segment: Sendable, Equatable {
        let name: SegmentName
        let sealed: Bool
    }

    func file(_ name: String) -> String { path + "/" + name }

    func entries() throws(SystemFault) -> [Entry] { try files.names(in: path).map(Entry.init) }

    /// Closed and sealed segments by number. A plain file beside its archive is left out.
    func segments() throws(SystemFault) -> [Segment] {
        var found: [UInt64: Segment] = [:]
        for entry in try entries() {
            switch entry {
            case .archive(let name): found[name.number] = Segment(name: name, sealed: true)
            case .closed(let name):
                if found[name.number] == nil {
                    found[name.number] = Segment(name: name, sealed: false)
                }
            default: break
            }
        }
        return found.values.sorted { $0.name < $1.name }
    }

    /// Hints that the indexes of the first of these segments will be read, if that waits for a
    /// network.
    func expectIndexes(of segments: some Sequence<Segment>) {
        guard files.isDistant else { return }
        files.expect(
            segments.prefix(ReadPlan.atOnce).filter(\.sealed).map {
                (file($0.name.index), 0..<ReadPlan.index)
            })
    }
}
