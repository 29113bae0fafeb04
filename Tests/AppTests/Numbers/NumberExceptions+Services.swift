extension NumberExceptions {
    static let services = ##"""
        # places
        Bucket/Bucket+Upload: parts.count + 1 · $0.count - filled · start + 1
        Delivery/Mail/MailComposer: header[header.count - 1]
        Delivery/Mail/QuotedPrintable: all operators
        Delivery/Receivers/SlackBotReceiver: message.utf8.count + 512
        Gateway/Forwarding/NotifierAddresses: state.current + $0 ·
            retry.ceiling) + extra.delay(after · choice.index + 1
        Notifier/Decisions/DecisionTexts: .text += text · Self.most(name) + 24 · left - cost ·
            lines.count - 1 · left -= bytes · left -= whole + cost · bytes + size · bytes +=
        Notifier/Decisions/DigestDecision: index + 1 · states.count - 1 · events.count) + 1
        Notifier/EventRoutes: $0 + $1.bytes.count
        Notifier/Hooks/ArgoRuns: status?[place.object]
        Notifier/Hooks/HookText: JSONLimits.event.maxBytes - 1024
        Notifier/IngestRoutes: place + 1
        Notifier/Runs/RunEndBook: state.count - known
        Replication/LogObject: folder + String(repeating · 512 + lines.count · end + 1
        Server/Auth/SessionCookie: name + "
        Server/Auth/TokenFile: index + 1
        Server/Auth/TokenSnapshot: index + 1 · found) - 1
        Server/Certificates/CertificateReview: index + 1
        Server/Certificates/PEMFile: begin.count + label.count
        Server/Connection/FrameBudget: bytes.count - at · at += step · at += 1
        Server/Connection/HostPolicy: $0 * 10
        Server/Limits/BucketTable: young.count + old.count
        Server/Pipeline/GzipInflater: limit - output.count · output.count + made
        Server/Pipeline/IncomingBody: whole.count + chunk.readableBytes
        Server/Problems/HandshakeReporter: row.count + 1
        Server/Routing/RouteTable: patterns.count - 1
        Shipping/FolderRestore: snapshots + LogObject.name(number ·
            LogObject.folder + name.dropFirst(snapshots.count
        Shipping/OrphanedLines: 6 - digits.count
        State/Tables/DigestTable: bytes += digest.slack.utf8.count
        Telemetry/MetricFamily: series[labels, default: .number(0)]
        Telemetry/ProcessFigures: bytes[..<count]
        Transfer/Commands/BoundedCommand: 128 + signal · input.count - written · written += count ·
            chunk[..<count]
        Transfer/Commands/CommandDescendants+Linux: close + 1 · bytes += chunk[..
        Transfer/Commands/CommandDescendants: variables.count - wanted.count · at + wanted.count
        Transfer/Engine/EasyTransfer: body.count + size · upload.count - uploaded
        Transfer/HTTP/HTTPReply: colon + 1
        Transfer/Mail/HelloName: $1 - 1
        Transfer/Mail/MailAddress: at + 1
        Transfer/Mail/MailReply: count += 6 · count -= 8
        Transfer/Mail/SMTPConversation: turns.count - 1 · first.count + 1
        Transfer/ServerCertificate: name.utf8.count + 1
        # joins
        Bucket/BucketProbe: name + suffix
        Bucket/Credentials/ServiceSources: roles + PercentCoding.encode(String(role
        Bucket/Requests/BucketRequest: origin + path · headers + signature.headers(by ·
            words += InertText.line(
        Bucket/Signing/RequestSignature: headers + added
        Delivery/Mail/MailComposer: all operators
        Delivery/Receiver: steps += attempt.steps.map
        Delivery/Receivers/MailReceiver: reply.timings) + steps
        Delivery/Receivers/SlackBotReceiver: steps += error.attempt.steps ·
            steps += DeliveryStep.connection(reply.timings
        Delivery/Receivers/WebhookReceiver: secrets += Self.parts(of · headers += try ·
            .utf8) + body
        Notifier/Decisions/DigestDecision: events += Self.events(message · events += stateEvents
        Notifier/DigestService: plan.silences + book.map(\.silence
        Notifier/Forms/OTLPRoutes: lines += HookText.fitting(event
        Notifier/Hooks/AlertmanagerHook: event.extra += HookText.leftOut
        Notifier/Hooks/ArgoNotification: kind.words + ( · extra += context(object,
        Notifier/Hooks/FlaggerHook: extra += HookText.leftOut
        Notifier/Hooks/HookRoutes: body += HookText.fitting(event).line
        Notifier/Hooks/HookText: place + key
        Notifier/IngestRoutes: lines += line
        Notifier/SilenceRoutes: texts += some.map(\.string
        Server/Auth/TokenReader: entries += held
        Server/Auth/TokenRegistry+Administration: Self.prefix + Base64.encodeURL(secret
        Server/Certificates/CertificateReview: first.remedy + others · which + words
        Shipping/LogPiece: text += line.bytes
        Shipping/OrphanedLines: kept += line
        State/Tables/Outbox+Stale: stale += all
        # ours
        Archives/ArchiveShipper: state.status.failuresInARow += 1
        Bucket/Bucket: failures += 1
        Bucket/Requests/RequestPace: running += 1 · state.running -= 1 ·
            state.budget + Self.refill · state.successes += 1 · state.limit += 1 ·
            state.nextWaiter += 1 · state.budget -= 1
        Delivery/ReceiverHealth: state.refusals += 1 · state.failures += 1
        Delivery/ReceiverQueue: state.digests += 1 · state.digests -= 1 ·
            receiver.parallel)) - taken.digests · failures += 1
        Gateway/AttemptCheckpoint: unreadable += 1
        Notifier/Decisions/DecisionReplay: outcome.decisions += found.decisions.count
        Notifier/DigestRoutes: 4 * pageBytes
        Notifier/DigestService+Commit: failures += 1
        Notifier/DigestService: failures += 1
        Notifier/Forms/OTLPLogs: depthLeft - 1
        Notifier/Gateways/GatewayBook: receipt.accepted + receipt.duplicates
        Notifier/IngestRoutes: receipt.accepted + receipt.duplicates
        Server/Connection/AnswerEnd: before - part.data.readableBytes
        Server/Connection/ConnectionCensus: 0] += 1 · 1] - 1
        Server/Connection/ConnectionWatch: active += 1 · active -= 1 · ) - since · patience - waited
        Server/Connection/FrameBudget: cost += 1 · cost += Self.reset · budget -= cost ·
            budget + Int(min(tokens · budget + Self.perDataFrame · FrameBudget.least + Int(refilled ·
            skip -= step · header.filled += 1
        Server/Connection/ReadyAnswers: underWay += 1 · count + part.readableBytes · underWay -= 1
        Server/Connection/RequestFeed: 2 * limits.headerBytes · unanswered += 1 · unanswered -= 1 ·
            unparsed += count
        Server/Connection/TLSContextBox: current.trust + (isWider
        Server/Limits/Admission: limits.streams + 1 · limits.queries + 1
        Server/Limits/ConcurrencyLimit: all operators
        Server/Limits/MemoryBudget: all operators
        Server/Limits/TokenBucket: level -= 1
        Server/Pipeline/ExchangeGuard: unanswered += 1 · answered += part.readableBytes ·
            held += bytes · held -= bytes · Admission.exchange + (hold(short · unsent += 1 ·
            self.unsent -= 1 · unanswered -= 1
        Server/Pipeline/GzipInflater: most - Int(stream.pointee.avail_out · members += 1
        Server/Pipeline/IncomingBody: received += chunk.readableBytes
        Server/Pipeline/PacedWriter: queued += buffer.readableBytes
        Server/Problems/HandshakeReporter: 0) + 1
        Server/Problems/RefusalMeter: suppressed += 1
        Shipping/FolderRestore: count += 1 · counts.objects += 1
        Shipping/LogShipper+Pair: number += 1
        Shipping/ShippingMark: state.nextWaiter += 1
        State/Tables/DigestTable: limit + 1
        Telemetry/HistogramTally: bucket] += 1 · state.sum += value
        Telemetry/MetricFamily+Exposition: cumulative += count
        Telemetry/MetricFamily: all operators
        Telemetry/MetricName: name += unit
        Telemetry/PrometheusRegistry+MetricsFactory: product * 10
        Telemetry/PrometheusRegistry: 0] += 1
        Telemetry/StandardError: state.dropped += 1
        Transfer/Engine/TransferEngine+HTTP: followed += 1
        Transfer/Mail/MailAddress: length += 1
        # doubles
        Gateway/MeasurementTally: 0] += 1
        Server/Limits/TokenBucket: level + passed
        Telemetry/BackgroundWork: Self.threadSeconds - begun
        Telemetry/ProcessFigures: all operators
        # times
        Archives/ArchiveShipper: log.ageTime) - plan.keep
        Bucket/Credentials/BucketCredentials: (expiry - now) * 3
        Delivery/Outbox/OutboxClock: state.owed += step
        Gateway/MeasurementService: plan.budget - (ContinuousClock.now · waits.log += await
        Gateway/MeasurementTiming: total - waits.probes · 1000 + microseconds
        Notifier/DigestService: windowsChecked + Self.lookBehindEvery · silencesRead + Self.lookEvery ·
            Self.checkpointEvery - (stopwatch.elapsed · lastPass + Self.coalescingDelay
        Notifier/Gateways/GatewayTable: .requestedAt += pause
        Server/Certificates/CertificateReview: end - now
        Server/Connection/SelfSignedCertificate: begin + validity
        Shipping/LogShipper+Pair: until - acting · start + until
        Shipping/ShippingMark: limit - patience
        Transfer/Engine/TransferEngine+HTTP: reply.duration += spent
        Transfer/Engine/TransferLoop: idleSince + idleLimit · seconds * 1000
        Transfer/Mail/MailTransfer+EasyTransfer: deadline + answerDeadline ·
            answerDeadline.components.seconds) + 1
        # wider
        Bucket/Bucket+Listing: Int(text)
        Bucket/BucketProbe: UInt8(writer)
        Delivery/Mail/QuotedPrintable: Int(byte >> 4)
        Delivery/Outbox/OutboxDocument: Int(entry.id)
        Gateway/MeasurementTiming: Int64((
        Notifier/Decisions/DigestDecision: Int64(events.count)
        Notifier/Forms/OTLPLogs: Int(number) · Int64(nanoseconds / 1_000_000)
        Replication/LogObject: Int64(lines.count)
        Server/Auth/ClientCertificate: Int64(shown.notValidBefore) · Int64(shown.notValidAfter)
        Server/Auth/TokenSnapshot: UInt64($1) · UInt64(index + 1) · Int(found) · UInt64(byte)
        Server/Certificates/CertificateReview: Int64($0.notValidAfter) · Int64(leaf.notValidBefore) ·
            Int64(leaf.notValidAfter) · Int64(certificate.notValidBefore) ·
            Int64(certificate.notValidAfter)
        Server/Connection/FrameBudget: Int64(Self.perSecond) · Int(min( ·
            Int64(FrameBudget.most / FrameBudg · Int64(FrameBudget.perSecond) · Int(refilled) ·
            Int(bytes[at])
        Server/Connection/HostPolicy: Int($1 - UInt8(
        Server/Connection/SelfSignedCertificate: Int64(certificate.notValidBefore) ·
            Int64(certificate.notValidAfter)
        Server/Connection/TLSContextBox: Int64($0.notValidBefore) · Int64($0.notValidAfter)
        Server/Pipeline/GzipInflater: Int(stream.pointee.avail_out)
        Server/Problems/Problem: Int((
        Shipping/FolderRestore: UInt64(0)
        Shipping/LogPiece: UInt64(line.bytes.count &+ 1) · UInt64(first.bytes.count &+ 1)
        Shipping/SharedLog: UInt64(1)
        Telemetry/MetricName: Int64(value)
        Telemetry/ProcessFigures: Int(count)
        Telemetry/StandardError: Int16(POLLOUT)
        Transfer/Engine/TransferLoop: Int32(seconds * 1000 + attoseconds
        Transfer/HTTP/HTTPReply: Int64(time( · Int64(curl_getdate(
        Transfer/Mail/HelloName: Int32(address.pointee.sa_family)
        Transfer/Mail/MailReply: UInt32(digit) · UInt32(count)
        Transfer/Mail/MailTransfer+EasyTransfer: Int(answerDeadline.components.se
        Transfer/ServerCertificate: Int64(curl_getdate(
        # checked
        Delivery/Mail/MailComposer: iso[5...6] · Int(
        Server/Pipeline/HTTPDate: 1000 - (milliseconds · second * 1000 · 86400 - (second · $0 - 1
        Shipping/FolderRestore: left -= bytes
        Shipping/ShippingRecord: UInt64(next)
        # ranges
        Archives/ArchiveShipper: segment.archive.bytes + segment.index.bytes
        Archives/BucketSegments: found[name.number]
        Gateway/GatewayPlan: cell * max(1 · span + 4999 · span + span · step - into
        # objects
        Replication/Replica: next += 1 · term + 1 · wroteAt + $0 · wroteAt + beat
        Shipping/FolderRestore: archived + 1 · object.number + 1
        Shipping/LogShipper+Upkeep: record.next - 1 · last - oldest · next += 1 · next - 1
        Shipping/LogShipper: object.number + 1 · record.next - 1
        Shipping/SharedLog: 8 * $0 · high - low · next + width · number + 1 · width * 2 ·
            results[number]
        # parts
        Bucket/Bucket+Download: start + Self.part
        Bucket/Bucket+Upload: start + Self.part · number + 1 · range.lowerBound + filled ·
            filled += count
        Bucket/Bucket: range.upperBound - 1 · month + 1
        # rates
        Server/Limits/RateLimiter: Int(( · wait * Double.random(in
        Server/Limits/TokenBucket: 1 - copy.level · Int(copy.level)
        # key
        Notifier/Decisions/DecisionLog: heads[number]
        Shipping/SharedLog: $0[$1.number] = $1
        # constants
        Server/Pipeline/GzipInflater: Int32(MemoryLayout<z_stream>.size)
        Telemetry/ProcessFigures: UInt64(sysconf(
        Transfer/Commands/BoundedCommand: Int16(flags) · Int16(POLLIN)
        Transfer/Endpoint: UInt32(CURLU_NON_SUPPORT_SCHEME) · UInt32(flags) ·
            UInt32(CURLU_NON_SUPPORT_SCHEME | C
        Transfer/Engine/CurlDefaults: Int(CURL_HTTP_VERSION_2TLS) · Int(CURL_SSLVERSION_TLSv1_2) ·
            Int(CURL_NETRC_IGNORED.rawValue) · Int(CURL_IPRESOLVE_WHATEVER)
        Transfer/Engine/EasyTransfer: Int(CURL_ERROR_SIZE) · Int(CURL_READFUNC_ABORT) · Int(offset)
        Transfer/Engine/TransferEngine: Int(CURL_GLOBAL_ALL)
        Transfer/Engine/TransferLoop: Int32(SHUT_RD)
        Transfer/HTTP/HTTPTransfer+EasyTransfer: Int(max(
        Transfer/Mail/MailTransfer+EasyTransfer: Int(security == .none ? CURLUSES
        # kernel
        Transfer/Commands/CommandDescendants+Darwin: UInt32(query.count) · UInt64(start.tv_sec) ·
            Int32(info.kp_proc.p_stat) · .stride + 64 · count * MemoryLayout
        # curl
        Transfer/Engine/EasyTransfer: Int(max( · Int64(value) · size * count · 86_400 * 30 ·
            size - 1 · headerBytes += size · uploaded + count · uploaded += count
        """##
}
