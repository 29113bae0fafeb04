import Foundation
import Testing

/// Operators that trap are not applied to numbers from outside.
///
/// Files that fold or decode input use `+|`, `-|` and `*|` (`Saturating.swift`), conversions that
/// handle numbers out of range (`exactly:`, `clamping:`, `saturating:`), and subscripts with a
/// checked index. All other arithmetic in these files is in a list of exceptions, each with its
/// reason.
@Suite("Numbers from outside cannot trap")
struct NumbersTests {
    /// The code that folds or decodes input: folders with all their files, or single files.
    private static let covered = [
        "Digests/", "Analysis/Attempts/", "Notifier/Hooks/",
        "Analysis/Statistics/LatencyRule.swift",
        "Analysis/Statistics/OrderStatisticRanks.swift", "Analysis/Verdicts/Event+Verdict.swift",
        "App/Remote/RemoteNode+Events.swift", "App/Remote/RemoteNode+Follow.swift",
        "Console/AttemptPage.swift",
        "Console/MetricChart.swift", "Console/RolloutBoard.swift", "Console/RolloutGrid.swift",
        "Console/Format.swift", "Events/Numbers/Count.swift", "Events/Event+Reading.swift",
        "Events/EventView.swift", "Events/LogPosition.swift",
        "Events/Time/Timestamp.swift", "Gateway/Forwarding/ForwardBatch.swift",
        "Gateway/Forwarding/Forwarder.swift", "Gateway/Forwarding/SafeCursor.swift",
        "EventLog/Archive/Archive+Outline.swift",
        "EventLog/Append/CommitLine.swift", "EventLog/Archive/GzipMember.swift",
        "EventLog/Segments/HeadFile.swift",
        "EventLog/Index/IndexFile.swift", "EventLog/EventLog+Space.swift",
        "EventLog/Query/EventLogStats.swift",
        "EventLog/Query/LogCount.swift", "EventLog/Loss/LogDamage.swift",
        "EventLog/Loss/MissingSegments.swift", "EventLog/Segments/RemovedSegments.swift",
        "EventLog/Index/SegmentPlan.swift",
        "EventLog/Index/ValueTally.swift", "Notifier/EventQuery.swift",
    ]

    /// Files of those folders that do no arithmetic on input.
    private static let left: [String: String] = [
        "Digests/Bounds.swift": "constants",
        "Digests/DigestSettings.swift": "the configuration, which has ranges of its own",
        "Digests/Groups/GroupKey.swift": "lengths of texts in memory",
        "Digests/Groups/GroupTable.swift": "places in tables that `Bounds` limits",
        "Digests/Groups/LineName.swift": "lengths of texts in memory",
        "Digests/Silences/Silence.swift": "the clock and the configuration",
        "Digests/Machine/StateBudget.swift":
            "what is left of `Bounds`, by lengths of lists in memory",
    ]

    private struct Exception {
        let file: String
        let reason: String
        /// Parts of lines, with white space as in the file.
        let lines: [String]
    }

    // Reasons why arithmetic is safe.
    private static let times = "the operators of Timestamp and Duration stop at the ends themselves"
    private static let places = "places in a list in memory, and its length"
    private static let lists = "joins lists, texts or markup"
    private static let doubles = "Double does not trap"
    private static let ours = "counts what this process does, one at a time"
    private static let wider = "from a narrower type or a text: nil or exact"
    private static let checked = "compared with its bounds just before"

