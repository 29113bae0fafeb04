import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A listener on a loopback port that handles each connection as a test specifies.
final class ScriptedServer: Sendable {
    /// One accepted connection, used from its own thread.
    struct Connection: Sendable {
        let descriptor: Int32
        /// Reads the request up to its empty line.
        let request: String

        /// Returns false if the peer has closed.
        @discardableResult func send(_ bytes: [UInt8]) -> Bool {
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    write(descriptor, $0.baseAddress, $0.count)
                }
                if count <= 0 { return false }
                sent += count
            }
            return true
        }

        @discardableResult func send(_ text: String) -> Bool { send(Array(text.utf8)) }

        /// Waits until the peer closes.
        func hang() {
            var byte: UInt8 = 0
            while read(descriptor, &byte, 1) > 0 {}
        }

        func answer(_ body: [UInt8], status: Int = 200) {
            send(
                "HTTP/1.1 \(status) X\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n"
            )
            send(body)
        }

        func answer(_ body: String, status: Int = 200) { answer(Array(body.utf8), status: status) }
    }

    private final class Seen: Sendable {
        let requests = Mutex<[String]>([])
    }

    private final class Stop: Sendable {
        let flag = Atomic(false)
    }

    let port: Int
    private let isStopped = Stop()
    private let seen = Seen()

    var url: String { "http://127.0.0.1:\(port)/" }
    /// The requests so far.
    var requests: [String] { seen.requests.withLock { $0 } }

    /// With `readsHead` false, serves without waiting for a request.
    init(
        readsHead: Bool = true, _ serve: @escaping @Sendable (Connection) -> Void
    ) throws {
        signal(SIGPIPE, SIG_IGN)
        let listener = Self.socket()
        var address = Self.loopback(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, address, &size) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        let (seen, stop) = (seen, isStopped)
        Thread.detachNewThread {
            // Only this thread closes the listener: after another's close, its number may be that of
            // another server's listener when this thread accepts next.
            defer { close(listener) }
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { return }
                guard !stop.flag.load(ordering: .acquiring) else {
                    close(descriptor)
                    return
                }
                Thread.detachNewThread {
                    let request = readsHead ? Self.head(descriptor) : ""
                    seen.requests.withLock { $0.append(request) }
                    serve(Connection(descriptor: descriptor, request: request))
                    close(descriptor)
                }
            }
        }
    }

    /// Wakes the accepting thread by a connection of its own.
    deinit {
        isStopped.flag.store(true, ordering: .releasing)
        let descriptor = Self.socket()
        var address = Self.loopback(port: UInt16(port))
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        close(descriptor)
    }

    private static func socket() -> Int32 {
        #if canImport(Darwin)
            Darwin.socket(AF_INET, SOCK_STREAM, 0)
        #elseif canImport(Musl)
            Musl.socket(AF_INET, Int32(SOCK_STREAM), 0)
        #else
            Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        return address
    }

    private static func head(_ descriptor: Int32) -> String {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while head.count < 16_384, read(descriptor, &byte, 1) == 1 {
            head.append(byte)
            if head.suffix(4) == [13, 10, 13, 10] { break }
        }
        return String(decoding: head, as: UTF8.self)
    }

}
