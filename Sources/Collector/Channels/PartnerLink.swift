import FoundationEssentials
import Reports

/// The site's end of the exchange with a partner: what a heartbeat says beside that the site lives, and what its answer brings.
struct PartnerLink {
    /// This collector's own id.
    let site: String
    /// The recipient's name in the configuration.
    let recipient: String
    let trust: PartnerTrust
    let store: any CollectorStore
    let signingKey: SigningKey

    private var neighbour: WorkNeighbour { .partner(recipient: recipient, keyID: trust.key.id) }

    /// Adds what the partner does not have of our steps, and the digest over what it was told.
    func fill(_ heartbeat: inout CollectorHeartbeat) async throws(ChannelError) {
        do {
            let page = try await store.workPage(for: neighbour)
            heartbeat.work = try WorkExchange(page, signedBy: signingKey)
            heartbeat.told = ToldTickets(
                try await store.toldTickets(recipient: recipient), after: heartbeat.told?.after)
        } catch {
            throw .retry(after: nil, because: "the heartbeat cannot be written: \(error)")
        }
    }

    /// The partner's signed answer to this heartbeat; nil where the envelope holds none, as of a partner up to 0.1.
    func answer(_ envelope: Envelope, to heartbeat: CollectorHeartbeat) -> HeartbeatAnswer? {
        guard let payload = try? envelope.verified(as: .heartbeatAnswer, by: trust.key),
            let answer = try? WireFormat.decode(HeartbeatAnswer.self, from: payload), answer.site == site,
            answer.counter == heartbeat.counter
        else { return nil }
        return answer
    }

    func take(_ answer: HeartbeatAnswer, to heartbeat: CollectorHeartbeat) async throws(ChannelError)
        -> AnnounceOutcome
    {
        var outcome = AnnounceOutcome()
        do throws(StoreError) {
            let work: VerifiedWork
            let check = WorkCheck(
                own: site, ownKey: signingKey.publicKey, collector: answer.collector, key: trust.key,
                known: try await store.collectorKeys())
            do throws(WorkRefusal) {
                work = try check.check(answer.work)
            } catch {
                outcome.warnings = [error.because]
                return outcome
            }
            let before = try await store.neighbourState(neighbour)
            outcome.warnings = try await store.take(work, from: neighbour, at: heartbeat.time)
            if let held = answer.held { try await settle(held, heartbeat, &outcome) }
            let after = try await store.neighbourState(neighbour)
            let isBehind = try await store.newestWork() > after.theirs
            // Without progress another one would bring the same.
            outcome.isMoreWaiting =
                (isBehind || answer.work.more) && (before.ours, before.theirs) != (after.ours, after.theirs)
        } catch {
            throw .retry(after: nil, because: error.description)
        }
        return outcome
    }

    private func settle(
        _ held: HeldTickets, _ heartbeat: CollectorHeartbeat, _ outcome: inout AnnounceOutcome
    ) async throws(StoreError) {
        guard held.tickets.count <= WorkLimits.heldPerMessage else {
            outcome.warnings.append("it lists more tickets than \(WorkLimits.heldPerMessage) at once")
            return
        }
        let settled = try await store.settle(
            held, of: neighbour, recipient: recipient, heartbeat: heartbeat.time, at: heartbeat.time)
        outcome.toldAgain = settled.again
        if let first = settled.unknown.first {
            outcome.warnings.append(
                "it holds \(settled.unknown.count) cases that this collector does not know, such as "
                    + "\(CleanText.line(first, limit: 80)): they are of a database that was lost; close them there")
        }
        // Only forwards, so that it comes to an end.
        if let next = settled.next, next > held.after ?? "" { outcome.heldAfter = next }
    }
}
