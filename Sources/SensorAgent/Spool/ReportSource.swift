import FoundationEssentials
import Reports

/// One signed report as it lies in the spool and as it travels: the bytes are never made anew.
struct StoredEnvelope: Hashable, Sendable {
    var epoch: Int64
    var sequence: Int64
    /// One `Envelope` as one line of JSON, without the newline.
    var bytes: Data
}

/// What the uplink takes reports from, and notifies of their outcome.
protocol ReportSource: Actor {
    /// What the reports that wait are numbered in; `Spool.unsettled`: in none yet, whose answer says in which.
    var epoch: Int64 { get }
    /// The oldest reports of a stream, at most `limit` of them and at most `bytes` bytes (but always one, if there is one).
    func nextBatch(of stream: ReportStream, limit: Int, bytes: Int) async throws(SpoolError) -> [StoredEnvelope]
    /// A signed receipt covers these: they may go.
    func discard(through sequence: Int64, of stream: ReportStream) async throws(SpoolError)
    /// A signed receipt covers these of an epoch that ended while they were on their way: they may go, whatever their numbers
    /// are now.
    func discardRenumbered(through sequence: Int64, of stream: ReportStream, from epoch: Int64) async throws(SpoolError)
    /// Nothing is on its way: reports that lie in memory may move to their disk, if that can be written again.
    func returnToDisk() async
    /// The first sequence that the oldest report covers; nil where none waits.
    func oldest(of stream: ReportStream) async throws(SpoolError) -> Int64?
    /// The last sequence that was given out in this epoch; 0 before the first.
    func newest(of stream: ReportStream) async throws(SpoolError) -> Int64
    /// From now on reports are written in this name; those that wait are signed again by `startEpoch`.
    func adopt(host: HostID, hostname: String)
    /// Renumbers and signs again what is left, from sequence 1 of `epoch`.
    func startEpoch(_ epoch: Int64) async throws(SpoolError)
    /// States every fault that stands, once for each question.
    func restate(answering question: String) async throws(SpoolError)
    /// The signed receipt that is shown to collectors, as one line of JSON; nil before the first.
    func shownReceipt() async throws(SpoolError) -> String?
    /// Keeps a signed receipt, durably, in the place of the one before.
    func keep(receipt line: String) async throws(SpoolError)
    /// Hash of the report at this position, which waits or was the last of its stream to be discarded, as a receipt gives it;
    /// nil where it is not known.
    func contentHash(at sequence: Int64, of stream: ReportStream) async throws(SpoolError) -> String?
    /// Changes of faults are stamped above this from now on: so many are known.
    func raiseStamps(above known: Int64) async throws(SpoolError)
    /// Puts a signed `dropped` report in the place of reports that were discarded and are now asked for.
    func declareLoss(
        of stream: ReportStream, from first: Int64, through last: Int64, reason: String
    ) async throws(SpoolError)
    /// Reports that wait, by stream.
    func counts() async throws(SpoolError) -> [ReportStream: Int]
}