    private static let exceptions = [
        Exception(
            file: "Digests/Groups/RolloutContext.swift", reason: wider,
            lines: ["case .number(let text)?, .string(let text)?: Int64(text)"]),
        Exception(
            file: "Digests/Silences/Filter+Digest.swift", reason: lists,
            lines: [
                #"case "az": return places.map(\.az) + notices.map(\.place)"#,
                #"case "node": return places.map(\.node) + notices.map(\.place)"#,
            ]),
        Exception(
            file: "Analysis/Attempts/AttemptLedger+Clock.swift", reason: times,
            lines: ["began = began + step"]),
        Exception(
            file: "Analysis/Attempts/AttemptLedger.swift", reason: times,
            lines: ["now - ticket.startedAt <= AttemptTiming.longestEvaluation"]),
        Exception(
            file: "Analysis/Attempts/SeriesState.swift", reason: times,
            lines: ["max(record.verdict.measuredAt - $0, .zero)"]),
        Exception(
            file: "Notifier/Hooks/ArgoNotification.swift", reason: lists,
            lines: ["extra += context(object, "]),
        Exception(
            file: "Notifier/Hooks/FlaggerHook.swift", reason: wider, lines: ["share = Int(text)"]),
        Exception(
            file: "Digests/Groups/AttemptTally.swift", reason: places, lines: ["at: index + 1)"]),
        Exception(
            file: "Digests/Digest+Composition.swift", reason: places,
            lines: ["state.sources.count - places.count"]),
        Exception(
            file: "Digests/Digest+Composition.swift", reason: times,
            lines: [
                "composedAt + settings.repeatEvery",
                "composedAt < untracked.at + settings.repeatEvery",
            ]),
        Exception(
            file: "Digests/Groups/GroupState+Report.swift", reason: lists,
            lines: [
                #"changes += over.subtracting(lastReport.metrics).sorted().map(Change.metric)"#,
                #"changes += incident.notices.map(\.event).filter { !lastReport.notices.contains($0) }"#,
            ]),
        Exception(
            file: "Digests/Groups/GroupState.swift", reason: times,
            lines: [
                #"open?.value.untracked.map { moment < $0.at + settings.repeatEvery } ?? false"#,
                #"if let abortedAt, line.ts <= abortedAt + Bounds.stragglers { return .none }"#,
                #"starts = starts.filter { moment - $0 < settings.flapWithin } + [moment]"#,
                #"guard let abortedAt, line.ts <= abortedAt + Bounds.stragglers else { return false }"#,
            ]),
        Exception(
            file: "Digests/Groups/GroupState+Report.swift", reason: lists,
            lines: [
                #"let zone = source.az + Source.separator"#
            ]),
        Exception(
            file: "Digests/Groups/GroupState+Report.swift", reason: times,
            lines: [
                #"if let burstFrom, now < burstFrom + settings.window {"#,
                #"|| rehearsedAt.map { moment <= $0 + Bounds.stragglers } ?? false"#,
            ]),
        Exception(
            file: "Digests/Groups/Incident.swift", reason: times,
            lines: [
                #"guard let outcomeAt, inNewRun || moment > outcomeAt + Bounds.stragglers else { return }"#
            ]),
        Exception(
            file: "Digests/Groups/Source.swift", reason: lists,
            lines: [
                #"var id: String { az + Self.separator + node }"#
            ]),
        Exception(
            file: "Digests/Machine/DigestMachine+Clock.swift", reason: times,
            lines: [
                #"shared.shift { $0 + step }"#,
                #"urgency: window.urgency, urgentFrom: window.urgentFrom.map { $0 + step },"#,
                #"urgentMet: window.urgentMet.map { $0 + step })"#,
                #"table.groups[place].waitsUntil = table.groups[place].waitsUntil.map { $0 + step }"#,
                #"$0 + step"#,
            ]),
        Exception(
            file: "Digests/Machine/DigestMachine+Composing.swift", reason: lists,
            lines: [
                #"digests += speakOfStorms(now: now, admits: admits)"#
            ]),
        Exception(
            file: "Digests/Machine/DigestMachine+Composing.swift", reason: times,
            lines: [
                #"? incident.outcomeAt.map { now > $0 + Bounds.waiting } ?? true"#,
                #"isOver || (group.live.lastSeen ?? now) + settings.repeatEvery < now"#,
                #"if window != nil, digest.to + settings.maxWindow < now { digest.late = now - digest.to }"#,
            ]),
        Exception(
            file: "Digests/Groups/Acknowledgement.swift", reason: times,
            lines: ["Int(until.milliseconds)"]),
        Exception(
            file: "Digests/Machine/DigestMachine+Deadlines.swift", reason: times,
            lines: ["heldAt + settings.repeatEvery"]),
        Exception(
            file: "Digests/Machine/SharedState+JSON.swift", reason: times,
            lines: ["Int(heldAt.milliseconds)"]),
        Exception(
            file: "Digests/Machine/Storm.swift", reason: times,
            lines: ["heldAt + settings.repeatEvery"]),
        Exception(
            file: "Digests/Machine/DigestMachine+Deadlines.swift", reason: times,
            lines: [
                #"($0.urgentFrom ?? min($0.opened, $0.met)) + Bounds.gathering"#,
                #"let soon = min(urgentFrom + Bounds.gathering, gathered)"#,
                #"return max(soon, min(gathered, burstFrom + settings.window))"#,
                #"return saidAt + settings.repeatEvery"#,
            ]),
        Exception(
            file: "Digests/Machine/DigestMachine+Storms.swift", reason: times,
            lines: [
                #"return latest - start <= settings.storm.within"#,
                #"&& start - latest <= settings.storm.within"#,
                #"&& candidate.start <= storm.latest + settings.storm.within"#,
                #"return lastSeen + Bounds.present >= latest"#,
            ]),
        Exception(
            file: "Digests/Machine/DigestMachine+Storms.swift", reason: places,
            lines: [
                #"for trait in candidates.flatMap(\.traits) { counts[trait, default: 0] += 1 }"#,
                #"let wide = counts.filter { $0.value * 5 >= most * 4 }"#,
                #"for member in members { join(member, shared.storms.count - 1) }"#,
            ]),
        Exception(
            file: "Digests/Machine/DigestMachine+Storms.swift", reason: lists,
            lines: [
                #"+ ContentHash.hex(([primary.value] + receivers + names).joined(separator: "\0").utf8)"#,
                #"id: id, receivers: receivers, shared: [primary] + others, start: first,"#,
            ]),
        Exception(
            file: "Digests/Machine/DigestMachine.swift", reason: wider,
            lines: [
                #"return (Int(left["revision"] ?? "") ?? 0, left.text)"#,
                #"< (Int(right["revision"] ?? "") ?? 0, right.text)"#,
                #"(Int(state.key["revision"] ?? "") ?? 0, state.absorbedTo)"#,
                #"let number = Int(revision), let old = Int(other["revision"] ?? "")"#,
            ]),
        Exception(
            file: "Digests/Machine/SharedState+JSON.swift", reason: wider,
            lines: [
                #"w.member("window", Int(windowStart.milliseconds))"#,
                #"w.member("crowded", Int(since.milliseconds))"#,
                #"w.member("at", Int(message.at.milliseconds))"#,
                #"w.member("start", Int(start.milliseconds))"#,
                #"w.member("latest", Int(latest.milliseconds))"#,
                #"if let saidAt { w.member("said", Int(saidAt.milliseconds)) }"#,
            ]),
        Exception(
            file: "Digests/Machine/SharedState+JSON.swift", reason: places,
            lines: [
                #"let shared = stride(from: 0, to: words.count - 1, by: 2).compactMap { at in"#,
                #"SharedTrait.Kind(rawValue: words[at]).map { SharedTrait($0, words[at + 1]) }"#,
            ]),
        Exception(
            file: "Digests/Machine/SharedState.swift", reason: times,
            lines: [
                #"return heard[receiver, default: []].filter { $0.at >= since && $0.at + Self.minute > now }"#,
                #"return recent[recent.count - settings.storm.messages].at + Self.minute"#,
                #"heard[receiver]?.removeAll { $0.at + Self.minute <= now }"#,
            ]),
        Exception(
            file: "Digests/Machine/SharedState.swift", reason: places,
            lines: [
                #"1, settings.storm.messages - heardInStorm(receiver, at: now).count)"#,
                #"rest[Array(mine.dropFirst(left - 1)), default: []].append(receiver)"#,
            ]),
        Exception(
            file: "Digests/Machine/SharedState.swift", reason: lists,
            lines: [
                #"+ rollups"#
            ]),
        Exception(
            file: "Digests/Machine/Storm.swift", reason: times,
            lines: [
                #"var moment = saidAt + (report == lastReport ? settings.repeatEvery : settings.window)"#
            ]),
        Exception(
            file: "Digests/Machine/DigestMachine+Clock.swift", reason: times,
            lines: ["windowStart + step", "opened + step", "saidAt + step"]),
        Exception(
            file: "Digests/Machine/DigestMachine+Deadlines.swift", reason: times,
            lines: [
                "min(window.opened, window.met) + settings.firstAfter", "saidAt + settings.gap(",
                "met + settings.maxWindow",
            ]),
        Exception(
            file: "Digests/Machine/DigestMachine.swift", reason: ours, lines: ["unreadable += 1"]),
        Exception(
            file: "Digests/Machine/DigestMachine.swift", reason: times,
            lines: ["(now, now + Self.betweenLooks)"]),
        Exception(
            file: "Digests/Groups/GroupState+JSON.swift", reason: wider,
            lines: [".milliseconds))", "Int64(Self.version)"]),
        Exception(
            file: "Digests/Groups/GroupState+JSON.swift", reason: places,
            lines: ["to: flat.count - 1, by: 2", "flat[i + 1]"]),
        Exception(
            file: "Digests/Groups/GroupState.swift", reason: places, lines: ["sources.count - 1"]),
        Exception(
            file: "Digests/Groups/GroupState+Report.swift", reason: times,
            lines: ["line.ts + Bounds.rehearsal"]),
        Exception(
            file: "Digests/Groups/Incident.swift", reason: doubles, lines: ["abs(value - limit)"]),
        Exception(
            file: "Digests/Machine/SharedState.swift", reason: times,
            lines: [
                "now >= windowStart + settings.window", "? windowStart + settings.window : nil",
                "return windowStart + settings.window", "$0.at + settings.window > now",
            ]),
        Exception(
            file: "Digests/Machine/SharedState.swift", reason: lists,
            lines: ["return alone + others"]),
        Exception(
            file: "Digests/Groups/Source+JSON.swift", reason: wider, lines: ["Int(lastSeen."]),
        Exception(
            file: "Digests/Groups/Source+JSON.swift", reason: places,
            lines: ["values.count - numbers.count", "numbers[i - unknown]"]),
        Exception(
            file: "Digests/Groups/Source.swift", reason: wider,
            lines: ["UInt64(az.count)", "UInt64(0)", "UInt64(bytes[at])"]),
        Exception(
            file: "Digests/Groups/Source.swift", reason: places,
            lines: ["omittedMetrics += 1", "lanes.count - 1"]),
        Exception(file: "Digests/Groups/Source.swift", reason: lists, lines: ["?? \"\") + run)"]),
        Exception(
            file: "Analysis/Attempts/AttemptLedger+Clock.swift", reason: times,
            lines: ["requestedAt + step", "$0 + step", "measuredAt + step"]),
        Exception(
            file: "Analysis/Attempts/AttemptLedger.swift", reason: times,
            lines: ["measuredAt + (started"]),
        Exception(
            file: "Analysis/Attempts/AttemptTicket.swift", reason: times,
            lines: ["startedAt + step"]),
        Exception(
            file: "Analysis/Attempts/AttemptLedger.swift", reason: ours, lines: ["serial += 1"]),
        Exception(
            file: "Analysis/Attempts/AttemptLedger.swift",
            reason: "of counts, and a count again at once",
            lines: [
                "Count(clamping: state.epoch + 1).value",
                "Count(clamping: state.attempts + 1).value",
            ]),
        Exception(
            file: "Analysis/Attempts/SeriesState.swift",
            reason: "of counts, and a count again at once",
            lines: ["Count(clamping: unmeasured + 1).value"]),
        Exception(
            file: "Analysis/Attempts/AttemptTiming.swift", reason: times,
            lines: [
                "max(interval * 2, Self.shortest, min((pace ?? .zero) * 2, Self.longestPaced))",
                "let apart = now - first", ".zero - apart",
                "now - last > silence",
            ]),
        Exception(
            file: "Analysis/Attempts/WindowInputs.swift", reason: lists,
            lines: ["[$0.id] + (", "first + open"]),
        Exception(
            file: "Analysis/Attempts/WindowInputs.swift", reason: "a constant",
            lines: ["12 * 1024"]),
        Exception(
            file: "Analysis/Statistics/OrderStatisticRanks.swift", reason: doubles,
            lines: ["1 - alpha"]),
        Exception(
            file: "Analysis/Statistics/OrderStatisticRanks.swift", reason: places,
            lines: ["edges[$0 - 1]"]),
        Exception(
            file: "Notifier/Hooks/ArgoNotification.swift", reason: lists,
            lines: ["Array(rollouts.keys) + Array(runs.keys)", "kind.words + ("]),
        Exception(
            file: "Notifier/Hooks/HookRoutes.swift", reason: lists,
            lines: ["body += HookText.fitting(event).line"]),
        Exception(file: "Notifier/Hooks/HookText.swift", reason: lists, lines: ["place + key"]),
        Exception(
            file: "Notifier/Hooks/HookText.swift", reason: places,
            lines: ["JSONLimits.event.maxBytes - 1024"]),
        Exception(
            file: "Notifier/EventQuery.swift", reason: wider,
            lines: ["let number = Int(item.value)"]
        ),
        Exception(
            file: "App/Remote/RemoteNode+Events.swift", reason: lists,
            lines: ["var items = parameters + ["]
        ),
        Exception(
            file: "App/Remote/RemoteNode+Follow.swift", reason: lists,
            lines: ["let items = parameters + ["]
        ),
        Exception(
            file: "App/Remote/RemoteNode+Follow.swift", reason: times,
            lines: [".milliseconds(100) + Self.retry.delay"]),
        Exception(
            file: "App/Remote/RemoteNode+Follow.swift", reason: wider,
            lines: ["Int64(String(decoding: text, as: UTF8.self))"]),
        Exception(
            file: "Console/MetricChart.swift", reason: places,
            lines: ["chart.lines.count - 1", "placed[place - 1].y + apart"]),
        Exception(
            file: "Console/MetricChart.swift", reason: lists,
            lines: [
                "$0.canary.map(\\.value) + $0.stable.map(\\.value)", "(values + [limit ?? 0])",
            ]),
        Exception(
            file: "Console/MetricChart.swift", reason: doubles,
            lines: ["most / divisor * 1.08", "- scale.floor) / (scale.top - scale.floor)"]),
        Exception(
            file: "Console/MetricChart.swift",
            reason: "the frame of the chart: constants, and a share of it",
            lines: [
                "* Double(Self.bottom - Self.top)", "Self.bottom - Int(saturating: shown)",
                "(Self.left + Self.right) / 2", "*| (Self.right - Self.left)",
                "Self.left + place / span", "var limit = height - 60",
                "limit = placed[place].y - apart", "\\(Self.right + 70)",
            ]),
        Exception(
            file: "Console/RolloutBoard.swift", reason: ours,
            lines: [
                "version += 1", "attempts += 1", "attempts -= gone.count",
                "counts[value, default: 0] += 1",
            ]),
        Exception(
            file: "Console/RolloutBoard.swift", reason: "lengths of texts in memory",
            lines: [
                "deltas.reduce(160 + event.utf8.count)", "bytes += attempt.bytes",
                "bytes -= lane.attempts[same].bytes", "bytes -= gone.reduce(0)",
                "bytes += UTF8.width(scalar)",
            ]),
        Exception(
            file: "Console/RolloutBoard.swift", reason: places, lines: ["map { $0 + 1 } ?? 0"]),
        Exception(
            file: "Console/RolloutGrid.swift", reason: "a constant",
            lines: ["(RolloutBoard.attemptsShown - 1)"]),
        Exception(
            file: "Console/RolloutGrid.swift", reason: lists,
            lines: ["cells += cell(attempt, lane)"]
        ),
        Exception(
            file: "Events/Numbers/Count.swift", reason: wider, lines: ["if let whole = Int64(text)"]
        ),
        Exception(
            file: "Events/Event+Reading.swift", reason: wider,
            lines: ["UInt64(value.raw(in: line))"]),
        Exception(
            file: "Events/EventView.swift", reason: wider,
            lines: ["(field.rawValue)", "UInt64($1)"]),
        Exception(file: "Events/EventView.swift", reason: places, lines: ["others[i + 1]"]),
        Exception(
            file: "Events/EventView.swift", reason: "a field's name, no number",
            lines: ["self[.attempt]"]),
        Exception(
            file: "Events/LogPosition.swift", reason: wider,
            lines: ["UInt64(parts[0]), let offset = UInt64(parts[1])"]),
        Exception(
            file: "Events/Time/Timestamp.swift", reason: wider, lines: ["Int64(digits)"]),
        Exception(
            file: "Events/Time/Timestamp.swift", reason: "these are the operators",
            lines: ["static func + (a:", "static func - (a:"]),
        Exception(
            file: "Events/Time/Timestamp.swift", reason: doubles,
            lines: ["Double(seconds) + Double(attoseconds)"]),
        Exception(
            file: "EventLog/Archive/Archive+Outline.swift", reason: wider,
            lines: ["UInt64(sizes.plain)"]),
        Exception(
            file: "EventLog/Archive/Archive+Outline.swift",
            reason: "within 4 GiB of the file's own end",
            lines: ["offset += sizes.packed"]),
        Exception(
            file: "EventLog/Append/CommitLine.swift", reason: places,
            lines: ["count: 8 - hex.count) + hex", "CommitLine.prefix.count + CommitLine.trailer"]),
        Exception(
            file: "EventLog/Append/CommitLine.swift", reason: checked,
            lines: ["segment: UInt64(segment), end: UInt64(end)"]),
        Exception(
            file: "EventLog/Append/CommitLine.swift", reason: wider,
            lines: ["UInt32(checksum, radix: 16)", "UInt32(CZlib.crc32_combine"]),
        Exception(
            file: "EventLog/Archive/GzipMember.swift", reason: "constants",
            lines: [
                "10 + 2 + 4 + 12", "headerLength + trailerLength + 1", "maxPlain + 64 * 1024",
            ]),
        Exception(
            file: "EventLog/Archive/GzipMember.swift",
            reason: "what we write ourselves: at most a member",
            lines: [
                "UInt32(headerLength + body.count + trailerLength)", "UInt32(plain.count)",
                "UInt32(lines)",
            ]),
        Exception(
            file: "EventLog/Archive/GzipMember.swift", reason: wider,
            lines: ["Int(UInt32(littleEndian:", "let checksum = UInt32(", "let length = UInt32("]),
        Exception(
            file: "EventLog/Archive/GzipMember.swift", reason: checked,
            lines: ["member.count - trailerLength", "member.count - 4"]),
        Exception(
            file: "EventLog/Index/IndexFile.swift", reason: wider,
            lines: [
                "let magic = UInt64(", "let length = Int(", "Int(memberCount)",
                "self.end = UInt64(end)", "rows: Int(rows)", "packed: Int(packed)",
                "plain: Int(plain)", "reserveCapacity(Int(count))",
            ]),
        Exception(
            file: "EventLog/Index/IndexFile.swift",
            reason: "lengths of 32 bits behind a head in memory",
            lines: [
                "IndexLayout.preamble + head.count", "(base + Int(summary))",
                "(base + Int(detail))",
                "(base + Int(membersLength))", "base + Int(filterStart)",
            ]),
        Exception(
            file: "EventLog/Index/IndexFile.swift", reason: checked,
            lines: [
                "count: length - start.count", "archiveBytes - Int(clamping: offset)",
                "distance < values - code", "code += distance",
            ]),
        Exception(
            file: "EventLog/Index/IndexFile.swift",
            reason: "places in a filter that `IdFilter.init` bounds",
            lines: [
                "all[(start + at..<start + at + count)", "at: start + at, count: count",
                "(path, start + $0.lowerBound..<",
            ]),
        Exception(
            file: "EventLog/EventLog+Space.swift", reason: checked,
            lines: ["head.offset - position.offset"]),
        Exception(
            file: "EventLog/Query/EventLogStats.swift", reason: times,
            lines: ["(latest - earliest)"]),
        Exception(
            file: "EventLog/Query/LogCount.swift", reason: ours,
            lines: [
                "retries += 1", "members += file?.memberCount", "inflated += rest.count",
                "start + Self.width", "start + group.count",
            ]),
        Exception(
            file: "EventLog/Query/LogCount.swift", reason: lists,
            lines: ["(scan.damage + (tail.map"]),
        Exception(
            file: "EventLog/Query/LogCount.swift", reason: doubles,
            lines: ["(Double(i) + part)", "Double(i + 1)"]),
        Exception(
            file: "EventLog/Query/LogCount.swift",
            reason: "`IndexFile.occurrences` compares both with the lengths that it is given",
            lines: ["counted[member]", "lines[code]"]),
        Exception(
            file: "EventLog/Loss/LogDamage.swift", reason: places, lines: ["damage[Self.most - 1]"]),
        Exception(
            file: "EventLog/Loss/LogDamage.swift", reason: "adds up by `+|`",
            lines: ["static func += (a:", "trimmed += ", "unshipped += "]),
        Exception(
            file: "EventLog/Loss/MissingSegments.swift", reason: "a key of a dictionary",
            lines: ["sizes[number]"]),
        Exception(
            file: "EventLog/Loss/MissingSegments.swift", reason: places,
            lines: ["runs[runs.count - 1]"]),
        Exception(
            file: "EventLog/Loss/MissingSegments.swift", reason: "a constant",
            lines: ["UInt64(RemovedSegments.most)"]),
        Exception(
            file: "EventLog/Segments/RemovedSegments.swift", reason: places,
            lines: ["entries.count - Self.most"]),
        Exception(
            file: "EventLog/Segments/RemovedSegments.swift", reason: checked,
            lines: ["entry.end - min(entry.end, position.offset)"]),
        Exception(
            file: "EventLog/Segments/RemovedSegments.swift", reason: doubles,
            lines: ["Double(entry.lines) * Double(left)"]),
        Exception(
            file: "EventLog/Segments/RemovedSegments.swift", reason: wider,
            lines: ["UInt64(entries.count)", "UInt64(entry.lines)"]),
        Exception(
            file: "EventLog/Index/SegmentPlan.swift", reason: wider, lines: ["Int(term.path[1])"]),
        Exception(
            file: "EventLog/Index/SegmentPlan.swift",
            reason: "`IndexFile.occurrences` compares both with the lengths that it is given",
            lines: ["matching[member] +|= lines"]),
        Exception(file: "EventLog/Index/ValueTally.swift", reason: wider, lines: ["UInt64(byte)"]),
    ]

