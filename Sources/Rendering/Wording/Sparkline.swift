import Digests

/// Draws a row of values as characters: `▁▃▅█`.
enum Sparkline {
    private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    /// The character for a missing value.
    static let gap: Character = "·"

    /// Draws the last `width` values on `scale`, by default the range of these values.
    ///
    /// On a scale of length zero all values are drawn low. Returns an empty text when there is
    /// no value.
    static func text(
        _ values: [Double?], width: Int = 8, scale: ClosedRange<Double>? = nil
    ) -> String {
        let shown = values.suffix(width).map { $0.flatMap { $0.isFinite ? $0 : nil } }
        guard let scale = scale ?? ends(shown.compactMap(\.self)),
            shown.contains(where: { $0 != nil })
        else { return "" }
        let range = scale.upperBound - scale.lowerBound
        return String(
            shown.map { value in
                guard let value else { return gap }
                guard range > 0, range.isFinite else { return bars[0] }
                let step = (value - scale.lowerBound) / range * Double(bars.count - 1)
                return bars[Int(min(max(step.rounded(), 0), Double(bars.count - 1)))]
            })
    }

    /// Returns one scale for a metric in all places, which includes the stable version's value.
    ///
    /// Rows can then be compared, and a constant value above stable is drawn high.
    static func scale(
        _ tracks: [MetricTrack], stable: Double?, width: Int = 8
    ) -> ClosedRange<Double>? {
        let values = tracks.flatMap { $0.history.suffix(width) }.compactMap(\.self)
        return ends((values + [stable].compactMap(\.self)).filter(\.isFinite))
    }

    private static func ends(_ values: [Double]) -> ClosedRange<Double>? {
        guard let low = values.min(), let high = values.max() else { return nil }
        return low...high
    }
}
