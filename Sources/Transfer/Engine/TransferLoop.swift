import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs the transfers of one multi handle on one thread.
final class TransferLoop {
    private let multi: UnsafeMutableRawPointer
    private let inbox: TransferInbox
    /// How long the loop runs without work; nil runs it until it is stopped.
    private let idleLimit: Duration?
    private let onEnd: @Sendable () -> Void
    /// Older connections get no further request. In whole seconds.
    private let connectionLifetime: Duration
    private var live: [UInt64: EasyTransfer] = [:]
    private var ids: [UnsafeMutableRawPointer: UInt64] = [:]
    /// The last transfer of a loop with an idle limit. Its handle gives access to the connection
    /// that libcurl keeps.
    private var last: EasyTransfer?
    private var idleSince = ContinuousClock.now

    /// The maximum number of idle connections kept, over all hosts.
    private static let keptConnections = 64
    /// When the loop stops: the time for libcurl to end the transfers that it must end itself.
    private static let endLimit = Duration.seconds(4)

    /// - Parameters:
    ///   - idleLimit: Ends the loop after it had no work for this long, unless it is reserved.
    ///   - onEnd: Called when `run` has ended and the loop's memory is freed.
    init?(
        _ inbox: TransferInbox, idleLimit: Duration? = nil,
        connectionLifetime: Duration = .seconds(60),
        onEnd: @escaping @Sendable () -> Void = {}
    ) {
        guard let multi = curl_multi_init() else { return nil }
        self.multi = multi
        self.inbox = inbox
        self.idleLimit = idleLimit
        self.connectionLifetime = connectionLifetime
        self.onEnd = onEnd
        ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.keptConnections)
        inbox.open(TransferInbox.Waker(multi: multi))
    }

    /// Runs until the inbox stops it or it is idle too long. Settles every order before it returns.
    func run() {
        while true {
            let (commands, stopping) = inbox.take()
            for command in commands { handle(command) }
            if stopping { break }
            advance()
            expire()
            if isUnused, inbox.closeIfUnused() { break }
            poll(pause)
        }
        endAll()
        inbox.close()
        sayGoodbye()
        curl_multi_cleanup(multi)
        onEnd()
    }

    /// Runs libcurl once and collects its results.
    private func advance() {
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
        collect()
    }

    private func poll(_ milliseconds: Int32) {
        if curl_multi_poll(multi, nil, 0, milliseconds, nil) != CURLM_OK {
            // Avoid a busy loop if poll fails.
            usleep(10_000)
        }
    }

    private func handle(_ command: TransferInbox.Command) {
        switch command {
        case .start(let id, let order): start(id, order)
        case .callOff(let id): end(id, .calledOff)
        }
    }

    private func start(_ id: UInt64, _ order: TransferOrder) {
        guard !order.called.isSet else {
            order.settle(
                .failure(
                    TransferError(
                        .cancelled, target: order.target, words: "the transfer was cancelled")))
            return
        }
        guard let exchange = EasyTransfer(id: id, order: order) else {
            order.settle(
                .failure(
                    TransferError(.internalFault, target: order.target, words: "out of memory")))
            return
        }
        exchange.isStopping = { [inbox] in inbox.isStopping }
        do throws(TransferError) {
            try exchange.setUp()
            try exchange.set(
                CURLOPT_MAXLIFETIME_CONN, Int(clamping: connectionLifetime.components.seconds))
            try order.prepare(exchange)
        } catch {
            order.settle(.failure(error))
            return
        }
        guard curl_multi_add_handle(multi, exchange.easy) == CURLM_OK else {
            order.settle(
                .failure(
                    TransferError(
                        .internalFault, target: order.target, words: "libcurl took no transfer")))
            return
        }
        live[id] = exchange
        ids[exchange.easy] = id
    }

    /// Settles the transfers that libcurl has ended.
    private func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            var code = CURLE_OK
            guard ccurl_message_done(message, &code) != 0, let easy = message.pointee.easy_handle,
                let id = ids[easy], let exchange = live[id]
            else { continue }
            let finished = exchange.finish(code)
            remove(exchange)
            exchange.order.settle(.success(finished))
        }
    }

    private func expire() {
        let now = ContinuousClock.now
        for (id, exchange) in live {
            if let end = exchange.giveUpAt, end <= now { self.end(id, .deadline) }
        }
    }

    /// Ends a transfer early: at once if that is clean, else in the next round of libcurl.
    private func end(_ id: UInt64, _ ending: EasyTransfer.Ending) {
        guard let exchange = live[id] else { return }
        exchange.end(ending)
        guard !exchange.endsByCallback else { return }
        abort(exchange, ending)
    }

    private func abort(_ exchange: EasyTransfer, _ ending: EasyTransfer.Ending) {
        remove(exchange)
        exchange.order.settle(
            .failure(
                TransferError(ending.kind, target: exchange.order.target, words: ending.words)))
    }

    /// Ends all transfers because the loop stops.
    private func endAll() {
        for id in Array(live.keys) { end(id, .shutDown) }
        let limit = ContinuousClock.now + Self.endLimit
        while !live.isEmpty, .now < limit {
            advance()
            if !live.isEmpty { poll(20) }
        }
        for exchange in Array(live.values) { abort(exchange, exchange.ending ?? .shutDown) }
    }

    private func remove(_ exchange: EasyTransfer) {
        live[exchange.id] = nil
        ids[exchange.easy] = nil
        idleSince = .now
        guard idleLimit != nil else {
            curl_multi_remove_handle(multi, exchange.easy)
            return
        }
        // Not earlier: libcurl finds the kept connection only through a handle in the loop.
        if let last { curl_multi_remove_handle(multi, last.easy) }
        last = exchange
    }

    /// Makes libcurl send QUIT on the kept connection without waiting for the answer, for which it
    /// would wait two minutes: the socket is shut down for reading first.
    private func sayGoodbye() {
        guard let last else { return }
        if let socket = last.keptSocket { shutdown(socket, Int32(SHUT_RD)) }
        curl_multi_remove_handle(multi, last.easy)
        self.last = nil
    }

    private var isUnused: Bool {
        guard let idleLimit, live.isEmpty else { return false }
        return idleSince + idleLimit <= .now
    }

    /// The maximum sleep in milliseconds. libcurl shortens it for its own timers.
    private var pause: Int32 {
        var longest: Duration = .seconds(60)
        let now = ContinuousClock.now
        for exchange in live.values {
            // libcurl ends such a transfer only when it is called.
            if exchange.ending != nil { return 1 }
            if let end = exchange.giveUpAt { longest = min(longest, end - now) }
        }
        if let idleLimit, live.isEmpty, !inbox.isReserved {
            longest = min(longest, idleSince + idleLimit - now)
        }
        let (seconds, attoseconds) = max(longest, .zero).components
        return Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000) + 1
    }
}
