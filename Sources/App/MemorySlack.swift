import CAllocator
import Dispatch
import Foundation

/// Memory that the process holds and has no use for.
///
/// glibc gives back by itself what is free at a heap's end. Bodies of requests come and go between
/// blocks that stay, so that after a burst of large ones a heap holds two or three times what is in
/// use. Giving back whole free pages takes about a millisecond. With them go the pages of code,
/// of which a burst passes through more than it comes back to.
enum MemorySlack {
    /// How often it is looked at, and how much more memory there must be since it was last given
    /// back, in bytes.
    private static let lookEvery = Duration.milliseconds(250)
    private static let growth = 4 << 20
    private static let queue = DispatchQueue(label: "bellwether.allocator", qos: .utility)

    /// Gives it back as it grows, until cancelled.
    static func keepSmall(clock: any Clock<Duration> = ContinuousClock()) async {
        guard var least = privateBytes() else { return }
        while (try? await clock.sleep(for: lookEvery)) != nil {
            let before = least
            least = await withCheckedContinuation { continuation in
                queue.async { continuation.resume(returning: giveBack(beyond: before)) }
            }
        }
    }

    /// Gives pages back if the process has grown since; how large it is after that.
    private static func giveBack(beyond least: Int) -> Int {
        guard let now = privateBytes() else { return least }
        if now < least + growth { return min(now, least) }
        bellwether_give_back_free_pages()
        ImagePages.release()
        return privateBytes() ?? now
    }

    /// The process's own memory, files that it has mapped left out; nil where the system does not
    /// tell in this way.
    static func privateBytes() -> Int? {
        // proc(5): pages in all, resident, of these shared, and more.
        let words = FileManager.default.contents(atPath: "/proc/self/statm")
            .map { String(decoding: $0, as: UTF8.self).split(separator: " ") }
        guard let words, words.count > 2, let resident = Int(words[1]), let shared = Int(words[2])
        else { return nil }
        return (resident - shared) * Int(getpagesize())
    }
}
