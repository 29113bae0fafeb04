import Events

extension LineSource {
    /// The last `count` lines that match, in order, and the place after the last
    /// acknowledged line. Walks backwards, segment by segment and member by member.
    static func last(
        _ count: Int, of query: JournalQuery, in view: any LogView
    ) throws(JournalError) -> JournalBatch {
        do throws(SystemFault) {
            let horizon = try view.horizon()
            var batch = JournalBatch(end: horizon, isCaughtUp: true)
            for chunk in try chunks(of: view, before: horizon).reversed() {
                guard batch.lines.count < count else { break }
                var found: [JournalLine] = []
                var source = LineSource(view, from: chunk.start)
                do throws(JournalError) {
                    try source.read(span: query.span) { line, end in
                        guard end <= chunk.end else { return .enough }
                        if query.matches(line) {
                            found.append(JournalLine(bytes: Array(line), end: end))
                        }
                        return end == chunk.end ? .enough : .more
                    }
                } catch .system(let call, let path, let code) {
                    throw SystemFault(call, path, code: code)
                } catch { continue }
                batch.lines = found.suffix(count - batch.lines.count) + batch.lines
                batch.skipped += source.skipped
            }
            return batch
        } catch { throw error.journalError }
    }

    /// Stretches of the log that can be read alone, in order.
    private static func chunks(
        of view: any LogView, before horizon: LogPosition
    ) throws(SystemFault) -> [(start: LogPosition, end: LogPosition)] {
        var chunks: [(start: LogPosition, end: LogPosition)] = []
        for segment in try view.folder.segments() where segment.name.number < horizon.segment {
            let number = segment.name.number
            guard segment.sealed else {
                chunks.append(
                    (
                        LogPosition(segment: number, offset: 0),
                        LogPosition(segment: number, offset: .max)
                    ))
                continue
            }
            let index = try Archive(folder: view.folder, name: segment.name).index()
            for member in index.members {
                chunks.append(
                    (
                        LogPosition(segment: number, offset: member.start),
                        LogPosition(segment: number, offset: member.end)
                    ))
            }
        }
        chunks.append((LogPosition(segment: horizon.segment, offset: 0), horizon))
        return chunks
    }
}
