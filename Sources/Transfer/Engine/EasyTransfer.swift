import CCurl

/// A libcurl easy handle and the memory that its callbacks use.
///
/// Used on the loop's thread only; the callbacks run there too, inside `curl_multi_perform`.
final class EasyTransfer {
    let id: UInt64
    let easy: UnsafeMutableRawPointer
    let order: TransferOrder

    var maxBody = 0
    /// Whether the result contains the server's own certificate.
    var keepsCertificate = false
    private(set) var body: [UInt8] = []
    private(set) var overflowed = false
    /// Receives the body of a 2xx answer instead of `body`. Returns false to end the transfer.
    var onBody: (@Sendable (UnsafeRawBufferPointer) -> Bool)?
    /// Whether `onBody` ended the transfer.
    private(set) var isCalledOff = false
    /// The header lines of the last response, without line ends.
    private(set) var headerLines: [[UInt8]] = []
    private var headerBytes = 0

    private var upload: [UInt8] = []
    private var uploaded = 0
    private(set) var conversation = SMTPConversation()

    /// When the loop ends the transfer, before libcurl's own deadline.
    private(set) var giveUpAt: ContinuousClock.Instant?
    private var deadlineAfterUpload: Duration?
    /// Why the loop ended the transfer; set once.
    private(set) var ending: Ending?
    /// Whether libcurl must end the transfer itself, because removing it midway is not clean.
    private(set) var endsByCallback = false
    /// Whether the loop is about to stop.
    var isStopping: @Sendable () -> Bool = { false }

    /// A reason for the loop to end a transfer early.
    enum Ending: Sendable {
        case calledOff
        case shutDown
        case deadline

        var kind: TransferError.Kind { self == .deadline ? .timeout : .cancelled }

        var words: String {
            switch self {
            case .calledOff: "the transfer was cancelled"
            case .shutDown: "the engine was shut down"
            case .deadline: "no answer within the deadline"
            }
        }
    }

    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private let words: UnsafeMutablePointer<CChar>

    /// The maximum total length of response heads, in bytes.
    private static let maxHead = 256 * 1024

