import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A loopback port that was free a moment ago, for a listener.
///
/// Below the range from which systems take the ports of outgoing connections and of listeners without
/// a port of their own (32768 on Linux, 49152 on Darwin): none of those can take it before the
/// listener does, nor while a node that uses it is being restarted.
public enum FreePort {
    public struct None: Error {}

    private static let range = 20_000..<32_000
    private static let last = Mutex(Int.random(in: range))

    public static func take() throws -> Int {
        let (holder, port) = try bound()
        close(holder)
        return port
    }

    fileprivate static func bound() throws -> (descriptor: Int32, port: Int) {
        for _ in 0..<1000 {
            // No two tests of this process get the same port.
            let port = last.withLock { last in
                last = last + 1 < range.upperBound ? last + 1 : range.lowerBound
                return last
            }
            if let holder = bind(port) { return (holder, port) }
        }
        throw None()
    }

    private static func bind(_ port: Int) -> Int32? {
        #if canImport(Darwin)
            let kind = SOCK_STREAM
        #else
            let kind = Int32(SOCK_STREAM.rawValue)
        #endif
        let holder = socket(AF_INET, kind, 0)
        guard holder >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bindSocket(holder, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isBound else {
            close(holder)
            return nil
        }
        return holder
    }
}

/// Calls `bind(2)`; a method hides its name there.
private func bindSocket(
    _ socket: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t
) -> Int32 { bind(socket, address, length) }

/// A loopback port that refuses connections, and that nothing else can take meanwhile.
public final class ClosedPort: Sendable {
    public let number: Int
    private let holder: Int32

    public init() throws {
        // Bound, but not listening.
        (holder, number) = try FreePort.bound()
    }

    deinit { close(holder) }
}
