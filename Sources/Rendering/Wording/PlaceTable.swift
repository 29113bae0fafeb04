import Digests
import Events

/// The table of places and metrics, worst first, as rows for HTML and as aligned text.
struct PlaceTable {
    struct Cell {
        var value = ""
        var spark = ""
        var change = ""
        var state = CheckState.pass

        var values: [String: Any] {
            var values: [String: Any] = [
                "cell_value": value, "cell_state": state.rawValue,
                "cell_class": state == .warn ? "warning" : state.rawValue,
                "cell_color": color,
            ]
            if !spark.isEmpty { values["cell_spark"] = spark }
            if !change.isEmpty { values["cell_change"] = change }
            if state == .fail || state == .warn { values["cell_over"] = true }
            return values
        }

        /// The colour on a light background, for clients that read no style sheet.
        private var color: String {
            switch state {
            case .pass: "#1b1f24"
            case .warn: "#8a5300"
            case .nodata: "#6639a6"
            case .fail: "#b3261e"
            }
        }
    }

    struct Row {
        var place: String
        var status: String
        var attempt: String
        var cells: [Cell]

        var values: [String: Any] {
            ["place": place, "row_status": status, "try": attempt, "cells": cells.map(\.values)]
        }
    }

    /// The columns' metric names.
    let heads: [String]
    let rows: [Row]
    /// The stable version's values; nil when none is known.
    let stable: Row?
    let omittedRows: Int
    let omittedColumns: Int
    /// `AZ`, or `place` when some place has no zone.
    let placeWord: String

    init(_ digest: Digest, limits: ViewLimits) {
        let metrics = digest.metrics.prefix(limits.columns)
        let places = digest.places.prefix(limits.rows)
        let zones = Dictionary(grouping: digest.places, by: \.az)
        heads = metrics.map { PlainWords.metric($0.metric, limit: 28) }
        placeWord = digest.places.contains { $0.az.isEmpty } ? "place" : "AZ"
        let scales = metrics.map { metric in
            Sparkline.scale(
                digest.places.compactMap { $0.metrics.first { $0.metric == metric.metric } },
                stable: metric.stable)
        }
        rows = places.map { place in
            let twin = (zones[place.az]?.count ?? 0) > 1 && !place.az.isEmpty
            let name = PlainWords.place(place.az, place.node)
            return Row(
                place: twin ? "\(name)/\(PlainWords.place("", place.node))" : name,
                status: place.status.rawValue, attempt: place.attempt.map { "#\($0)" } ?? "",
                cells: zip(metrics, scales).map { metric, scale in
                    Self.cell(metric.metric, of: place, scale)
                })
        }
        stable =
            metrics.contains { $0.stable != nil }
            ? Row(
                place: "stable", status: "", attempt: "",
                cells: metrics.map { metric in
                    Cell(value: metric.stable.map { HumanNumber.text($0, metric.unit) } ?? "")
                }) : nil
        omittedRows = digest.places.count - places.count
        omittedColumns = digest.metrics.count - metrics.count
    }

    private static func cell(
        _ metric: String, of place: Source, _ scale: ClosedRange<Double>?
    ) -> Cell {
        guard let track = place.metrics.first(where: { $0.metric == metric }) else {
            return Cell(value: "–")
        }
        return Cell(
            value: HumanNumber.text(track.value, track.unit),
            spark: track.unit == .flag ? "" : Sparkline.text(track.history, scale: scale),
            change: HumanNumber.change(from: track.previous, to: track.value, track.unit),
            state: track.state)
    }

    /// The table as text for a monospaced font, without a newline at the end.
    ///
    /// - Parameter isNarrow: Whether it must fit a phone: without verdicts, and without curves and
    ///   changes beside a second metric.
    func text(isNarrow: Bool) -> String {
        let all = rows + (stable.map { [$0] } ?? [])
        var lines = ["\(placeWord == "AZ" ? "AZ" : "place")"] + all.map(\.place)
        if !isNarrow { Self.add("verdict", all.map(\.status), to: &lines) }
        Self.add("try", all.map(\.attempt), to: &lines)
        for (i, head) in heads.enumerated() {
            var column = all.map(\.cells[i].value)
            var parts = column
            Self.pad(&parts)
            let isBare = isNarrow && heads.count > 1
            let more = isBare ? [] : [all.map(\.cells[i].spark), all.map(\.cells[i].change)]
            for part in more where part.contains(where: { !$0.isEmpty }) {
                var part = part
                Self.pad(&part)
                parts = zip(parts, part).map { "\($0) \($1)" }
            }
            column = parts
            Self.add(head, column, to: &lines)
        }
        return lines.map(Self.withoutBlanksAtEnd).joined(separator: "\n")
    }

    private static func withoutBlanksAtEnd(_ line: String) -> String {
        guard let last = line.utf8.lastIndex(where: { $0 != 0x20 }) else { return "" }
        return String(line[..<line.utf8.index(after: last)])
    }

    /// Appends one column unless it is empty.
    private static func add(_ head: String, _ column: [String], to lines: inout [String]) {
        guard column.contains(where: { !$0.isEmpty }) else { return }
        pad(&lines)
        lines = zip(lines, [head] + column).map { "\($0)  \($1)" }
    }

    private static func pad(_ texts: inout [String]) {
        let width = texts.map(\.count).max() ?? 0
        texts = texts.map { $0 + String(repeating: " ", count: width - $0.count) }
    }
}
