import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The thread's own part: one multi handle, the transfers under way.
final class TransferLoop {
    private let multi: UnsafeMutableRawPointer
    private let inbox: TransferInbox
    private var live: [UInt64: Exchange] = [:]
    private var ids: [UnsafeMutableRawPointer: UInt64] = [:]

    /// Idle connections kept over all hosts.
    private static let keptConnections = 64

    init?(_ inbox: TransferInbox) {
        guard let multi = curl_multi_init() else { return nil }
        self.multi = multi
        self.inbox = inbox
        ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.keptConnections)
        inbox.open(TransferInbox.Waker(multi: multi))
    }

    /// Serves until the inbox stops it. Every order is settled by then.
    func run() {
        while true {
            let (commands, stopping) = inbox.take()
            for command in commands { obey(command) }
            if stopping { break }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collect()
            giveUp()
            if curl_multi_poll(multi, nil, 0, pause, nil) != CURLM_OK {
                // Without a working poll, at least do not spin.
                usleep(10_000)
            }
        }
        for id in Array(live.keys) { abort(id, .cancelled, "the engine was shut down") }
        inbox.close()
        curl_multi_cleanup(multi)
    }

    private func obey(_ command: TransferInbox.Command) {
        switch command {
        case .start(let id, let order): start(id, order)
        case .callOff(let id): abort(id, .cancelled, "the transfer was called off")
        }
    }

    private func start(_ id: UInt64, _ order: TransferOrder) {
        guard !order.called.isSet else {
            order.settle(
                .failure(
                    TransferError(
                        .cancelled, target: order.target, words: "the transfer was called off")))
            return
        }
        guard let exchange = Exchange(id: id, order: order) else {
            order.settle(
                .failure(
                    TransferError(.internalFault, target: order.target, words: "out of memory")))
            return
        }
        do throws(TransferError) {
            try exchange.setUp()
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

    /// Settles what libcurl has ended.
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

    private func giveUp() {
        let now = ContinuousClock.now
        for (id, exchange) in live {
            if let end = exchange.giveUpAt, end <= now {
                abort(id, .timeout, "no answer within the deadline")
            }
        }
    }

    private func abort(_ id: UInt64, _ kind: TransferError.Kind, _ words: String) {
        guard let exchange = live[id] else { return }
        remove(exchange)
        exchange.order.settle(
            .failure(TransferError(kind, target: exchange.order.target, words: words)))
    }

    private func remove(_ exchange: Exchange) {
        curl_multi_remove_handle(multi, exchange.easy)
        live[exchange.id] = nil
        ids[exchange.easy] = nil
    }

    /// How long to sleep at most, in milliseconds; libcurl shortens it for its own timers.
    private var pause: Int32 {
        var longest: Duration = .seconds(60)
        let now = ContinuousClock.now
        for exchange in live.values {
            if let end = exchange.giveUpAt { longest = min(longest, end - now) }
        }
        let (seconds, attoseconds) = max(longest, .zero).components
        return Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000) + 1
    }
}
