import HTTPTypes
import Logging
import Reports

/// The partner's end of the exchange with a site: takes what the site tells of its work, and answers with what it lacks.
struct SiteLink {
    let environment: CollectorEnvironment
    let site: PairedSite

    /// - Throws: `RequestProblem` where the message is no honest one, `StoreError`.
    func answer(_ work: WorkExchange, of heartbeat: CollectorHeartbeat) async throws -> HeartbeatAnswer {
        let (store, own) = (environment.store, environment.identity.site)
        let neighbour = WorkNeighbour.site(id: site.id)
        let check = WorkCheck(
            own: own, ownKey: environment.signingKey.publicKey, collector: site.id, key: site.key,
            known: try await store.collectorKeys())
        let verified: VerifiedWork
        do throws(WorkRefusal) {
            verified = try check.check(work)
        } catch {
            throw RequestProblem(
                .unprocessableContent, "malformed", "What the site tells of its work was refused: \(error.because).")
        }
        let refusals = try await store.take(verified, from: neighbour, at: environment.now())
        if let first = refusals.first {
            environment.logger.warning(
                "steps of a site were refused",
                metadata: ["site": "\(site.id)", "count": "\(refusals.count)", "because": "\(first)"])
        }
        var page = try await store.workPage(for: neighbour)
        // A copy takes what it lacks and tells nobody of anything.
        if await !environment.maySend { page.keepToItself() }
        var answer = HeartbeatAnswer(
            collector: own, site: site.id, counter: heartbeat.counter,
            work: try WorkExchange(page, signedBy: environment.signingKey))
        if let told = heartbeat.told {
            let held = try await store.heldTickets(sender: site.id)
            if told.after != nil || !ToldTickets(held).isSame(as: told) {
                answer.held = HeldTickets(held, after: told.after)
            }
        }
        return answer
    }
}
