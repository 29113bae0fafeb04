/// A row of values as one row of characters, lowest to highest: `▁▃▅█`.
enum Sparkline {
    private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    /// Where there was no value.
    static let gap: Character = "·"

    /// The last `width` values. A row without differences is drawn flat and low;
    /// one without values is empty.
    static func text(_ values: [Double?], width: Int = 8) -> String {
        let shown = values.suffix(width).map { $0.flatMap { $0.isFinite ? $0 : nil } }
        let known = shown.compactMap { $0 }
        guard let low = known.min(), let high = known.max() else { return "" }
        let range = high - low
        return String(
            shown.map { value in
                guard let value else { return gap }
                guard range > 0, range.isFinite else { return bars[0] }
                let step = ((value - low) / range * Double(bars.count - 1)).rounded()
                return bars[min(max(Int(step), 0), bars.count - 1)]
            })
    }
}
