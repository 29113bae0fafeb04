import Events
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A progress bar on standard error for work that takes over a second.
///
/// Prints nothing when standard error is not a terminal.
final class Progress {
    private let started = ContinuousClock.now
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var shown = -1

    private static let width = 40

    /// Draws the bar. `part` is the finished share of the work, from 0 to 1.
    func show(_ part: Double) {
        guard isTerminal, ContinuousClock.now - started > .seconds(1) else { return }
        let percent = Int(saturating: min(max(part, 0), 1) * 100)
        guard percent != shown else { return }
        shown = percent
        let filled = percent * Self.width / 100
        let bar =
            String(repeating: "#", count: filled)
            + String(repeating: ".", count: Self.width - filled)
        FileHandle.standardError.write(Data("\r[\(bar)] \(percent) %".utf8))
    }

    /// Removes the bar, before a line is printed or when the work is done.
    func clear() {
        guard shown >= 0 else { return }
        shown = -1
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }
}
