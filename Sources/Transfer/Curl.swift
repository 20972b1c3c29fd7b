import CCurl
import FoundationEssentials
import Glibc
import Synchronization

/// One transfer, described without libcurl's words.
struct CurlJob: Sendable {
    enum Kind: Sendable {
        case http(method: String, headers: [(String, String)], body: Data?)
        case mail(from: String, to: [String], content: Data, startTLS: Bool, username: String?, password: String?)
    }
    var url: String
    var kind: Kind
    var trust: Trust
    var proxy: String?
    var unixSocket: String?
    var connectTimeout: Duration
    var timeout: Duration
    var maximumResponseBytes: Int
}

struct CurlFailure: Sendable {
    enum Kind: Sendable {
        case unreachable(TransferError.Obstacle)
        case tls, tlsNotOffered, closed, tooLarge, badURL, loginDenied, brokenOff, cancelled
        /// - Parameter after: what ended it: how long a connection may take to be made, its TLS included, or all of it.
        case timedOut(after: Duration)
    }
    var kind: Kind
    var because: String
}

struct CurlOutcome: Sendable {
    /// Nil when the transfer ended as the protocol wants it to.
    var failure: CurlFailure?
    /// The last status of HTTP or reply code of SMTP; 0 before the first.
    var status = 0
    /// What the server returned: header lines of HTTP, reply lines of SMTP, without line ends.
    var headerLines: [String] = []
    var body = Data()
}

/// All transfers of the process, on one thread of its own.
///
/// libcurl's multi interface drives any number of transfers by one poll, so that no transfer, however slow its server is,
/// holds a thread of the cooperative pool, and none waits for another. Names are resolved by libcurl's own threads.
@safe final class CurlLoop: Sendable {
    /// Connections open at the same time, kept ones included; more transfers wait for one.
    static let maximumConnections = 128
    /// Connections to the same server: one that hangs cannot take all.
    static let maximumConnectionsPerServer = 16

    private static let shared = CurlLoop()

    private struct Mailbox {
        var arrived: [(id: UInt64, job: CurlJob, answer: CheckedContinuation<CurlOutcome, Never>)] = []
        var cancelled: [UInt64] = []
        var lastID: UInt64 = 0
    }

    private let mailbox = Mutex(Mailbox())
    /// Used by the loop's thread only, except for `curl_multi_wakeup`, which may be called from any.
    private nonisolated(unsafe) let multi: UnsafeMutableRawPointer

    /// Runs `job` to its end, or until the task is cancelled.
    static func perform(_ job: CurlJob) async -> CurlOutcome {
        guard let shared else {
            return CurlOutcome(
                failure: CurlFailure(
                    kind: .brokenOff, because: "libcurl could not be started: out of memory or threads"))
        }
        return await shared.perform(job)
    }

