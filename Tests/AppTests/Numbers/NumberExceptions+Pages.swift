extension NumberExceptions {
    static let pages = ##"""
        # places
        App/Argo/ArgoAnswer: elements.count + index
        App/Argo/ArgoEvaluator: elements.count + index
        App/Remote/ServerSentEvents: end + 1 · start += 1 · colon + 1
        Console/DeliverySections: view.incidents.count - shown.count
        Console/Forms/SilencePages: incidents.count - Self.listed
        Console/MetricChart: chart.lines.count - 1 · placed[place - 1].y + apart
        Rehearsal/HAProxyRuntime: answer += chunk[..
        Rehearsal/HTTPBalancer: 1 + token.count
        Rendering/Sizes/SlackLimits: limit - mark.utf16.count
        Rendering/Webhooks/WebhookTemplate: 1 + bytes.prefix(offset
        Rendering/Wording/DigestState: " + String(repeating
        Rendering/Wording/Headline: digest.notices.count - 1
        Rendering/Wording/HumanNumber: places + 1 · text.count - unsigned.count · whole.count - i
        Rendering/Wording/PlaceTable: all operators
        bellwether/Commands/DigestCommand: limit - digests.count
        bellwether/Commands/ExplainCommand: names.count - 1
        bellwether/Commands/ReplayCommand: end + 1
        # joins
        App/Argo/AnalysisTemplate+Commands: members += rest
        App/Argo/AnalysisTemplate: $0 + suffix
        App/Argo/ArgoToken: text += take(while
        App/Argo/TemplateReview: all += others.all
        App/Buckets/BucketCheck: found.faults += faults.filter
        App/Buckets/OtherNode: Self.folder + ContentHash.hex(own.utf8 · address + path
        App/Composition/PolicySet+Settings: shared + concern.own
        App/ConfigurationCheck: all operators
        App/Node+Routes: all operators
        App/Parity/ParityCheck: url + path
        App/Remote/RemoteNode: url + path
        App/Reports/Explanation: + (reason.detail.isEmpty · requests") + (isOverRun
        App/Reports/RecordedRules: + rule.findings.map · + (finding.detail.isEmpty
        Console/ConsoleRoutes: pageRoutes + formRoutes
        Console/Forms/ConsoleForm: exchange.path + (exchange.query.map
        Console/HTML: all operators
        Console/MetricChart: $0.canary.map(\.value) + $0.stable.map(\.value)
        Console/OverviewPage: all operators
        Console/RolloutGrid: cells += cell(attempt, lane)
        Rehearsal/Rehearsal: missing += open.map
        Rehearsal/State: drift += before.drift(to
        Rendering/DigestModel: words.headline + scope
        Rendering/MessageView: all operators
        Rendering/RenderOptions: out += rest[.. · out += PercentCoding.encode(field · out += rest
        Rendering/Sizes/SlackDate: out += made(
        Rendering/Sizes/SlackText: blocks += (attachment["blocks" · links += (attachment["actions" ·
            parts += (block["elements"
        Rendering/Webhooks/WebhookFields: members += stored.filter
        Rendering/Webhooks/WebhookPart: out += text · out += rewritten(tag · $0 + $1
        Rendering/Webhooks/WebhookTemplate: faults += error.faults · + SampleDigests.all.prefix(3
        Rendering/Wording/DigestFacts: links += Self.forms(on
        Rendering/Wording/Headline: ") + PlainWords.place(first.az
        Rendering/Wording/MetricWords: line += from · line += value · ") + PlainWords.place(place.az
        Rendering/Wording/NoticeWords: event + (tally.unreported
        Rendering/Wording/PlainWords: all operators
        bellwether/Commands/CheckCommand: found.faults += probe
        bellwether/Commands/DigestCommand: digests += rows.map(RenderedDigest.init(tree
        bellwether/Commands/Logs/LogsExport: bytes += Self.row(printer.cells(of
        bellwether/Commands/ParityCommand: self + String(repeating
        bellwether/Commands/ProbeCommand: words += flag · words += signal["value"
        bellwether/Commands/RehearseCommand: number + 1
        bellwether/Commands/ReplayCommand: rest += chunk
        bellwether/Commands/StatusCommand: all operators
        # ours
        bellwether/Commands/ReplayCommand: strange.line += 1 · strange.count += 1
        App/Argo/ArgoParser: all operators
        App/Argo/ArgoRun: all operators
        Console/BoardService: board.version + extra · $0.extra += 1 · state.nextWaiter += 1
        Console/RolloutBoard: all operators
        Rehearsal/Rehearsal: good += 1
        Rendering/Renderer: available - 1
        Rendering/Sizes/SlackLimits: length += UTF16.width(scalar · kept + mark
        Rendering/Sizes/ViewLimits: all operators
        Rendering/Wording/HumanNumber: places += 1
        Rendering/Wording/StormWords: all operators
        bellwether/Commands/Logs/LogsExport: bytes += line · lines += 1 · foreign += 1
        bellwether/Commands/Logs/LogsQuery: left -= batch.lines.count · left -= page.lines.count
        bellwether/Commands/Logs/LogsTail: left -= page.lines.count
        # doubles
        App/Argo/ArgoEvaluator: 0 - number · x + y · x - y · x * y
        Console/MetricChart: - scale.floor) / (scale.top - scale.floor)
        Rendering/Wording/HumanNumber: value * 100 · new - old · sign + significant(size ·
            sign + text(size · least *= 10 · least - 0.05 · scaled *= 10 · scale *= 10 ·
            value) * scale · sign + padded · Int64(scaled)
        Rendering/Wording/Sparkline: scale.upperBound - scale.lowerBound · value - scale.lowerBound ·
            bars.count - 1
        bellwether/Commands/Logs/LogsQuery: taken * 1000
        # times
        App/Buckets/BucketParts: status.since - lease
        App/Remote/RemoteNode+Follow: .milliseconds(100) + Self.retry.delay
        App/Reports/ProbeRun: begun.end + plan.window
        App/Troubles/TroubleBook: end - $0 · first * 3
        App/Troubles/TroubleWatch: event.ts - TroubleBook.memory
        Rehearsal/Rehearsal: started + budget
        Rehearsal/RehearsalReport: seconds * 1000
        Rendering/Wording/Advice: digest.composedAt - (digest.incidentEnd
        Rendering/Wording/Headline: end - digest.incidentStart
        bellwether/Commands/ProbeCommand: span.components.seconds + 1
        # wider
        App/Argo/ArgoVersion: Int($0)
        App/DataFolder: UInt32(facts.st_mode)
        Console/StatusDocument: Int($0.components.seconds)
        Rehearsal/RehearsalReport: Int(fault?.kind.rawValue ?? 0)
        Rehearsal/RolloutFacts: Int($0)
        Rendering/DigestModel: Int(digest.late.components.seconds
        Rendering/Sizes/ViewLimits: Int((
        bellwether/Commands/TokenCommand: Int(span.components.seconds)
        # checked
        App/Argo/AnalysisTemplate: count - 1
        # ranges
        App/Composition/DigestDispatcher+Settings: Int(rest.dropFirst( · Int(parts[1])
        App/Composition/GatewayPlan+Settings: analysis.interval * 3
        App/ProcessLimits: UInt64(mostOpenFiles) · limit - inUse
        # constants
        Console/MetricChart: * Double(Self.bottom - Self.top) · Self.bottom - Int(saturating: shown) ·
            (Self.left + Self.right) / 2 · *| (Self.right - Self.left) · Self.left + place / span ·
            \(Self.right + 70) · var limit = height - 60 · limit = placed[place].y - apart
        Console/RolloutGrid: (RolloutBoard.attemptsShown - 1)
        Rehearsal/HAProxyRuntime: Int32(SOCK_STREAM.rawValue)
        Rendering/SampleDigests: all operators · previous[lane + metric]
        Rendering/Sizes/SlackMessage: SlackLimits.blocks - 2
        """##
}
