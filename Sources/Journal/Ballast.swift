import Events
import Synchronization
import Telemetry

/// A file that only takes room, beside `log/`: when the disk is full it goes, so
/// that removing archives, closing segments and the state's SQLite file still
/// work. It comes back when there is room again. Thread-safe.
final class Ballast: Sendable {
    private let files: any LogFileSystem
    private let path: String
    private let telemetry: Telemetry
    private struct State {
        var isHeld: Bool
        /// It went in the life of this process and is to come back.
        var isOwed = false
    }

    private let state: Mutex<State>
    let bytes: Int

    init(
        in directory: String, bytes: Int, files: any LogFileSystem, telemetry: Telemetry
    ) {
        self.files = files
        self.bytes = bytes
        self.telemetry = telemetry
        path = directory + "/ballast"
        let found = (try? files.facts(path))?.allocated ?? 0
        state = Mutex(State(isHeld: bytes > 0 && found >= bytes))
    }

    /// Bytes to keep free beyond the floor so that it can come back.
    var missing: Int { state.withLock { $0.isOwed ? bytes : 0 } }

    func release() {
        state.withLock { state in
            guard state.isHeld else { return }
            do throws(SystemFault) { try files.remove(path) } catch {
                guard error.isAbsence else { return }
            }
            state = State(isHeld: false, isOwed: true)
            telemetry.emit(BallastChanged(bytes: 0))
        }
    }

    /// Takes the room again when `free` bytes beyond the floor leave enough besides.
    func restore(free: Int) {
        state.withLock { state in
            guard !state.isHeld, bytes > 0, free >= 2 * bytes else { return }
            do throws(SystemFault) {
                let file = try files.openToWrite(path, fresh: true)
                defer { files.close(file) }
                try files.allocate(file, bytes: bytes)
                state = State(isHeld: true)
                telemetry.emit(BallastChanged(bytes: bytes))
            } catch { try? files.remove(path) }
        }
    }
}