    private init?() {
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let multi = unsafe curl_multi_init() else {
            return nil
        }
        unsafe self.multi = multi
        _ = unsafe callhome_curl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, CurlLoop.maximumConnections)
        _ = unsafe callhome_curl_multi_set_long(
            multi, CURLMOPT_MAX_HOST_CONNECTIONS, CurlLoop.maximumConnectionsPerServer)
        guard startThread() else { return nil }
    }

    private func perform(_ job: CurlJob) async -> CurlOutcome {
        let id = mailbox.withLock { box in
            box.lastID += 1
            return box.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { answer in
                mailbox.withLock { $0.arrived.append((id, job, answer)) }
                // The handler below may have run before the job arrived.
                if Task.isCancelled { cancel(id) }
                _ = unsafe curl_multi_wakeup(multi)
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: UInt64) {
        mailbox.withLock { $0.cancelled.append(id) }
        _ = unsafe curl_multi_wakeup(multi)
    }

    private func startThread() -> Bool {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let result = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<CurlLoop>.fromOpaque(context).takeRetainedValue().run()
            }, context)
        guard result == 0 else {
            unsafe Unmanaged<CurlLoop>.fromOpaque(context).release()
            return false
        }
        _ = pthread_detach(thread)
        return true
    }

    private func run() -> Never {
        // Signals belong to the program's other threads; a connection that closes while it is written to is an error code.
        var all = sigset_t()
        _ = unsafe sigfillset(&all)
        _ = unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
        var exchanges: [UnsafeMutableRawPointer: CurlExchange] = unsafe [:]
        while true {
            let (arrived, cancelled) = mailbox.withLock { box in
                defer { (box.arrived, box.cancelled) = ([], []) }
                return (box.arrived, box.cancelled)
            }
            for (id, job, answer) in arrived {
                guard let exchange = CurlExchange(id: id, job: job, answer: answer) else { continue }
                unsafe exchanges[exchange.handle] = exchange
                _ = unsafe curl_multi_add_handle(multi, exchange.handle)
            }
            for id in cancelled {
                guard let exchange = unsafe exchanges.values.first(where: { $0.id == id }) else { continue }
                unsafe exchanges[exchange.handle] = nil
                _ = unsafe curl_multi_remove_handle(multi, exchange.handle)
                exchange.finish(CurlFailure(kind: .cancelled, because: "cancelled"))
            }
            var running: CInt = 0
            _ = unsafe curl_multi_perform(multi, &running)
            var left: CInt = 0
            while let message = unsafe curl_multi_info_read(multi, &left) {
                guard unsafe message.pointee.msg == CURLMSG_DONE, let handle = unsafe message.pointee.easy_handle else {
                    continue
                }
                let code = unsafe message.pointee.data.result
                _ = unsafe curl_multi_remove_handle(multi, handle)
                unsafe exchanges.removeValue(forKey: handle)?.finish(code)
            }
            // libcurl shortens the wait to its own next deadline; an idle loop sleeps until it is woken.
            _ = unsafe curl_multi_poll(multi, nil, 0, CInt.max, nil)
        }
    }
}

/// One transfer under way. It lives on the loop's thread.
@safe private final class CurlExchange {
    let id: UInt64
    let handle: UnsafeMutableRawPointer
    private let job: CurlJob
    private let answer: CheckedContinuation<CurlOutcome, Never>
    private let errorText: UnsafeMutablePointer<CChar>
    private var lists: [UnsafeMutablePointer<curl_slist>] = unsafe []
    private var outcome = CurlOutcome()
    private var received = 0
    private var isTooLarge = false
    private var beganTLS = false
    private var uploaded = 0
    private var refusedOption: CURLoption?
    /// Why the server is not asked, although the TLS library takes its certificate.
    private var objection: String?
    /// Set where the machine's clock is wrong beyond doubt, and dates are not held against it.
    private var knownTime: KnownTime?

    /// Nil, and answered, where libcurl does not take the job.
    init?(id: UInt64, job: CurlJob, answer: CheckedContinuation<CurlOutcome, Never>) {
        guard let handle = unsafe curl_easy_init() else {
            answer.resume(returning: CurlOutcome(failure: CurlFailure(kind: .brokenOff, because: "out of memory")))
            return nil
        }
        self.id = id
        self.job = job
        self.answer = answer
        unsafe self.handle = handle
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        prepare()
        if let refusedOption {
            finish(CurlFailure(kind: .brokenOff, because: "libcurl does not take its option \(refusedOption.rawValue)"))
            return nil
        }
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe lists.forEach { unsafe curl_slist_free_all($0) }
        unsafe errorText.deallocate()
    }

    // MARK: Setting up

