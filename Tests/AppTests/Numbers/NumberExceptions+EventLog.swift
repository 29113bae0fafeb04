extension NumberExceptions {
    static let eventLog = ##"""
        # places
        EventLog/Append/AppendQueue: state.waitingBytes + request.bytes.count
        EventLog/Append/CommitGroup: all operators · source[run] · pieces[pieces.count - 1]
        EventLog/Append/CommitLine: count: 8 - hex.count) + hex ·
            CommitLine.prefix.count + CommitLine.trailer
        EventLog/Append/ScannedLine: all operators · all subscripts
        EventLog/Append/SegmentWriter: $0 + $1.bytes.count · request.lines.count - accepted ·
            segment.physicalEnd + group.count
        EventLog/Archive/Archive+Repair: path + SegmentName.temporary · start + line.count
        EventLog/Archive/Archive: piece.count - GzipMember.headerLength · start + piece.count
        EventLog/Archive/ArchiveWriter: builder.index.end + UInt64(pending.count · start - position ·
            length - 1 · start + line.count · written += packed.count
        EventLog/Archive/ByteCoding: bytes.count - 4 · at + 8 · at += 8 · at + 4 · at += 4 · at += 1 ·
            at + Int(count · at += Int(count
        EventLog/Archive/Bytes+Search: all operators · self[at - 1]
        EventLog/Archive/PackedText: start + GzipMember.maxPlain · packed += member ·
            text.count + sizes.plain · text += part
        EventLog/Dedup/DedupIndex: ids.count + olderIds.count
        EventLog/Dedup/Hash128: at += 8 · 8 * (i
        EventLog/Dedup/Hash128Table: all operators
        EventLog/Dedup/SequenceMark: earlier.count + 1 · low - 1 · i - 1 · high -= 1 ·
            runCount - count · low + high · middle + 1
        EventLog/EventLog+Copy: start + line.count
        EventLog/EventLog+Own: bytes.count + line.count · bytes += line
        EventLog/EventLog: next += 1
        EventLog/FileSystem/LogFileSystem: done += try · offset + done · bytes.count - filled ·
            offset + filled · filled += got · buffer)[..<count] · buffer[..<count] ·
            path + SegmentName.temporary
        EventLog/Index/DeltaTally: metrics.count - 1
        EventLog/Index/FieldCensus: fields.count - 1
        EventLog/Index/FieldTally: values[code] · current[code] · totals[code]
        EventLog/Index/IndexBuilder: index.members.count - 1 ·
            index.members.count * IndexLayout.memberBytes
        EventLog/Index/SegmentIndex: low + high · middle + 1
        EventLog/Ingest/IngestBody: lines.capacity * MemoryLayout · + (isRewritten ·
            last.range.upperBound + 1 · start + line.count ·
            last.range.upperBound - first.range.lowerBound · body[run]
        EventLog/Ingest/SenderForm: open + 1 · line.count + 80 · digits)) + (parts.count ·
            19) + (fraction.isEmpty · out += digits · UTF8.self) + zone
        EventLog/Ingest/ValueSequence: all operators
        EventLog/Loss/LogDamage: damage[Self.most - 1]
        EventLog/Loss/MissingSegments: runs[runs.count - 1]
        EventLog/Loss/SegmentHarm: at += piece.count
        EventLog/Quarantine/Quarantine: line.count + 256
        EventLog/Query/ArchiveCursor: inflated += rest.count · inflated += members.count ·
            64 * members
        EventLog/Query/EventLogReader: bytes += line.count · skipped - before.skipped
        EventLog/Query/LastLines: bytes += line.count · end.offset - min(end.offset ·
            bytes + line.count · count - lines.count · upTo - span · wanted) + lines ·
            found.count - wanted · bytes -= one.line.map · .start + UInt64(range.upperBound ·
            found + lines · width * 2
        EventLog/Query/LinePrefilter: all operators · names[(longest + 1)...]
        EventLog/Query/LineSource: i += 1
        EventLog/Query/ParallelWork: next += 1
        EventLog/Query/PlainCount: Self.pieceBytes - 1 · count - first · first + i ·
            logical + piece.logical · logical += piece.logical · number * Self.pieceBytes ·
            start - lead · lead + Self.pieceBytes · $0 + 1
        EventLog/Recovery/PlainTail: size - start · newline + 1 · place - 1
        EventLog/Recovery/Recovery: i + 1 · first.start + 1 · place + line.count
        EventLog/Recovery/Verification: i + 1 · bytes += line.count
        EventLog/Remote/ReadPlan: ranges.count - 1 · place + 1
        EventLog/Remote/StoredFiles: folder.count + 1 · state.reading.bytes += all.reduce(0 ·
            offset + buffer.count · piece.bytes.count - start
        EventLog/Segments/DecimalNumber: places + 1 · at += 1
        EventLog/Segments/GroupReader: piece.count - from · pieceStart + piece.count
        EventLog/Segments/Newlines: base + start · found) - base · end + 1
        EventLog/Segments/PlainPiece: end) + 1 · logical -= at · newline + 1 · skipped += after ·
            after - skipped · start - skipped · skipped += commits[passed · passed += 1 ·
            range.upperBound + 1
        EventLog/Segments/PlainScan: low + high · middle + 1 · low - 1
        EventLog/Segments/RemovedSegments: entries.count - Self.most
        EventLog/Segments/SegmentName: first + "
        # joins
        EventLog/Loss/Recovery+Missing: .name.number) + closed.map(\.name.number
        EventLog/Quarantine/QuarantinedLine: what += "
        EventLog/Query/LogCount: (scan.damage + (tail.map
        # ours
        EventLog/Append/AppendQueue: state.waitingBytes += request.bytes.count ·
            bytes += request.bytes.count · bytes -= request.bytes.count · count += 1 ·
            state.waitingBytes -= bytes
        EventLog/Append/LogState: state.nextWaiter += 1
        EventLog/Append/NodeShares: 0] += count · had + count
        EventLog/Append/SealKey: LineSeal.keyBytes + 1
        EventLog/Append/SegmentWriter+Shedding: tally.deferred += request.lines.count ·
            line.kind] += 1 · reportedAt + Self.pauseBetweenReports · $0.deferred += lines
        EventLog/Append/SegmentWriter: duplicates += repeated · $0.appended += lines · 0) + bytes ·
            segment.end + UInt64(lineBytes · start + offset · segment.physicalEnd += group.count ·
            segment.lines += group.lines · segment.physicalEnd - ActiveSegment.keptInMemory ·
            segment.released + ActiveSegment.releaseStep · segment.number + 1
        EventLog/Archive/Archive+Selection: foreign += 1
        EventLog/Archive/ArchivesAhead: width * 2
        EventLog/Capacity/DiskUsage: RemovedSegments.most * 32 · block - 1
        EventLog/Dedup/DedupIndex: admissions += 1 · forgotten += olderIds.entries.count ·
            forgotten += streams.update(stream · forgotten += surplus
        EventLog/EventLog: $0.accepted + $0.duplicates · $0.rejected += count
        EventLog/Index/DeltaTally: members += 1
        EventLog/Index/FieldCensus: times += 1 · times += 2 · hint += 1 · found + 1
        EventLog/Index/FieldTally: code] += 1 · code - before
        EventLog/Index/IndexBuilder: survey.lines += 1 · survey.foreign += 1 · Self.share + max(0 ·
            .utf8) + metric.name · budget - (idBits · space -= block.length · budget - kept.reduce(0
        EventLog/Ingest/IngestBody: number += 1 · rejectedTotal += 1
        EventLog/Quarantine/LineGuard: state.left -= 1
        EventLog/Quarantine/ReadingNote: .lines -= 1
        EventLog/Query/EventLogReader: lines += 1
        EventLog/Query/LastLines: retries += 1
        EventLog/Query/LineSource: retries += 1
        EventLog/Query/LogCount: retries += 1 · members += file?.memberCount ·
            inflated += rest.count · start + width · start + group.count
        EventLog/Recovery/EventLogLock: tries -= 1
        EventLog/Recovery/Verification: report.segments += 1 · lines += 1
        EventLog/Remote/StoredFiles: state.reading.requests += 1
        EventLog/Segments/DecimalNumber: count += 1
        EventLog/Segments/PlainScan: headers += 1
        # doubles
        EventLog/Query/LogCount: (Double(i) + part) · Double(i + 1)
        # times
        EventLog/Append/SegmentWriter+Maintenance: interval - (ContinuousClock.now
        EventLog/Capacity/AgeClock: confirmed + passed · ahead - doubt.ahead · confirmed + doubt.ahead ·
            .zero - allowed · doubt.stable += passed · saved.doubt.stable + saveEvery
        EventLog/Capacity/QuotaKeeper: time - maxAge
        EventLog/Query/EventLogStats: (latest - earliest)
        EventLog/Recovery/Recovery: latest) - configuration.dedupWindow
        # wider
        EventLog/Append/AppendQueue: Int(pause.wholeMilliseconds)
        EventLog/Append/CommitLine: UInt32(CZlib.crc32_combine
        EventLog/Append/NodeShares: Int(share * Double(
        EventLog/Append/ScannedLine: UInt64(seq)
        EventLog/Append/SegmentWriter: UInt64(lineBytes) · UInt64(configuration.segmentLimit)
        EventLog/Archive/Archive+Outline: UInt64(sizes.plain)
        EventLog/Archive/ArchiveWriter: UInt64(pending.count) · Int(min( ·
            UInt64(start + line.count + 1)
        EventLog/Archive/ByteCoding: UInt64(number) · UInt8(rest) · UInt32(text.count) · Int(word) ·
            UInt64(0) · UInt64(byte & 0x7f) · Int(count)
        EventLog/Archive/Bytes+Search: Int32(byte)
        EventLog/Archive/GzipMember: Int(UInt32(littleEndian: · let checksum = UInt32( ·
            let length = UInt32(
        EventLog/Dedup/DedupIndex: UInt64(streams.count) · UInt64(mark.runCount) ·
            UInt64(ids.count + olderIds.count)
        EventLog/Dedup/Hash128: UInt64(
        EventLog/Dedup/Hash128Table: UInt64(64 - slots.count.trailingZer · Int((
        EventLog/FileSystem/PosixFileSystem: off_t(offset) · off_t(bytes) · Int(found.st_size) ·
            UInt64(found.st_ino) · Int64(changed.tv_sec)
        EventLog/Index/FieldTally: UInt64(byte)
        EventLog/Index/IndexFile: let magic = UInt64( · let length = Int( · Int(memberCount) ·
            self.end = UInt64(end) · packed: Int(packed) · plain: Int(plain) ·
            reserveCapacity(Int(count))
        EventLog/Index/ValueTally: UInt64(byte)
        EventLog/Query/LastLines: UInt64(line.count) · UInt64(count - lines.count) ·
            UInt64(range.upperBound + 1)
        EventLog/Query/PlainCount: UInt64(piece.logical) · UInt64(end)
        EventLog/Segments/DecimalNumber: UInt64(digit)
        EventLog/Segments/RemovedSegments: UInt64(entries.count) · UInt64(entry.lines)
        # checked
        EventLog/Append/CommitLine: segment: UInt64(segment), end: UInt64(end)
        EventLog/Archive/GzipMember: member.count - trailerLength · member.count - 4
        EventLog/Dedup/SequenceMark: seq - 1 · .lowerBound - 1 · seq + 1 · earlier[i - 1]
        EventLog/EventLog+Space: head.offset - position.offset
        EventLog/Index/IndexFile: count: length - start.count · archiveBytes - Int(clamping: offset) ·
            distance < values - code · code += distance
        EventLog/Index/SegmentPlan: matching[member] +|= lines
        EventLog/Query/LogCount: counted[member] · lines[code]
        EventLog/Segments/RemovedSegments: entry.end - min(entry.end, position.offset)
        # ranges
        EventLog/Archive/Archive+Outline: offset += sizes.packed
        EventLog/Archive/Archive+Selection: $0.offset + $0.packed ·
            .start + UInt64(range.upperBound
        EventLog/Archive/Archive: rest + aligned.missing · member.offset + member.packed ·
            offset + sizes.packed · offset + 1 · start + found · start += last · places[Key(member)]
        EventLog/Capacity/Ballast: 2 * bytes
        EventLog/Capacity/DiskPressure: a.segments += b.segments
        EventLog/Capacity/QuotaKeeper: 3 * step · 2 * step
        EventLog/Capacity/Retention: UInt64(reference)
        EventLog/Index/IdFilter: most * bits · bits * 69 · 0) * ids.count · bytes - blockOnDisk ·
            rows * members · Self.blockOnDisk * Self.block · id) * members · start + Self.block ·
            blocks.lowerBound * Self.blockOnDisk.. · first + members ·
            blocks.lowerBound * Self.blockOnDisk · blocks.count * Self.blockOnDisk · first + member ·
            Self.block * Self.blockOnDisk · start + block · Int(( · UInt8(bit & 7) · UInt32( ·
            found[member]
        EventLog/Index/IndexFile: IndexLayout.preamble + head.count · (base + Int(summary)) ·
            (base + Int(detail)) · (base + Int(membersLength)) · base + Int(filterStart) ·
            all[(start + at..<start + at + count) · (path, start + $0.lowerBound..< ·
            at: start + at, count: count · all[range.clamped(to: 0..<all.count)]
        EventLog/Index/SegmentIndex: UInt64(plain) · $0.offset + $0.packed
        EventLog/Loss/Recovery+Missing: sizes[name.number] · last.last + 1
        EventLog/Loss/SegmentHarm: joint - 1 · bytes - at
        EventLog/Loss/SegmentWriter+Loss: position.segment + 1 · segment.number + 1 ·
            segment.lines - (kept
        EventLog/Quarantine/LineGuard: LineGuard.crashesAlone + 1 · deaths) + 1
        EventLog/Quarantine/Quarantine: Int(facts.st_size) · UInt64(entries.count) ·
            UInt64(mostEntries)
        EventLog/Quarantine/ReadingNote: 8 + 32 · .max - 1 · end.offset + 1 · UInt32(suspects.count)
        EventLog/Query/LineSource: horizon.offset - position.offset · segment.name.number + 1 ·
            256 * 1024 · logical + UInt64(stop · range.upperBound + 1 · looked += used.physical ·
            place.checked.logical - logical · place.logical += UInt64(used.logical ·
            place.physical += used.physical · end - start · all - scan.lines ·
            found += selection.lines.count · looked += members[place · position.offset - start ·
            UInt64(range.count)
        EventLog/Query/LogView: last + 1 · number + 1 · 0[number] · known[number]
        EventLog/Recovery/EventLogLock: Int32(String(
        EventLog/Recovery/PlainTail: size - length · size - start · length *= 4 ·
            line.lowerBound - claim.commit.bytes.. · bytes[place - 1]
        EventLog/Recovery/Recovery: segment.name.number + 1 · number - 1 · $0 + $1.lines ·
            size - scan.physicalEnd · number + 1 · segments[i + 1] · UInt64(place + line.count + 1) ·
            UInt64(commit.bytes)
        EventLog/Recovery/Verification: number + 1 · member.offset + member.packed ·
            $0.offset + $0.packed · report.lines += lines.lines · report.bytes += lines.bytes ·
            $0 - scan.lines · $1.1.lowerBound - $1.0.upperBound · segments[i + 1]
        EventLog/Remote/IndexCache: state.bytes += range.count · upper - lower ·
            state.bytes -= range.count · Int($0)
        EventLog/Remote/ReadPlan: part.lowerBound - last.upperBound · $1.lowerBound - $0.upperBound ·
            $0 + longest · ranges[place]
        EventLog/Remote/StoredFiles: state.reading.requests += parts.count ·
            state.held += piece.bytes.count · state.held -= gone.bytes.count ·
            range.lowerBound + ReadPlan.index · range.lowerBound + ReadPlan.ahead · newest + 1 ·
            offset - piece.range.lowerBound · start + count
        EventLog/Remote/StoredView: last + 1
        EventLog/Segments/GroupReader: UInt64(commit.bytes) · UInt64(claim.bytes) ·
            line.lowerBound - pieceStart.. · line.upperBound + 1 · acknowledged - end ·
            group.range.lowerBound - pieceStart.. · - pieceStart · place - commit.bytes · end + lost ·
            pieceStart + line.lowerBound · pieceStart + lastLine · $0 + 1 · newline - place ·
            rebasing: bytes[
        EventLog/Segments/Sealer: Int(sealed.archive.end) · $0 - sealed.lines
        EventLog/Segments/SegmentSealing: name.archive) + SegmentName.temporary ·
            commit.end - UInt64(commit.bytes
        # written
        EventLog/Archive/GzipMember: UInt32(headerLength + body.count + trailerLength) ·
            UInt32(plain.count) · UInt32(lines)
        EventLog/Index/IndexLayout: all operators · UInt32(field.values.count) · UInt64(total) ·
            UInt64(member.offset) · UInt32(member.packed) · UInt32(member.plain) ·
            UInt32(member.lines) · UInt64(archiveBytes) · UInt64(index.lines) ·
            UInt32(index.members.count) · UInt32(rest.count) · UInt32(knowsDeltas ? 1 : 0) ·
            UInt32(blocks.count) · UInt32(block.summary.count) · UInt32(block.detail.count) ·
            UInt32(filter?.0.rows ?? 0) · UInt32(filter?.0.hashes ?? 0) ·
            UInt32(preamble + sealed.count) · UInt32(0)
        # key
        EventLog/Append/LogState: plain[number]
        EventLog/Archive/ArchivesAhead: looks[number] · looks[name.number]
        EventLog/Capacity/DiskUsage: plain[number] · plain[archive.name.number]
        EventLog/Loss/MissingSegments: sizes[number]
        EventLog/Segments/LogFolder: found[name.number]
        # constants
        EventLog/Archive/GzipMember: headerLength + trailerLength + 1 · maxPlain + 64 * 1024
        EventLog/FileSystem/PosixFileSystem: UInt32(F_ALLOCATEALL)
        EventLog/Loss/MissingSegments: UInt64(RemovedSegments.most)
        # operator
        EventLog/Append/LineKind: func += (a
        EventLog/Append/LogState: state.unreported += tally · state.counts.shed += tally.lost ·
            $0.unreported += tally
        EventLog/Append/ShedTally: func += (a · a.lost += b.lost
        EventLog/Capacity/DiskPressure: func += (a
        EventLog/Loss/EventLog+Reports: $0 += report
        EventLog/Loss/LogDamage: trimmed += · unshipped += · static func += (a:
        EventLog/Loss/SegmentWriter+Loss: $0 += report
        """##
}
