import Digests

/// A row of values as one row of characters, lowest to highest: `▁▃▅█`.
enum Sparkline {
    private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    /// Where there was no value.
    static let gap: Character = "·"

    /// The last `width` values between the ends of `scale`; by default those of
    /// the row itself. A row on a scale without length is drawn low; one
    /// without values is empty.
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

    /// One scale for a metric in all places, from the stable version's value on,
    /// so that rows can be compared and a steady excess stands high.
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
