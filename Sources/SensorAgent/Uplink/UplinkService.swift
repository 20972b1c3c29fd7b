import Daemon
import FoundationEssentials
import Logging
import PatternMirror
import Reports
import Transfer

/// Brings reports to the collector: takes them from the spool, sends them, checks the receipt, and does to the spool what
/// `UplinkStateMachine` decides.
actor UplinkService: Service {
    /// Bytes of a receipt or problem.
    private static let maximumResponseBytes = 1 << 20

    private let source: any ReportSource
    private let hostname: String
    private let proxy: String?
    private let heartbeat: Duration
    private let now: @Sendable () -> Timestamp
    private let log: Logger
    private let declare: @Sendable ([PartDeclaration], Timestamp) -> Void
    private let offer: @Sendable ([PatternOffer]) -> Void
    private let renewal: TrustRenewal?
    private let lastWait: Duration
    private let signal = WakeSignal()

    private var identity: Identity
    private var machine: UplinkStateMachine
    private var transfer: HTTPTransfer
    /// The spool was put into the epoch and name that the identity asks for.
    private var isSettled = false
    /// Each request shows it, so that no collector that is behind it takes one report of this server. As one line of JSON.
    private var keptReceipt: String?
    private var waiting: [ReportStream: Int] = [:]
    private var faults = LogDeduplication()
    private var generator = SystemRandomNumberGenerator()
    /// Not before, after an attempt to renew what is trusted failed.
    private var nextRenewal = ContinuousClock.now
    private var renewalPause = TrustRenewal.pauses.first

    /// - Parameters:
    ///   - source: the spool.
    ///   - hostname: what people call this server.
    ///   - proxy: `http://server:port`; nil for none.
    ///   - heartbeat: from one heartbeat to the next.
    ///   - now: the wall clock.
    ///   - declare: takes what people declared of parts, with the collector's time.
    ///   - offer: takes what the collector says of channels of patterns.
    ///   - lastWait: how long a stop waits for the collector, which is to learn that it was in order: so long a server on its
    ///     way down still has its network, and a service manager its patience.
    ///   - renewal: takes the collector's TLS root and a new certificate; nil: they stay.
    init(
        source: any ReportSource, identity: Identity, hostname: String, proxy: String?,
        heartbeat: Duration = UplinkStateMachine.Limits.idle, log: Logger,
        now: @escaping @Sendable () -> Timestamp,
        declare: @escaping @Sendable ([PartDeclaration], Timestamp) -> Void = { _, _ in },
        offer: @escaping @Sendable ([PatternOffer]) -> Void = { _ in },
        renewal: TrustRenewal? = nil, lastWait: Duration = .seconds(3)
    ) {
        self.source = source
        self.identity = identity
        self.hostname = hostname
        self.proxy = proxy
        self.heartbeat = heartbeat
        self.log = log
        self.now = now
        self.declare = declare
        self.offer = offer
        self.renewal = renewal
        self.lastWait = lastWait
        machine = UplinkStateMachine(
            host: identity.host, collectors: identity.enrolment?.collectors ?? [], heartbeat: heartbeat)
        transfer = UplinkService.transfer(for: identity, proxy: proxy)
    }

    private static func transfer(for identity: Identity, proxy: String?) -> HTTPTransfer {
        // Without an enrolment nothing is sent; an empty CA trusts nobody.
        HTTPTransfer(
            HTTPTransfer.Options(
                trust: .collector(rootPEM: identity.enrolment?.ca ?? "", knownTime: identity.knownTime), proxy: proxy,
                maximumResponseBytes: maximumResponseBytes))
    }

    // MARK: What others report and ask

    /// What does not wait is in the spool, new faults or the first heartbeat: it is sent at once.
    nonisolated func newsWasStored() { signal.fire() }

    /// The agent has a new identity, which is on disk.
    func enrolled(_ identity: Identity) {
        self.identity = identity
        machine = UplinkStateMachine(
            host: identity.host, collectors: identity.enrolment?.collectors ?? [], heartbeat: heartbeat)
        transfer = UplinkService.transfer(for: identity, proxy: proxy)
        isSettled = false
        signal.fire()
    }

    /// Where the collector has a channel of patterns; nil where this server is enrolled nowhere.
    func source(of channel: String) -> ChannelSource? {
        guard let enrolment = identity.enrolment, let collector = machine.collector else { return nil }
        return .server(
            base: collector + Routes.channel(channel),
            trust: .collector(rootPEM: enrolment.ca, knownTime: identity.knownTime), proxy: proxy)
    }

    /// With the root that is trusted now.
    var enrolment: Identity.Enrolment? { identity.enrolment }

    func status() async -> AgentStatus.Uplink {
        if let counts = try? await source.counts() { waiting = counts }
        return AgentStatus.Uplink(
            state: machine.state.rawValue, collector: machine.collector, because: machine.because,
            lastReceipt: machine.lastReceipt, nextAttempt: machine.nextAttempt,
            waitingFaultReports: waiting[.faults, default: 0], waitingTelemetryReports: waiting[.telemetry, default: 0],
            acceptedBlindSpots: machine.acceptedBlindSpots)
    }

    // MARK: The loop

    /// Sends until the task is cancelled; then what was stored last, in a short time.
    func run() async throws {
        await work()
        await sendTheLast()
    }

    private func sendTheLast() async {
        guard machine.maySendTheLast else { return }
        // No child task: those of a cancelled task are cancelled.
        let last = Task {
            while !Task.isCancelled, let counts = try? await source.counts() {
                guard case .send(let batch) = machine.next(waiting: counts) else { return }
                await send(batch)
            }
        }
        let end = Task {
            try? await Task.sleep(for: lastWait)
            last.cancel()
        }
        await last.value
        end.cancel()
    }

    private func work() async {
        while !Task.isCancelled {
            do {
                await source.returnToDisk()
                try await settle()
                waiting = try await source.counts()
            } catch {
                spoolFailed(error)
            }
            switch machine.next(waiting: waiting) {
            case .wait(let duration, let afterSignal): await wait(duration, afterSignal: afterSignal)
            case .send(let batch): await send(batch)
            }
        }
    }

    /// After a change of identity: reports that wait must carry the new host id, in an epoch that the collector expects.
    private func settle() async throws(SpoolError) {
        guard !isSettled, let enrolment = identity.enrolment else { return }
        let host = identity.host
        await source.adopt(host: host, hostname: hostname)
        let (line, collector) = try await kept(signedBy: enrolment.collectorKey)
        keptReceipt = line
        machine.resume(kept: collector)
        let epoch = await source.epoch
        if epoch != Spool.unsettled, epoch < enrolment.epoch { try await source.startEpoch(enrolment.epoch) }
        // Another enrolment may have come while the spool was written.
        isSettled = identity.enrolment == enrolment && identity.host == host
    }

    /// The receipt in the spool, and which store signed it; nothing where it is not of the collector that this server is
    /// enrolled at.
    private func kept(
        signedBy key: VerifyingKey
    ) async throws(SpoolError) -> (line: String?, collector: Receipt.Collector?) {
        guard let line = try await source.shownReceipt(),
            let envelope = try? WireFormat.decode(Envelope.self, from: Data(line.utf8)),
            let payload = try? envelope.verified(as: .receipt, by: key),
            let receipt = try? WireFormat.decode(Receipt.self, from: payload)
        else { return (nil, nil) }
        return (line, receipt.collector)
    }

    private func wait(_ duration: Duration, afterSignal: Duration) async {
        let clock = ContinuousClock()
        let start = clock.now
        let wasSettled = isSettled
        guard await signal.wait(atMost: duration) else { return }
        let end = min(start.advanced(by: duration), clock.now.advanced(by: afterSignal))
        while clock.now < end, isSettled == wasSettled, !Task.isCancelled {
            _ = await signal.wait(atMost: clock.now.duration(to: end))
        }
    }

    private func send(_ batch: UplinkStateMachine.Batch) async {
        let sender = identity
        do {
            let reports = try await source.nextBatch(of: batch.stream, limit: batch.limit, bytes: batch.bytes)
            guard !reports.isEmpty else { return }
            let sent = UplinkStateMachine.Sent(stream: batch.stream, sequences: reports.map(\.sequence))
            let answer = await post(reports, to: batch.collector, by: sender)
            guard let answer, !Task.isCancelled, identity == sender else { return }
            let view = try await view(answer)
            // The identity may have changed while the spool was asked.
            guard identity == sender else { return }
            if let epoch = reports.first?.epoch, epoch != view.epoch, case .receipt(let receipt, _) = answer,
                receipt.epoch == epoch, receipt.host == sender.host
            {
                // The spool went into memory, or was made anew, while these were on their way.
                for stream in ReportStream.allCases {
                    try await source.discardRenumbered(through: receipt.through(stream), of: stream, from: epoch)
                }
            }
            let effects = machine.answered(answer, to: sent, spool: view, at: now(), using: &generator)
            tell()
            for effect in effects { try await apply(effect) }
            if case .receipt(let receipt, _) = answer, receipt.host == sender.host, let root = receipt.root {
                await renew(sender, root: root, at: batch.collector)
            }
        } catch {
            spoolFailed(error)
        }
    }

    /// Trusts what a signed receipt names, alone, and has the certificate renewed; a failure is tried again later.
    private func renew(_ sender: Identity, root: String, at collector: String) async {
        guard let renewal, ContinuousClock.now >= nextRenewal else { return }
        do {
            let renewed = try await renewal.renewed(sender, root: root, at: collector)
            // Another enrolment may have come meanwhile.
            guard identity == sender else { return }
            nextRenewal = .now.advanced(by: TrustRenewal.pauses.first)
            renewalPause = TrustRenewal.pauses.first
            guard renewed != sender else { return }
            if renewed.enrolment?.ca != sender.enrolment?.ca {
                log.notice(
                    "the collector's TLS root is trusted alone from now on", metadata: ["collector": "\(collector)"])
            }
            identity = renewed
            transfer = UplinkService.transfer(for: renewed, proxy: proxy)
        } catch {
            if case .overtaken = error { return }
            nextRenewal = .now.advanced(by: renewalPause)
            renewalPause = min(renewalPause * 2, TrustRenewal.pauses.longest)
            log.warning(
                "the collector's TLS root or a new certificate could not be taken",
                metadata: ["collector": "\(collector)", "because": "\(error)"])
        }
    }

    private func view(_ answer: UplinkStateMachine.Answer) async throws(SpoolError) -> UplinkStateMachine.SpoolView {
        var extents: [ReportStream: UplinkStateMachine.Extent] = [:]
        for stream in ReportStream.allCases {
            var extent = UplinkStateMachine.Extent(
                oldest: try await source.oldest(of: stream), newest: try await source.newest(of: stream))
            if case .receipt(let receipt, _) = answer, receipt.hash(stream) != nil {
                extent.hash = try await source.contentHash(at: receipt.through(stream), of: stream)
            }
            extents[stream] = extent
        }
        return UplinkStateMachine.SpoolView(epoch: await source.epoch, extents: extents)
    }

    private func apply(_ effect: UplinkStateMachine.Effect) async throws(SpoolError) {
        switch effect {
        case .report(let refusal):
            log.error(
                "the collector refused a report for good",
                metadata: [
                    "stream": "\(refusal.stream.rawValue)", "sequence": "\(refusal.sequence)",
                    "because": "\(refusal.because)",
                ])
        case .discard(let through, let stream): try await source.discard(through: through, of: stream)
        case .declareLoss(let stream, let first, let last):
            log.warning(
                "the collector is behind what was discarded: declaring the loss",
                metadata: ["stream": "\(stream.rawValue)", "first": "\(first)", "last": "\(last)"])
            try await source.declareLoss(of: stream, from: first, through: last, reason: "collector-behind")
        case .declare(let declarations, let time): declare(declarations, time)
        case .offer(let offers): offer(offers)
        case .raiseStamps(let known): try await source.raiseStamps(above: known)
        case .restate(let question): try await source.restate(answering: question)
        case .keep(let line):
            try await source.keep(receipt: line)
            keptReceipt = line
        case .startEpoch(let epoch):
            log.warning("signing the reports that wait anew, in a new epoch", metadata: ["epoch": "\(epoch)"])
            try await source.startEpoch(epoch)
        }
    }

    // MARK: The wire

    /// Nil when the task was cancelled.
    private func post(
        _ reports: [StoredEnvelope], to collector: String, by sender: Identity
    ) async -> UplinkStateMachine.Answer? {
        var lines = Data()
        for report in reports {
            lines.append(report.bytes)
            lines.append(0x0A)
        }
        do {
            var headers: [(name: String, value: String)] = [
                ("Content-Type", "application/x-ndjson"), ("Content-Encoding", "gzip"), ("User-Agent", UserAgent.agent),
            ]
            if let receipt = keptReceipt {
                headers.append((Routes.receiptHeader, Data(receipt.utf8).base64EncodedString()))
            }
            let request = HTTPRequest(
                method: "POST", url: collector + Routes.reports, headers: headers, body: try Gzip.compress(lines))
            return UplinkService.answer(from: try await transfer.send(request), of: collector, to: sender)
        } catch TransferError.cancelled {
            return nil
        } catch {
            return .failure("\(error)")
        }
    }

    /// What a response means; a receipt counts only with the collector's signature.
    static func answer(
        from response: HTTPResponse, of collector: String, to identity: Identity
    ) -> UplinkStateMachine.Answer {
        guard (200..<300).contains(response.status) else {
            let seconds = response.headers["retry-after"].flatMap { Int64($0) }
            return .problem(
                status: response.status, try? WireFormat.decode(Problem.self, from: response.body),
                retryAfter: seconds.map { .seconds(min(max($0, 0), 1 << 31)) })
        }
        guard let key = identity.enrolment?.collectorKey else { return .failure("this server is not enrolled") }
        do {
            let envelope = try WireFormat.decode(Envelope.self, from: response.body)
            let receipt = try WireFormat.decode(Receipt.self, from: envelope.verified(as: .receipt, by: key))
            return .receipt(receipt, line: String(decoding: try WireFormat.encode(envelope), as: UTF8.self))
        } catch {
            return .failure(
                "\(collector) answered without a valid receipt (\(error)); is it the collector that this server is enrolled at?"
            )
        }
    }

    // MARK: Reporting it

    private func spoolFailed(_ error: SpoolError) {
        machine.spoolFailed("\(error)", at: now(), using: &generator)
        tell()
    }

    /// A fault is logged when it begins, and its end.
    private func tell() {
        switch machine.state {
        case .notEnrolled: break
        case .connected:
            if faults.ended("uplink") != nil {
                log.notice("reports reach the collector again", metadata: ["collector": "\(machine.collector ?? "")"])
            }
        case .retrying, .refused:
            if faults.began("uplink", because: machine.because) {
                log.error("reports do not reach the collector", metadata: ["because": "\(machine.because)"])
            }
        }
    }
}
