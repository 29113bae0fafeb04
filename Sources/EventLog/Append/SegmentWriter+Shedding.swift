import Events
import Telemetry

/// Refusing lines that do not fit, and reporting how many.
extension SegmentWriter {
    private static let pauseBetweenReports = Duration.seconds(60)

    mutating func refuse(_ requests: [AppendRequest], _ refusal: Refusal) {
        enterShedding(refusal)
        var tally = ShedTally(reason: refusal.reason)
        for request in requests where !request.isReport {
            if request.isRepeatable {
                tally.deferred += request.lines.count
            } else {
                for line in request.lines { tally.lost[line.kind] += 1 }
            }
        }
        note(tally)
        for request in requests {
            answers.add(request.reply, .failure(.shedding(refusal.reason)))
        }
    }

    func note(_ tally: ShedTally) {
        guard !tally.isEmpty else { return }
        state.note(tally)
        telemetry.emit(LinesShed(tally: tally))
    }

    /// Updates the least important kind of line that there is space for.
    mutating func updatePressure(_ keeps: LineKind?) {
        guard state.keeps != keeps else { return }
        if keeps == nil { isReported = false }
        state.keeps = keeps
        telemetry.emit(PressureChanged(keeps: keeps))
    }

    /// Returns the unreported shed lines if a report is due.
    ///
    /// While all lines are refused, nothing is due. While some kinds are shed, one report is due,
    /// and the rest afterwards. Reports are at least a minute apart, unless the log is closing.
    mutating func shedReport(closing: Bool = false) -> ShedTally? {
        let now = clock.now
        if !closing {
            guard state.shedding == nil, state.keeps == nil || !isReported else { return nil }
            if let reportedAt, now >= reportedAt, now < reportedAt + Self.pauseBetweenReports {
                return nil
            }
        }
        guard let tally = state.takeUnreported() else { return nil }
        isReported = state.keeps != nil
        reportedAt = now
        return tally
    }

    /// Refuses lines beyond their sender's share if they would displace older lines.
    mutating func withinShares(_ requests: [AppendRequest]) -> [AppendRequest] {
        guard requests.contains(where: { coverages.isOver($0.sender, bytes: $0.bytes.count) }),
            keeper.isTight
        else { return requests }
        var kept: [AppendRequest] = []
        for request in requests {
            guard coverages.refuses(request.sender, bytes: request.bytes.count) else {
                kept.append(request)
                continue
            }
            let lines = request.lines.count
            state.count { $0.deferred += lines }
            telemetry.emit(LinesOverShare(lines: lines))
            answers.add(request.reply, .failure(.overShare))
        }
        return kept
    }

    func enterShedding(_ refusal: Refusal) {
        if refusal.reason == .diskFull { keeper.ballast.release() } else { keeper.keepBallast() }
        guard state.shedding != refusal.reason else { return }
        state.shed(refusal.reason)
        telemetry.emit(SheddingChanged(reason: refusal.reason, detail: refusal.detail))
    }

    func leaveShedding() {
        guard state.shedding != nil else { return }
        state.shed(nil)
        telemetry.emit(SheddingChanged(reason: nil, detail: ""))
    }
}