    private func prepare() {
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe set(CURLOPT_ERRORBUFFER, pointer: errorText)
        set(CURLOPT_NOSIGNAL, 1)
        // Without it, a transfer given up while its name is being resolved would stop the loop until the resolver answers.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_URL, job.url)
        set(CURLOPT_PROXY, job.proxy ?? "")
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        if let path = job.unixSocket { set(CURLOPT_UNIX_SOCKET_PATH, path) }
        set(CURLOPT_CONNECTTIMEOUT_MS, CurlExchange.milliseconds(job.connectTimeout))
        set(CURLOPT_TIMEOUT_MS, CurlExchange.milliseconds(job.timeout))
        unsafe set(CURLOPT_HEADERDATA, pointer: this)
        unsafe set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            unsafe CurlExchange.of(context)?.took(headerLine: bytes, size * count) ?? 0
        }
        unsafe set(CURLOPT_WRITEDATA, pointer: this)
        unsafe set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            unsafe CurlExchange.of(context)?.took(body: bytes, size * count) ?? 0
        }
        prepareTrust()
        // Called when TLS begins, so when the server was reached. Not every TLS library has it; without it a server that is
        // silent in the handshake is taken for one that was not reached.
        _ = unsafe callhome_curl_set_pointer(handle, CURLOPT_SSL_CTX_DATA, this)
        _ = unsafe callhome_curl_set_tls_callback(handle) { _, session, context in
            guard let exchange = unsafe CurlExchange.of(context) else { return CURLE_OK }
            exchange.beganTLS = true
            if exchange.knownTime != nil { unsafe KnownTime.ignoreDates(session, library: CurlExchange.tlsLibrary) }
            return CURLE_OK
        }
        switch job.kind {
        case .http(let method, let headers, let body): prepareHTTP(method, headers, body)
        case .mail(let from, let to, let content, let startTLS, let username, let password):
            set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
            set(CURLOPT_FRESH_CONNECT, 1)
            set(CURLOPT_FORBID_REUSE, 1)
            if startTLS { set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue)) }
            if let username { set(CURLOPT_USERNAME, username) }
            if let password { set(CURLOPT_PASSWORD, password) }
            set(CURLOPT_MAIL_FROM, from)
            set(CURLOPT_MAIL_RCPT, list: to)
            // One dead mailbox must not keep the others from their mail.
            set(callhome_curl_option_refused_mailboxes(), 1)
            set(CURLOPT_UPLOAD, 1)
            set(CURLOPT_INFILESIZE, content.count)
            unsafe set(CURLOPT_READDATA, pointer: this)
            unsafe set(CURLOPT_READFUNCTION) { bytes, size, count, context in
                unsafe CurlExchange.of(context)?.give(bytes, size * count) ?? Int(CURL_READFUNC_ABORT)
            }
        }
    }

    private func prepareTrust() {
        switch job.trust {
        case .system: break
        case .unverified:
            set(CURLOPT_SSL_VERIFYPEER, 0)
            set(CURLOPT_SSL_VERIFYHOST, 0)
        case .pinned(let caPEM): pin(caPEM)
        case .collector(let rootPEM, let seconds):
            knownTime = seconds.map { KnownTime(seconds: $0) }.flatMap { $0.isClockWrong ? $0 : nil }
            // Other words in the text: a connection that was made without the check below is never used again here.
            pin("For a collector\(knownTime == nil ? "" : " by another clock"):\n" + rootPEM)
            set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
            // A session that is taken up again shows no certificate.
            set(CURLOPT_SSL_SESSIONID_CACHE, 0)
            set(CURLOPT_CERTINFO, 1)
            unsafe set(CURLOPT_PREREQDATA, pointer: Unmanaged.passUnretained(self).toOpaque())
            // Called before anything of the request is sent.
            let result = unsafe callhome_curl_set_request_callback(handle) { context, _, _, _, _ in
                unsafe CurlExchange.of(context)?.mayAsk() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            }
            note(result, CURLOPT_PREREQFUNCTION)
        }
    }

    private func pin(_ text: String) {
        let pem = Data(text.utf8)
        unsafe pem.withUnsafeBytes { bytes in
            var blob = unsafe curl_blob(
                data: UnsafeMutableRawPointer(mutating: bytes.baseAddress), len: bytes.count,
                flags: UInt32(CURL_BLOB_COPY))
            note(unsafe callhome_curl_set_blob(handle, CURLOPT_CAINFO_BLOB, &blob), CURLOPT_CAINFO_BLOB)
        }
        // The directory of the system's authorities is trusted beside the blob unless it is taken away.
        note(unsafe callhome_curl_set_string(handle, CURLOPT_CAPATH, nil), CURLOPT_CAPATH)
    }

    /// Looks at the certificate of a new connection; one that is kept was looked at when it was made.
    private func mayAsk() -> Bool {
        var connections = 0
        guard unsafe callhome_curl_get_long(handle, CURLINFO_NUM_CONNECTS, &connections) == CURLE_OK else {
            objection = "libcurl does not tell whether the connection is new"
            return false
        }
        guard connections > 0 else { return true }
        guard let outline = serverCertificate() else {
            objection = "its certificate cannot be read"
            return false
        }
        objection = outline.objectionAsServer
        if objection == nil, let knownTime, outline.endsAt < knownTime.seconds {
            objection = "its certificate has expired"
        }
        return objection == nil
    }

    /// The server's own certificate.
    private func serverCertificate() -> CertificateOutline? {
        var chain: UnsafeMutablePointer<curl_certinfo>?
        guard unsafe callhome_curl_get_certificates(handle, &chain) == CURLE_OK, let chain = unsafe chain,
            unsafe chain.pointee.num_of_certs > 0, let lists = unsafe chain.pointee.certinfo
        else { return nil }
        var entry = unsafe lists[0]
        while let line = unsafe entry {
            let text = unsafe line.pointee.data.map { unsafe String(cString: $0) } ?? ""
            if text.hasPrefix("Cert:") { return CertificateOutline(pem: text) }
            unsafe entry = line.pointee.next
        }
        return nil
    }

    private func prepareHTTP(_ method: String, _ headers: [(String, String)], _ body: Data?) {
        if case .collector = job.trust {
            set(CURLOPT_PROTOCOLS_STR, "https")
        } else {
            set(CURLOPT_PROTOCOLS_STR, "http,https")
        }
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        // `Name;` sends an empty header, `Name:` suppresses what libcurl would add.
        var lines = headers.map { name, value in value.isEmpty ? "\(name);" : "\(name): \(value)" }
        lines.append("Expect:")
        if !headers.contains(where: { $0.0.lowercased() == "content-type" }) { lines.append("Content-Type:") }
        set(CURLOPT_HTTPHEADER, list: lines)
        if let body {
            set(CURLOPT_POSTFIELDSIZE, body.count)
            unsafe body.withUnsafeBytes { bytes in
                // An empty body has no address, and libcurl wants one.
                unsafe withUnsafePointer(to: 0 as UInt8) { nothing in
                    unsafe set(
                        CURLOPT_COPYPOSTFIELDS,
                        pointer: UnsafeMutableRawPointer(mutating: bytes.baseAddress ?? UnsafeRawPointer(nothing)))
                }
            }
        } else if method == "HEAD" {
            set(CURLOPT_NOBODY, 1)
        }
        set(CURLOPT_CUSTOMREQUEST, method)
    }

    private func set(_ option: CURLoption, _ value: Int) {
        note(unsafe callhome_curl_set_long(handle, option, value), option)
    }

    private func set(_ option: CURLoption, _ value: String) {
        note(unsafe callhome_curl_set_string(handle, option, value), option)
    }

    private func set(_ option: CURLoption, list values: [String]) {
        var list: UnsafeMutablePointer<curl_slist>?
        for value in values { unsafe list = curl_slist_append(list, value) ?? list }
        guard let list = unsafe list else { return }
        unsafe lists.append(list)
        note(unsafe callhome_curl_set_list(handle, option, list), option)
    }

    private func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer) {
        note(unsafe callhome_curl_set_pointer(handle, option, pointer), option)
    }

    private func set(
        _ option: CURLoption,
        _ callback: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int
    ) {
        note(unsafe callhome_curl_set_callback(handle, option, callback), option)
    }

    private func note(_ result: CURLcode, _ option: CURLoption) {
        if result != CURLE_OK, refusedOption == nil { refusedOption = option }
    }

    /// As libcurl names it: `OpenSSL/3.0.19`.
    private static let tlsLibrary: String = {
        guard let information = unsafe curl_version_info(CURLVERSION_FIRST),
            let name = unsafe information.pointee.ssl_version
        else { return "" }
        return unsafe String(cString: name)
    }()

    private static func milliseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        // 0 means "never" to libcurl.
        return max(1, Int(min(seconds, 1_000_000)) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }

    // MARK: Under way

    private static func of(_ context: UnsafeMutableRawPointer?) -> CurlExchange? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<CurlExchange>.fromOpaque(context).takeUnretainedValue()
    }

    private func took(headerLine bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard let bytes = unsafe bytes, isWithinLimit(count) else { return 0 }
        let line = unsafe String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        let text = line.trimmingASCIISpace()
        if !text.isEmpty { outcome.headerLines.append(text) }
        return count
    }

    private func took(body bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard let bytes = unsafe bytes, isWithinLimit(count) else { return 0 }
        unsafe outcome.body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return count
    }

    private func isWithinLimit(_ count: Int) -> Bool {
        received += count
        isTooLarge = isTooLarge || received > job.maximumResponseBytes
        return !isTooLarge
    }

    private func give(_ bytes: UnsafeMutablePointer<CChar>?, _ room: Int) -> Int {
        guard let bytes = unsafe bytes, case .mail(_, _, let content, _, _, _) = job.kind else { return 0 }
        let count = min(room, content.count - uploaded)
        let start = content.startIndex + uploaded
        let target = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: count)
        unsafe target.copyBytes(from: content[start..<start + count])
        uploaded += count
        return count
    }

    // MARK: The end

    func finish(_ code: CURLcode) {
        let own = unsafe String(cString: errorText)
        var text = own.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : own
        if let objection {
            finish(CurlFailure(kind: .tls, because: objection))
            return
        }
        // It becomes part of a sentence.
        if text.hasSuffix(".") { text.removeLast() }
        finish(kind(of: code, text).map { CurlFailure(kind: $0, because: text) })
    }

    func finish(_ failure: CurlFailure?) {
        var status = 0
        _ = unsafe callhome_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        outcome.status = status
        outcome.failure = failure
        answer.resume(returning: outcome)
    }

    private func kind(of code: CURLcode, _ text: String) -> CurlFailure.Kind? {
        switch code {
        case CURLE_OK: nil
        case _ where isTooLarge: .tooLarge
        // OpenSSL's words for an answer that is no record of TLS.
        case CURLE_SSL_CONNECT_ERROR where text.contains("wrong version number"): .unreachable(.noTLS)
        case CURLE_URL_MALFORMAT: .badURL
        case CURLE_USE_SSL_FAILED: .tlsNotOffered
        case CURLE_OPERATION_TIMEDOUT:
            isConnected
                ? .timedOut(after: hasAsked ? job.timeout : patience) : .unreachable(.noConnection(within: patience))
        case CURLE_COULDNT_RESOLVE_HOST: .unreachable(.unknownName(ofProxy: false))
        case CURLE_COULDNT_RESOLVE_PROXY: .unreachable(.unknownName(ofProxy: true))
        case CURLE_COULDNT_CONNECT: .unreachable(obstacle)
        case CURLE_PROXY, CURLE_INTERFACE_FAILED: .unreachable(.noWay(because: text))
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE: .closed
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_SHUTDOWN_FAILED,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT, CURLE_SSL_ENGINE_INITFAILED:
            .tls
        case CURLE_LOGIN_DENIED: .loginDenied
        default: .brokenOff
        }
    }
    /// What the system returned when a connection was tried.
    private var obstacle: TransferError.Obstacle {
        var code = 0
        _ = unsafe callhome_curl_get_long(handle, CURLINFO_OS_ERRNO, &code)
        let isProxy = !(job.proxy ?? "").isEmpty
        return switch Int32(clamping: code) {
        case ECONNREFUSED, ENOENT: .nothingListens(atProxy: isProxy)
        case EACCES where job.unixSocket != nil: .notAllowed
        case ETIMEDOUT: .noConnection(within: patience)
        case 0: .noWay(because: "the connection failed")
        case let code: .noWay(because: unsafe String(cString: strerror(code)))
        }
    }

    /// Whether the connection was made, TLS included, and a request went out.
    private var hasAsked: Bool {
        var bytes = 0
        _ = unsafe callhome_curl_get_long(handle, CURLINFO_REQUEST_SIZE, &bytes)
        return bytes > 0
    }

    /// How long a connection was waited for.
    private var patience: Duration { min(job.connectTimeout, job.timeout) }

    /// Whether there was a connection, or one was kept from an earlier request.
    private var isConnected: Bool {
        var (time, sent): (curl_off_t, Int) = (0, 0)
        _ = unsafe callhome_curl_get_offset(handle, CURLINFO_CONNECT_TIME_T, &time)
        _ = unsafe callhome_curl_get_long(handle, CURLINFO_REQUEST_SIZE, &sent)
        return time > 0 || sent > 0 || beganTLS
    }
}
