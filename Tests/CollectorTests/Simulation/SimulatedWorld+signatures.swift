import Crypto
import FoundationEssentials
import Reports

@testable import Collector

/// What is signed on its way, or what stands in for it.
extension SimulatedWorld {
    func signer(_ host: HostID) -> HostID? { layout.signatures == .real ? host : nil }

    /// With stand-ins 32 bytes by its name, with which nothing is signed.
    func verifyingKey(_ name: String) throws -> VerifyingKey {
        if let key = publicKeys[name] { return key }
        let seed = Data(SHA256.hash(data: Data(name.utf8)))
        switch layout.signatures {
        case .standIns: publicKeys[name] = try VerifyingKey(bytes: seed)
        case .real: publicKeys[name] = try signingKey(name).publicKey
        }
        return try verifyingKey(name)
    }

    private func signingKey(_ name: String) throws -> SigningKey {
        if let key = keys[name] { return key }
        let key = try SigningKey(seed: Data(SHA256.hash(data: Data(name.utf8))))
        keys[name] = key
        return key
    }

    /// As it comes out at the other end.
    func signed<Value: Codable>(_ value: Value, as type: PayloadType, by collector: String) throws -> Value {
        guard layout.signatures == .real else { return value }
        let key = try signingKey("collector \(collector)")
        let line = try WireFormat.encode(Envelope.sign(WireFormat.encode(value), as: type, with: key))
        let payload = try WireFormat.decode(Envelope.self, from: line).verified(as: type, by: key.publicKey)
        return try WireFormat.decode(Value.self, from: payload)
    }

    /// A report as the intake understands it.
    /// - Parameter key: the one that is enrolled; nil for a site that does not look.
    func verified(
        _ waiting: SimulatedSpool.Waiting, of request: Request, by key: VerifyingKey?
    ) throws -> VerifiedReport {
        var report = waiting.report(of: request.host, in: request.epoch, request.stream)
        let envelope: Envelope
        switch layout.signatures {
        case .standIns:
            let signed = waiting.signed(in: request.epoch)
            envelope = Envelope(
                payload: signed, payloadType: PayloadType.report.rawValue,
                signatures: [Envelope.Signature(keyid: "", sig: signed)])
        case .real:
            envelope = try Envelope.sign(WireFormat.encode(report), as: .report, with: signingKey(request.key))
            let payload = try envelope.verified(as: .report, by: key ?? verifyingKey(request.key))
            report = try WireFormat.decode(Report.self, from: payload)
        }
        return VerifiedReport(
            position: report.position, envelope: envelope, certificate: "PEM", content: .report(report))
    }

    /// A ticket as the partner understands it, with the agents' own reports.
    func verified(_ delivery: Delivery, from collector: String) throws -> VerifiedTicket {
        if layout.signatures == .real {
            for report in delivery.reports {
                let known = publicKeys.values.first { report.keyIDs.contains($0.id) }
                guard let known else { throw UnknownKey() }
                _ = try report.verified(as: .report, by: known)
            }
        }
        return VerifiedTicket(
            id: delivery.id, sender: collector, ticket: try signed(delivery.ticket, as: .ticket, by: collector),
            reports: delivery.reports, certificates: delivery.certificates)
    }

    private struct UnknownKey: Error {}

    /// What the door lets through of what `sender` tells of work.
    func verified(_ page: WorkPage, of sender: String, by receiver: String) throws -> VerifiedWork {
        let key = try verifyingKey("collector \(sender)")
        guard layout.signatures == .real else {
            return VerifiedWork(
                collector: sender, key: key, have: page.have, after: page.after, through: page.through,
                lines: page.lines.map {
                    VerifiedWork.Line(origin: $0.origin, step: $0.step, signed: $0.signed ?? SimulatedWorld.standIn)
                }, refusals: [])
        }
        let exchange = try signed(
            WorkExchange(page, signedBy: signingKey("collector \(sender)")), as: .heartbeat, by: sender)
        let known = try Dictionary(
            uniqueKeysWithValues: Set(collectors.map(\.name)).map { ($0, try verifyingKey("collector \($0)")) })
        return try WorkCheck(
            own: receiver, ownKey: verifyingKey("collector \(receiver)"), collector: sender, key: key, known: known
        ).check(exchange)
    }

    /// In place of a signed step.
    private static let standIn = Envelope(
        payload: Data(repeating: 0, count: 16), payloadType: PayloadType.workStep.rawValue,
        signatures: [Envelope.Signature(keyid: "", sig: Data(repeating: 0, count: 16))])
}