    init?(id: UInt64, order: TransferOrder) {
        guard let easy = curl_easy_init() else { return nil }
        self.id = id
        self.easy = easy
        self.order = order
        words = .allocate(capacity: Int(CURL_ERROR_SIZE))
        words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, words)
    }

    deinit {
        curl_easy_cleanup(easy)
        for list in lists { curl_slist_free_all(list) }
        words.deallocate()
    }

    // MARK: - Options

    /// Sets the options and callbacks of all transfers.
    func setUp() throws(TransferError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try setDefaults()
        ccurl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { data, size, count, context in
            EasyTransfer.of(context)?.receive(data, size * count) ?? 0
        }
        ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        ccurl_set_data_callback(easy, CURLOPT_HEADERFUNCTION) { data, size, count, context in
            EasyTransfer.of(context)?.receiveHeader(data, size * count) ?? 0
        }
        ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context)
    }

    func set(_ option: CURLoption, _ value: Int) throws(TransferError) {
        try check(ccurl_set_long(easy, option, value))
    }

    func set(_ option: CURLoption, _ value: String) throws(TransferError) {
        guard !value.utf8.contains(0) else {
            throw TransferError(.invalid, target: order.target, words: "a value holds a NUL")
        }
        try check(ccurl_set_string(easy, option, value))
    }

    func set(_ option: CURLoption, list values: [String]) throws(TransferError) {
        var list: UnsafeMutablePointer<curl_slist>?
        for value in values {
            guard let longer = curl_slist_append(list, value) else {
                curl_slist_free_all(list)
                throw TransferError(.internalFault, target: order.target, words: "out of memory")
            }
            list = longer
        }
        guard let list else { return }
        lists.append(list)
        try check(ccurl_set_pointer(easy, option, list))
    }

    func set(trust: TLSTrust) throws(TransferError) {
        switch trust {
        case .system: break
        case .file(let path):
            try set(CURLOPT_CAINFO, path)
            try set(CURLOPT_CA_CACHE_TIMEOUT, 0)
            try check(ccurl_set_pointer(easy, CURLOPT_CAPATH, nil))
        case .insecure:
            try set(CURLOPT_SSL_VERIFYPEER, 0)
            try set(CURLOPT_SSL_VERIFYHOST, 0)
        }
    }

    /// Sets the client certificate, a PEM file with its chain, for servers that request one.
    func set(identity: TLSIdentity) throws(TransferError) {
        try set(CURLOPT_SSLCERT, identity.certificate)
        try set(CURLOPT_SSLKEY, identity.key)
    }

    /// Sets at least one millisecond: libcurl takes zero as no deadline.
    func set(_ option: CURLoption, _ deadline: Duration) throws(TransferError) {
        let (seconds, attoseconds) = deadline.components
        let milliseconds = min(seconds, 86_400 * 30) * 1000 + attoseconds / 1_000_000_000_000_000
        try set(option, Int(max(milliseconds, 1)))
    }

    func check(_ code: CURLcode) throws(TransferError) {
        guard code != CURLE_OK else { return }
        throw TransferError(
            code == CURLE_OUT_OF_MEMORY ? .internalFault : .invalid, target: order.target,
            words: String(cString: curl_easy_strerror(code)))
    }

    /// Sends `bytes`, then waits for the answer for at most `deadline`. The transfer ends if they
    /// are not sent at `giveUpAt`.
    func send(
        upload bytes: [UInt8], before giveUpAt: ContinuousClock.Instant,
        thenWithin deadline: Duration
    ) throws(TransferError) {
        upload = bytes
        self.giveUpAt = giveUpAt
        deadlineAfterUpload = deadline
        let context = Unmanaged.passUnretained(self).toOpaque()
        try set(CURLOPT_UPLOAD, 1)
        try check(ccurl_set_offset(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(bytes.count)))
        ccurl_set_data_callback(easy, CURLOPT_READFUNCTION) { data, size, count, context in
            EasyTransfer.of(context)?.provide(data, size * count) ?? Int(CURL_READFUNC_ABORT)
        }
        ccurl_set_pointer(easy, CURLOPT_READDATA, context)
        ccurl_set_seek_callback(easy) { context, offset, origin in
            EasyTransfer.of(context)?.seek(Int(offset), origin) ?? CURL_SEEKFUNC_FAIL
        }
        ccurl_set_pointer(easy, CURLOPT_SEEKDATA, context)
    }

    /// Records both sides of the conversation, without credentials.
    func recordConversation() throws(TransferError) {
        ccurl_set_debug_callback(easy) { _, type, data, size, context in
            guard let data else { return 0 }
            let line = UnsafeRawBufferPointer(start: data, count: size)
            switch type {
            case CURLINFO_HEADER_OUT: EasyTransfer.of(context)?.sent(line)
            case CURLINFO_HEADER_IN: EasyTransfer.of(context)?.conversation.received(line)
            default: break
            }
            return 0
        }
        ccurl_set_pointer(easy, CURLOPT_DEBUGDATA, Unmanaged.passUnretained(self).toOpaque())
        try set(CURLOPT_VERBOSE, 1)
    }

    /// Lets libcurl end the transfer when it is cancelled, its time is up, or the loop stops.
    ///
    /// This also works while `curl_multi_perform` blocks for an answer, as it does after a
    /// message's end and after QUIT: it calls this callback at least once a second.
    ///
    /// Needed for mail. If a transfer is removed midway, libcurl before version 8 sends the end of
    /// the message, so that a truncated message is delivered, and then waits for the answer.
    func endByCallback() throws(TransferError) {
        endsByCallback = true
        try check(
            ccurl_set_progress_callback(easy) { context, _, _, _, _ in
                EasyTransfer.of(context)?.mustEnd() == true ? 1 : 0
            })
        ccurl_set_pointer(easy, CURLOPT_XFERINFODATA, Unmanaged.passUnretained(self).toOpaque())
        try set(CURLOPT_NOPROGRESS, 0)
    }

    /// Sets why the transfer ends. Only the first reason is kept.
    func end(_ ending: Ending) {
        if self.ending == nil { self.ending = ending }
    }

    // MARK: - Callbacks

    private func mustEnd() -> Bool {
        if order.called.isSet { end(.calledOff) }
        if isStopping() { end(.shutDown) }
        if let giveUpAt, giveUpAt <= .now { end(.deadline) }
        return ending != nil
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> EasyTransfer? {
        context.map { Unmanaged<EasyTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func sent(_ line: UnsafeRawBufferPointer) {
        conversation.sent(line)
        // libcurl blocks the loop while it waits for the answer to QUIT.
        if conversation.hasQuit { ccurl_set_long(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, 1) }
    }

    private func receive(_ data: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int {
        if let onBody, (200..<300).contains(long(CURLINFO_RESPONSE_CODE)) {
            guard size > 0 else { return 0 }
            isCalledOff = !onBody(UnsafeRawBufferPointer(start: data, count: size))
            return isCalledOff ? size - 1 : size
        }
        guard body.count + size <= maxBody else {
            overflowed = true
            return size == 0 ? 0 : size - 1
        }
        body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: size))
        return size
    }

    private func receiveHeader(_ data: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int {
        var line = Array(UnsafeRawBufferPointer(start: data, count: size))
        // A new head (after a redirect or a 1xx) replaces the previous one.
        if line.starts(with: "HTTP/".utf8) { headerLines = [] }
        headerBytes += size
        guard headerBytes <= Self.maxHead else {
            overflowed = true
            return size == 0 ? 0 : size - 1
        }
        while let last = line.last, last == 0x0A || last == 0x0D { line.removeLast() }
        if !line.isEmpty { headerLines.append(line) }
        return size
    }

    private func provide(_ data: UnsafeMutablePointer<CChar>?, _ capacity: Int) -> Int {
        let count = min(capacity, upload.count - uploaded)
        guard count > 0, let data else {
            if let deadlineAfterUpload { giveUpAt = .now + deadlineAfterUpload }
            return 0
        }
        upload.withUnsafeBytes { bytes in
            UnsafeMutableRawPointer(data).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[uploaded..<(uploaded + count)])
                    .baseAddress ?? UnsafeRawPointer(data), byteCount: count)
        }
        uploaded += count
        return count
    }

    private func seek(_ offset: Int, _ origin: Int32) -> Int32 {
        guard origin == 0 /* SEEK_SET */, (0...upload.count).contains(offset) else {
            return CURL_SEEKFUNC_CANTSEEK
        }
        uploaded = offset
        return CURL_SEEKFUNC_OK
    }

    // MARK: - Result

    /// The result of a transfer that libcurl ended with `code`.
    func finish(_ code: CURLcode) -> Finished {
        var finished = Finished(code: code)
        finished.status = long(CURLINFO_RESPONSE_CODE)
        finished.systemError = Int32(truncatingIfNeeded: long(CURLINFO_OS_ERRNO))
        finished.timings = TransferTimings(
            resolved: microseconds(CURLINFO_NAMELOOKUP_TIME_T),
            connected: microseconds(CURLINFO_CONNECT_TIME_T),
            secured: microseconds(CURLINFO_APPCONNECT_TIME_T),
            firstByte: microseconds(CURLINFO_STARTTRANSFER_TIME_T),
            total: microseconds(CURLINFO_TOTAL_TIME_T),
            reusedConnection: long(CURLINFO_NUM_CONNECTS) == 0)
        var address: UnsafePointer<CChar>?
        if ccurl_get_string(easy, CURLINFO_PRIMARY_IP, &address) == CURLE_OK, let address {
            finished.remoteAddress = String(cString: address)
        }
        finished.headerLines = headerLines
        finished.body = body
        finished.overflowed = overflowed
        finished.isCalledOff = isCalledOff
        finished.ending = ending
        finished.conversation = conversation
        if keepsCertificate { finished.certificate = certificateLines() }
        finished.words = String(cString: words)
        if finished.words.isEmpty { finished.words = String(cString: curl_easy_strerror(code)) }
        return finished
    }

    /// The `Name:value` lines of the chain's first certificate, which is the server's own.
    private func certificateLines() -> [String] {
        var chain: UnsafeMutablePointer<curl_certinfo>?
        guard ccurl_get_certificates(easy, &chain) == CURLE_OK, let chain = chain?.pointee,
            chain.num_of_certs > 0, let certificates = chain.certinfo
        else { return [] }
        var lines: [String] = []
        var entry = certificates[0]
        while let line = entry {
            if let data = line.pointee.data { lines.append(String(cString: data)) }
            entry = line.pointee.next
        }
        return lines
    }

    /// The socket of the connection that libcurl keeps for the next transfer; nil if there is none.
    /// Valid only while the handle is in the loop.
    var keptSocket: Int32? {
        var socket = curl_socket_t(-1)
        guard ccurl_get_socket(easy, &socket) == CURLE_OK, socket >= 0 else { return nil }
        return socket
    }

    private func long(_ info: CURLINFO) -> Int {
        var value = 0
        ccurl_get_long(easy, info, &value)
        return value
    }

    private func microseconds(_ info: CURLINFO) -> Duration {
        var value: curl_off_t = 0
        ccurl_get_offset(easy, info, &value)
        return .microseconds(Int64(value))
    }
}
