extension NumberExceptions {
    static let sources = ##"""
        # places
        Analysis/Judging/MetricValues: low + high · middle + 1
        Analysis/Replay/HistoryReplay: skipped += 1
        Analysis/Replay/ReplayCheck: windows.count) + 1
        Analysis/Statistics/CounterRule: sorted[middle]
        Analysis/Statistics/LatencyBuckets: edges[bucket] · cumulative[bucket - 1] ·
            edges[bucket - 1]
        Analysis/Statistics/OrderStatisticRanks: edges[$0 - 1]
        Analysis/Verdicts/VerdictContent: all operators
        Analysis/Verdicts/VerdictSummary: all operators
        Core/Files/BoundedFile: chunk[..<count]
        Core/Hashing/HMACKey: SHA256.block - padded.count
        Digests/Digest+Composition: state.sources.count - places.count
        Digests/Groups/AttemptTally: at: index + 1)
        Digests/Groups/GroupState+JSON: to: flat.count - 1, by: 2 · flat[i + 1]
        Digests/Groups/GroupState: sources.count - 1
        Digests/Groups/GroupTable: at + 3 · at + 1 · at += 3 · buckets.count - 1 · groups.count - 1 ·
            hashes.count - 1 · spellings.count - 1 · place + 1
        Digests/Groups/LineName: base + offset
        Digests/Groups/Source+JSON: values.count - numbers.count · numbers[i - unknown]
        Digests/Groups/Source: omittedMetrics += 1 · lanes.count - 1
        Digests/Machine/DigestMachine+Storms: for trait in candidates.flatMap(\.traits) { counts[trait, default: 0] += 1 } ·
            let wide = counts.filter { $0.value * 5 >= most * 4 } ·
            for member in members { join(member, shared.storms.count - 1) }
        Digests/Machine/SharedState+JSON: let shared = stride(from: 0, to: words.count - 1, by: 2).compactMap { at in ·
            SharedTrait.Kind(rawValue: words[at]).map { SharedTrait($0, words[at + 1]) }
        Digests/Machine/SharedState: 1, settings.storm.messages - messagesInStorm(receiver, at: now).count) ·
            rest[Array(mine.dropFirst(left - 1)), default: []].append(receiver)
        Events/ContentHash: 2 * index · 0") + value
        Events/EventField: key.range.count - 2
        Events/EventView: others[i + 1]
        Events/Filter/: all operators
        Events/Filter/FieldPath: rest[name.count]
        Events/Filter/FilterFields: path[..<next] · path[path.endIndex - 1] ·
            path[next..<(path.endIndex - 1)] · path[next - 1] ·
            path[..<(path.endIndex - 1)]
        Events/Filter/FilterPattern: text[at + i]
        Events/LineSeal: opening.count + digits · line.count + Self.length ·
            line.count - Self.length · start + Self.opening.count
        Events/Suggestion: j] + 1 · i - 1 · j - 2 · last[b.count]
        Events/Time/Timestamp+UTC: text.count - 1 · text.count - 21
        Events/Verdicts/Series: $0 + $1.utf8.count
        Events/Verdicts/Signal: object.count + 1
        JSON/: all operators
        JSON/JSONNumber: source[(i + 1)...]
        JSON/JSONScanner+Strings: bytes[at + 1] · bytes[at + i]
        JSON/JSONScanner: bytes[offset] · bytes[at + i]
        JSON/JSONSlice+Decoding: bytes[(range.lowerBound + 1)..<(range.upperBound - 1)] ·
            inner[i + 1] · bytes[start + i]
        JSON/JSONWriter: utf8[at + 1] · utf8[at + 2]
        JSON/KeyFilter: bytes[start + i]
        Probes/Documents/ContentDecoding: space.count - Int(stream.pointee.avail_out ·
            output.count + made
        Probes/Exposition/ExpositionLabels: at += 1
        Probes/Exposition/ExpositionScanner: bytes[..<min(at, bytes.count)] · all operators
        Probes/Exposition/HistogramQuantile: edges.count - 1
        Probes/Exposition/Scrape: index += 1
        Probes/Exposition/ScrapeHistory: low + high · middle + 1
        Probes/Exposition/StatusWords: patterns.failing + patterns.ok · 0] - 0x30 · hundreds + 99 ·
            hundreds + Int(a · tens + 9 · $0 * 10
        Probes/Kinds/ProcessTable+Linux: open + 1 · close + 1 · $0 + 1
        Probes/ProbeResult: signals.count - Self.signalLimit
        Settings/Reading/KeyDeclarations: keys.count - 1
        Settings/Reading/YAMLDocument: all operators · lines[mark.line - 1]
        Settings/Settings+Loading: YAMLDocument.largest + 1 · buffer.count - 1
        # joins
        Analysis/Judging/Judge: + unbounded(signal
        Analysis/Attempts/WindowInputs: first + open
        Analysis/Policy/PolicyTable: .policies) + (fallback.map
        Analysis/Replay/ReplayAttempt: .outcome) + given
        Analysis/Replay/ReplayCheck: members += named.map
        Analysis/Replay/VectorReplay: outcomes + outcomes.reversed(
        Analysis/Verdicts/FindingWords: text += isShort · ") + unit.words(for · verb + value
        Digests/Groups/GroupState+Report: changes += over.subtracting(lastReport.metrics).sorted().map(Change.metric) ·
            changes += incident.notices.map(\.event).filter { !lastReport.notices.contains($0) } ·
            let zone = source.az + Source.separator
        Digests/Groups/Source: var id: String { az + Self.separator + node } · ?? "") + run)
        Digests/Machine/DigestMachine+Composing: digests += speakOfStorms(now: now, admits: admits)
        Digests/Machine/DigestMachine+Storms: + ContentHash.hex(([primary.value] + receivers + names).joined(separator: "\0").utf8)
        Digests/Machine/SharedState: + rollups · return alone + others
        Digests/Silences/Filter+Digest: case "az": return places.map(\.az) + notices.map(\.place) ·
            case "node": return places.map(\.node) + notices.map(\.place)
        Events/EventMembers: all operators
        Events/LineSeal: sealed += line.dropLast( · sealed += Self.opening ·
            sealed += ContentHash.hexDigits(mac.prefix(Self.digits · sealed += Self.closing
        Events/Verdicts/Series: joined += part
        Probes/Exposition/RequestMetrics: .labels) + common
        Probes/Exposition/RequestReport: + (metrics.histogram · signals += quantiles.map ·
            signals += quantileSignals(increase
        Probes/Exposition/SeriesSelection: group.labels + metrics.common
        Probes/Kinds/CommandProbe: + signals.dropFirst( · true)] + fields.signals(of
        Probes/Kinds/DoctorReport: prefix + finding.name
        Probes/Kinds/FieldSelection: prefix + name · prefix + member.key
        Probes/Kinds/FileProbe: + content.signals.map
        Probes/Kinds/TextfileSelection: prefix + name
        Probes/ProbeSet: + signals.keys.sorted(
        Probes/Upstream/Upstream: source.url + query
        Settings/Reading/MappingReader+Filter: fields) + conditions(fields
        Settings/Reading/MappingReader+Probes: "") + known
        Settings/Reading/ZoneFiles: given + folders · names += self.names(below · prefix + name
        Settings/Settings+Reading: all + given.compactMap
        # ours
        Analysis/Attempts/AttemptLedger: serial += 1
        Analysis/Replay/HistoryReplay: judged += 1 · changed += 1
        Analysis/Replay/ReplayComparison: report.compared += 1
        Analysis/Verdicts/RuleRecord: left -= writer.bytes.count
        Digests/Groups/GroupTable: count += 1
        Digests/Machine/DigestMachine: unreadable += 1
        Digests/Machine/StateBudget: places -= 1 · tracks -= 1
        Events/Verdicts/MetricUnit+Words: digits += 1
        Probes/Exposition/Scrape: fall.returns += 1
        Probes/Exposition/ScrapeHistory: held += scrape.counters.count ·
            held -= scrapes.removeFirst( · baseline.number - Self.memory
        Probes/Exposition/ScrapedPage: edge * metrics.histogramUnit.inMilliseconds
        Probes/Kinds/QueueProbe: count += 1
        Probes/ProbeResult: + signals.filter
        Probes/SingleFlight: state.lastID += 1
        Probes/Upstream/Circuit: count + 1
        Probes/Upstream/RetryBudget: $0 + share · tokens - 1
        Probes/Upstream/Upstream: made += 1
        # doubles
        Analysis/Judging/AbsoluteLimits: reference + reference.magnitude ·
            reference - reference.magnitude
        Analysis/Judging/Judgement+Merge: halves) * 50
        Analysis/Replay/ReplayComparison: wanted - got
        Analysis/Replay/VectorReplay: at * 1000 · length * 1000 · 0) * 1000
        Analysis/Statistics/: all operators
        Digests/Groups/Incident: abs(value - limit)
        Events/Verdicts/MetricUnit+Words: value * 100 · least *= 10 · value.magnitude * scale ·
            value * scale · Int64(rounded)
        Probes/Exposition/HistogramQuantile: highest.count - count · quantile * cumulative[last ·
            last - 1 · bucket - 1 ·
            bucket] - before · rank -= before · start + (edges[bucket
        Probes/Exposition/RequestMetrics: .labels) + common.filter · 1) * 1000
        Probes/Exposition/Scrape: number - lastReturn · 1) + 1 · last + Self.startTolerance ·
            number - old[index · series.value - last.raw · last.total + grown ·
            latest - Self.startTolerance · counter.total - before · .requests += grown ·
            .failing += grown · .unknown += grown · 0] += grown
        Probes/Kinds/CertificateProbe: certificate.expires) - now.seconds
        Probes/Kinds/DiskProbe: status.f_bavail) * unit · status.f_blocks) - Double(status.f_bfree ·
            free + used
        Probes/Kinds/HTTPProbe: reply.duration.inSeconds * 1000
        Probes/Kinds/QueryAnswer: )) + query[brace...end · edge * scale
        Probes/Kinds/TCPProbe: taken.inSeconds * 1000
        Probes/ProbeResult: duration.inSeconds * 10_000
        Settings/Reading/DurationText: number * milliseconds
        # times
        Analysis/Attempts/AttemptLedger+Clock: requestedAt + step · $0 + step · began = began + step ·
            measuredAt + step
        Analysis/Attempts/AttemptLedger: measuredAt + (started
        Analysis/Attempts/AttemptTicket: startedAt + step
        Analysis/Attempts/AttemptTiming: max(interval * 2, Self.shortest, min((pace ?? .zero) * 2, Self.longestPaced)) ·
            .zero - apart
        Analysis/Attempts/SeriesState: max(record.verdict.measuredAt - $0, .zero)
        Analysis/Judging/SeriesHistory: inputs.window.end - cell.end
        Digests/Digest+Composition: composedAt < untracked.at + settings.repeatEvery ·
            composedAt + settings.repeatEvery
        Digests/DigestSettings: recoverAfter * Self.flapPatience
        Digests/Groups/Acknowledgement: Int(until.milliseconds)
        Digests/Groups/GroupKey: Bounds.name - 10
        Digests/Groups/GroupState+Report: if let burstFrom, now < burstFrom + settings.window { ·
            line.ts + Bounds.rehearsal ·
            || rehearsedAt.map { moment <= $0 + Bounds.stragglers } ?? false
        Digests/Groups/GroupState: if let abortedAt, line.ts <= abortedAt + Bounds.stragglers { return .none } ·
            starts = starts.filter { moment - $0 < settings.flapWithin } + [moment] ·
            guard let abortedAt, line.ts <= abortedAt + Bounds.stragglers else { return false } ·
            open?.value.untracked.map { moment < $0.at + settings.repeatEvery } ?? false
        Digests/Groups/GroupTable: at + 3 · bucket]) - 1 · bucket + 1 · groups.count * 2 ·
            buckets.count * 2 · spelling[at + 1]
        Digests/Groups/Incident: guard let outcomeAt, inNewRun || moment > outcomeAt + Bounds.stragglers else { return }
        Digests/Machine/DigestMachine+Clock: windowStart + step · shared.shift { $0 + step } ·
            opened + step ·
            urgency: window.urgency, urgentFrom: window.urgentFrom.map { $0 + step }, ·
            urgentMet: window.urgentMet.map { $0 + step }) ·
            table.groups[place].waitsUntil = table.groups[place].waitsUntil.map { $0 + step } ·
            saidAt + step · $0 + step
        Digests/Machine/DigestMachine+Composing: ? incident.outcomeAt.map { now > $0 + Bounds.waiting } ?? true ·
            isOver || (group.live.lastSeen ?? now) + settings.repeatEvery < now ·
            if window != nil, digest.to + settings.maxWindow < now { digest.late = now - digest.to }
        Digests/Machine/DigestMachine+Deadlines: ($0.urgentFrom ?? min($0.opened, $0.met)) + Bounds.gathering ·
            let soon = min(urgentFrom + Bounds.gathering, gathered) ·
            return max(soon, min(gathered, burstFrom + settings.window)) ·
            return saidAt + settings.repeatEvery · heldAt + settings.repeatEvery ·
            min(window.opened, window.met) + settings.firstAfter · saidAt + settings.gap( ·
            met + settings.maxWindow
        Digests/Machine/DigestMachine+Storms: return latest - start <= settings.storm.within ·
            && start - latest <= settings.storm.within ·
            && candidate.start <= storm.latest + settings.storm.within ·
            return lastSeen + Bounds.present >= latest
        Digests/Machine/SharedState+JSON: Int(heldAt.milliseconds)
        Digests/Machine/SharedState: now >= windowStart + settings.window ·
            ? windowStart + settings.window : nil ·
            $0.at >= since && $0.at + Self.minute > now ·
            return windowStart + settings.window · $0.at + settings.window > now ·
            return recent[recent.count - settings.storm.messages].at + Self.minute ·
            recentMessages[receiver]?.removeAll { $0.at + Self.minute <= now }
        Digests/Machine/StateBudget: places -= state.sources.count · tracks -= source.metrics.count ·
            places += state.sources.count · tracks += source.metrics.count
        Digests/Machine/Storm: var moment = saidAt + (report == lastReport ? settings.repeatEvery : settings.window) ·
            heldAt + settings.repeatEvery
        Digests/Silences/Silence: today - 1 · day * 86_400 · midnight + Int64(from ·
            midnight + Int64(until · self - modulo(divisor · rest + divisor
        Events/Time/ClockWatch: now - wall · .zero - tolerance
        Probes/Kinds/FileProbe: .zero - maxAge · true)] + content.signals
        Probes/Kinds/PrometheusProbe: scrape.at - baseline.at
        Probes/Probe: window.end - window.start
        Probes/ProbeSet: allowance - min(allowance
        # wider
        Analysis/Replay/ReplayCheck: Int64(windows.count) · Int64(index)
        Analysis/Replay/ReplayPrimitive: Int64(index)
        Analysis/Verdicts/VerdictContent: Int($0.rounded(
        Core/Files/BoundedFile: Int(status.st_size) · Int64(time.tv_sec)
        Digests/Groups/GroupState+JSON: .milliseconds)) · Int64(Self.version)
        Digests/Groups/GroupTable: UInt8(i) · Int(spelling[at + 1]) · UInt8(value.count >> 8) ·
            Int(buckets[bucket]) · UInt64(byte) · Int32(place + 1)
        Digests/Groups/RolloutContext: case .number(let text)?, .string(let text)?: Int64(text)
        Digests/Groups/Source+JSON: Int(lastSeen.
        Digests/Groups/Source: UInt64(az.count) · UInt64(0) · UInt64(bytes[at])
        Digests/Machine/SharedState+JSON: w.member("window", Int(windowStart.milliseconds)) ·
            w.member("crowded", Int(since.milliseconds)) ·
            w.member("at", Int(message.at.milliseconds)) ·
            w.member("start", Int(start.milliseconds)) ·
            w.member("latest", Int(latest.milliseconds)) ·
            if let saidAt { w.member("said", Int(saidAt.milliseconds)) }
        Digests/Silences/Silence: Int64(zone.offset( · Int(( · Int64(from) ·
            Int64(until > from ? until : until
        Events/ContentHash: Int(byte >> 4) · Int(byte & 15)
        Events/EventField: UInt32(1)
        Events/EventView: (field.rawValue) · UInt64($1)
        Events/FileMark: UInt64(facts.st_ino) · Int64(facts.st_size) · Int64(time.tv_sec) ·
            Int64(time.tv_nsec)
        Events/Filter/FieldPath: Int(names[i])
        Events/Filter/FilterPattern: UInt32(first) · UInt32(text[at + i] & 0x3F)
        Events/Filter/FilterValue: Int32(needle[0])
        Events/LineSeal: UInt8(0)
        Events/Time/Timestamp+RFC3339: Int64(byte - 0x30)
        Events/Zone/YearlyRule: UInt32(byte)
        JSON/JSONCursor: UInt64( · Int64(byte(
        JSON/JSONScanner+Strings: UInt64( · UInt32(byte - UInt8(
        JSON/JSONSlice+Decoding: Int64(digit) · UInt64(
        JSON/KeyFilter: UInt64( · Int(hash >> 6 & 7)
        Probes/Documents/ContentDecoding: Int(bytes[0]) · Int(stream.pointee.avail_out)
        Probes/Exposition/ExpositionLabels: Int64(hasher.finalize(
        Probes/Exposition/ExpositionScanner: Int64(0) · Int32(UInt8(
        Probes/Exposition/ScrapedPage: Int64(hasher.finalize(
        Probes/Exposition/StatusWords: Int(value[0] - 0x30) · Int(a - 0x30) · Int($1 - 0x30)
        Probes/Kinds/ReportRequirement: Int64(seconds * 1000)
        Probes/ProbeResult: Int64((
        Settings/Reading/WebAddress: Int(port)
        Settings/Reading/YAMLDocument: UInt32(index)
        # checked
        Analysis/Statistics/ClopperPearson: Int((
        Events/Time/Timestamp+UTC: at + count · fraction *= digits · digits - 3 · day) * 24 ·
            60_000 + second · Int64(digit)
        Events/Verdicts/MeasurementWindow: remainder + length
        Probes/Kinds/PrometheusQueryProbe: 1000 + abs(rest
        Probes/Kinds/ReportRequirement: seconds * 1000
        Settings/Reading/DurationText: seconds * 1000 · Int64(span) · Int(bytes)
        Settings/Reading/MappingReader+Values: Int($0) · all operators
        # ranges
        Analysis/Attempts/AttemptLedger: Count(clamping: state.epoch + 1).value ·
            Count(clamping: state.attempts + 1).value
        Analysis/Attempts/SeriesState: Count(clamping: unmeasured + 1).value
        Core/Limits/RetryPolicy: bound * factor · seconds * 1000
        Events/Time/Timestamp+RFC3339: all operators
        Events/Zone/: all operators
        Events/Zone/YearlyRule: Int64(standard) · Int64(summer.offset) · Int64(number - 1) ·
            Int64(number) · Int64(weekday) · Int64(week - 1) · Int64(change.seconds) ·
            Int($1 - 0x30) · Int64(( · rest[(end + 1)...]
        Events/Zone/ZoneRules+TZif: Int($0 & 0xFF) · Int(offset) · Int64(Int8( · Int64($1) ·
            Int(count) · bytes[at..<(at + 4)] · bytes[at + 4] · bytes[(at + 1)...] ·
            bytes[(at + 1)..<end]
        Events/Zone/ZoneRules: offsets[low - 1] · Int64(offset(
        # key
        Events/EventView: self[.attempt]
        # constants
        Events/Network/IPAddress: Int32(SOCK_STREAM.rawValue)
        Probes/Documents/ContentDecoding: Int32(MemoryLayout<z_stream>.size)
        Probes/Kinds/ProcessTable+Darwin: Int32(MemoryLayout<proc_taskinfo>.
        Probes/Kinds/ProcessTable+Linux: UInt64(max(
        Probes/Kinds/QueueProbe: Int(record.pointee.d_type) · Int(DT_REG)
        # kernel
        Events/Time/WallClock: Int64(time.tv_sec)
        Probes/Kinds/ProcessTable+Darwin: UInt32(query.count) · Int(MAXPATHLEN) · Int(proc_pidpath( ·
            Int32(info.kp_proc.p_stat) · .stride + 64 · count * MemoryLayout
        # operator
        Events/Time/Timestamp: static func + (a: · static func - (a:
        """##
}
