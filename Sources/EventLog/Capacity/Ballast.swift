import Events
import Synchronization
import Telemetry

/// A file that reserves disk space beside `log/`. It is removed when the disk is full.
///
/// Its space lets the log remove archives and close segments, and lets the state's SQLite file
/// work. It is created again when there is enough space. Thread-safe.
final class Ballast: Sendable {
    private let files: any LogFileSystem
    private let path: String
    private let telemetry: Telemetry
    private struct State {
        var isHeld: Bool
        /// Whether this process removed the file and is to create it again.
        var isOwed = false
    }

    private let state: Mutex<State>
    let bytes: Int

    init(
        in directory: String, bytes: Int, files: any LogFileSystem, telemetry: Telemetry
    ) throws(SystemFault) {
        self.files = files
        self.bytes = bytes
        self.telemetry = telemetry
        path = directory + "/ballast"
        let found = try files.exists(path) ? files.facts(path).allocated : 0
        state = Mutex(State(isHeld: bytes > 0 && found >= bytes))
    }

    /// Bytes to keep free above the floor so that the file can be created again.
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

    /// Creates the file if at least twice its size is free above the floor.
    ///
    /// - Parameter free: Free bytes above the floor.
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
