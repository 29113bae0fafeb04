import HTTPTypes
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL
import NIOTLS

/// Sets up each accepted connection: watch, TLS handshake, then HTTP/1.1 or HTTP/2 by ALPN.
///
/// Hummingbird's own upgrade channel uses one TLS context from the start and passes no handshake
/// data to handlers. This one uses the current context for each connection and passes its facts to
/// every request on it.
struct ConnectionChannel: ServerChildChannel {
    enum Negotiated: Sendable {
        case http1(HTTP1Channel, HTTP1Channel.Value)
        case http2(HTTP2Channel, HTTP2Channel.Value)
    }

    struct Value: ServerChildChannelValue {
        let negotiated: EventLoopFuture<Negotiated>
        let channel: any Channel
    }

    let tls: TLSContextBox
    let limits: ServerLimits
    let census: ConnectionCensus
    /// Whether to read the server name (SNI) of the handshake.
    let keepsServerName: Bool
    let onUnreadable: @Sendable (ConnectionFacts) -> Void
    let handshakes: HandshakeReporter
    let requestPipeline: RequestPipeline

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let negotiated = channel.eventLoop.makePromise(of: Negotiated.self)
            let loop = channel.eventLoop
            let entry = ConnectionCensus.Entry(
                peerGroup: ConnectionFacts.peerGroup(
                    of: ConnectionFacts.peer(of: channel.remoteAddress)))
            let watch = ConnectionWatch(limits: limits, census: census, entry: entry)
            let bound = NIOLoopBound(watch, eventLoop: loop)
            let isAdmitted = census.admit(entry) { loop.execute { bound.value.endNow() } }
            channel.closeFuture.whenComplete { [census] _ in
                if isAdmitted { census.closed(entry) }
                // Has no effect if the negotiation is already complete.
                negotiated.fail(ChannelError.eof)
            }
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(watch)
            guard isAdmitted else {
                channel.close(promise: nil)
                return Value(negotiated: negotiated.futureResult, channel: channel)
            }
            let opening = NIOLoopBound(
                Opening(
                    channel: channel, watch: watch, entry: entry, logger: logger,
                    negotiated: negotiated),
                eventLoop: loop)
            if keepsServerName {
                let sni = SNIHandler { result in
                    channel.eventLoop.makeCompletedFuture {
                        var name: String?
                        if case .hostname(let hostname) = result { name = hostname.lowercased() }
                        try self.secure(opening.value, serverName: name)
                    }
                }
                try pipeline.addHandler(ByteToMessageHandler(sni))
            } else {
                try secure(opening.value, serverName: nil)
            }
            return Value(negotiated: negotiated.futureResult, channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        // If the handshake failed there is no peer to answer.
        guard let negotiated = try? await value.negotiated.get() else { return }
        switch negotiated {
        case .http1(let child, let value): await child.handle(value: value, logger: logger)
        case .http2(let child, let value): await child.handle(value: value, logger: logger)
        }
    }

    // MARK: - On the event loop

    private struct Opening {
        let channel: any Channel
        let watch: ConnectionWatch
        let entry: ConnectionCensus.Entry
        let logger: Logger
        let negotiated: EventLoopPromise<Negotiated>
        /// Identifies the authorities in force at the handshake.
        var trust = 0
    }

    private func secure(_ opening: Opening, serverName: String?) throws {
        let channel = opening.channel
        let pipeline = channel.pipeline.syncOperations
        let (context, trust) = tls.context
        var opening = opening
        opening.trust = trust
        try pipeline.addHandler(NIOSSLServerHandler(context: context))
        let peer = ConnectionFacts.peer(of: channel.remoteAddress)
        try pipeline.addHandler(
            HandshakeWatch { [handshakes] failure in handshakes.report(failure, peer: peer) })
        let bound = NIOLoopBound(opening, eventLoop: channel.eventLoop)
        let alpn = NIOTypedApplicationProtocolNegotiationHandler<Negotiated> { result in
            switch result {
            case .negotiated("h2"):
                return self.open(bound.value, isHTTP2: true, serverName: serverName)
            case .negotiated, .fallback:
                return self.open(bound.value, isHTTP2: false, serverName: serverName)
            }
        }
        try pipeline.addHandler(alpn)
        alpn.protocolNegotiationResult.cascade(to: opening.negotiated)
    }

    private func open(
        _ opening: Opening, isHTTP2: Bool, serverName: String?
    ) -> EventLoopFuture<Negotiated> {
        let channel = opening.channel
        let certificate = try? channel.pipeline.syncOperations.nioSSL_peerCertificate()
        let facts = ConnectionFacts(
            address: channel.remoteAddress, isHTTP2: isHTTP2, serverName: serverName,
            client: certificate.flatMap { ClientCertificate($0, trust: opening.trust) },
            entry: opening.entry)
        let watch = NIOLoopBound(opening.watch, eventLoop: channel.eventLoop)
        let feed = isHTTP2 ? nil : RequestFeed(watch: opening.watch, limits: limits)
        let boundFeed = NIOLoopBound(feed, eventLoop: channel.eventLoop)
        var exchanges = HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                ExchangeGuard(
                    isHTTP2: isHTTP2, watch: watch.value, feed: boundFeed.value, limits: limits,
                    budget: requestPipeline.admission.budget,
                    onUnreadable: { onUnreadable(facts) }),
                ReadyAnswers(pipeline: requestPipeline, connection: facts),
            ])
        exchanges.httpDecoder.maxHeaderListSize = limits.headerBytes
        exchanges.httpDecoder.maxHeaderFieldSize = limits.headerBytes
        exchanges.httpDecoder.maxHeaderFieldCount = 200
        do {
            try channel.pipeline.syncOperations.addHandler(DetachedReads())
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        let responder = Self.responder(requestPipeline, facts)
        let pipeline = channel.pipeline.syncOperations
        guard let feed else {
            do {
                try pipeline.addHandler(FrameBudget(watch: opening.watch))
            } catch {
                return channel.eventLoop.makeFailedFuture(error)
            }
            opening.watch.grantFarewell()
            var configuration = HTTP2ChannelConfiguration(
                idleTimeout: limits.idleTimeout, gracefulCloseTimeout: limits.drainDeadline)
            configuration.streamConfiguration = exchanges
            let child = HTTP2Channel(responder: responder, configuration: configuration)
            return child.setup(channel: channel, logger: opening.logger).flatMapThrowing {
                value in
                try LastAnswerKeeper.insert(into: channel.pipeline.syncOperations)
                try FloodCounter.insert(
                    into: channel.pipeline.syncOperations, watch: watch.value)
                return .http2(child, value)
            }
        }
        do {
            try pipeline.addHandler(feed)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        let child = HTTP1Channel(responder: responder, configuration: exchanges)
        return child.setup(channel: channel, logger: opening.logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            if let feed = boundFeed.value {
                try pipeline.addHandler(RequestTarget(feed: feed), position: .before(codec))
            }
            return .http1(child, value)
        }
    }

    private static func responder(
        _ requestPipeline: RequestPipeline, _ facts: ConnectionFacts
    ) -> HTTPChannelHandler.Responder {
        { request, writer, channel in
            try await requestPipeline.respond(request, writer, facts) {
                channel.writeAndFlush(
                    HTTPResponsePart.head(HTTPResponse(status: .continue)), promise: nil)
            } settle: {
                try await channel.eventLoop.submit {}.get()
            }
        }
    }
}