    @Test(
        "no bare arithmetic, conversion or subscript on a number from outside", arguments: covered)
    func bare(path: String) throws {
        for (file, text) in try Self.sources(path) {
            let known = Self.exceptions.filter { $0.file == file }.flatMap(\.lines)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            for number in Self.findings(in: text) {
                let line = lines[number - 1].trimmingCharacters(in: .whitespaces)
                #expect(
                    known.contains { line.contains($0) },
                    "\(file):\(number): \(line): use +|, -|, *| or a conversion that names what happens beyond the range, or add it to the exceptions with its reason"
                )
            }
        }
    }

    @Test("every exception is still needed, and every file still exists")
    func needed() throws {
        var findings: [String: [String]] = [:]
        for path in Self.covered {
            for (file, text) in try Self.sources(path) {
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                findings[file] = Self.findings(in: text).map { String(lines[$0 - 1]) }
            }
        }
        for exception in Self.exceptions {
            for line in exception.lines {
                #expect(
                    findings[exception.file]?.contains { $0.contains(line) } == true,
                    "\(exception.file) has nothing like: \(line)")
            }
        }
        let all = try Set(LayoutTests.sources(of: "Digests").map(\.file))
        #expect(Set(Self.left.keys).isSubset(of: all))
    }

    @Test("the scanner finds violations, and ignores strings and comments")
    func scanner() {
        let bad = [
            "shed += count", "let n = $0.limit + 1", "max(0, $0 - lane.failures)", "a\n    + b",
            "Int(value)", "UInt64(line.count)", "x * y", "n -= 1", "lanes[attempt]", "row[i + 1]",
            #""\#("\\")(tally.count + 1) times""#, "Int(share * 3)",
        ]
        for text in bad { #expect(!Self.findings(in: text).isEmpty, "\(text)") }
        let good = [
            "shed +|= count", "a +| b", "a &+ b", "Int(clamping: value)", "Int(exactly: value)",
            "Int(saturating: value)", "// a + b", "/* a + b */", #""a + b""#, #""" + name"#,
            "-1", "[-1, +2]", "lanes[place]", #"tree["a - b"]"#, "func f() -> Int { -x }",
            #"text += "more""#, "UInt8(ascii: x)", ##"#"a " + b"#"##, "let x: [Int]",
        ]
        for text in good { #expect(Self.findings(in: text).isEmpty, "\(text)") }
    }

    // MARK: - Scanning

    private static func sources(_ path: String) throws -> [(file: String, text: String)] {
        let module = String(path.prefix { $0 != "/" })
        let found = try LayoutTests.sources(of: module).filter {
            ($0.file == path || path.hasSuffix("/") && $0.file.hasPrefix(path))
                && left[$0.file] == nil
        }
        try #require(!found.isEmpty, "there is no \(path)")
        return found
    }

    /// The lines, from 1, with arithmetic that needs an exception.
    static func findings(in text: String) -> [Int] {
        let code = SourceScanner.code(of: text)
        var places: [String.Index] = []
        for match in code.matches(of: #/[\w)\]}?!$]\s+(?:[-+*]=?)\s+[^\s"]/#) {
            places.append(code.index(before: match.range.upperBound))
        }
        for match in code.matches(
            of:
                #/\bU?Int(?:8|16|32|64)?\((?!(?:exactly|clamping|saturating|truncatingIfNeeded|bitPattern|ascii|littleEndian)\b)/#
        ) {
            places.append(match.range.lowerBound)
        }
        for match in code.matches(
            of:
                #/[\w)\]?]\[[^\[\]"]*(?:\b(?:attempt|number|code|member|offset|count|lines|run|limit)\b(?!\.)|\w [-+] )[^\[\]"]*\]/#
        ) {
            places.append(match.range.lowerBound)
        }
        let lines = places.map { place in code[..<place].count(where: \.isNewline) + 1 }
        return Set(lines).sorted()
    }
}
