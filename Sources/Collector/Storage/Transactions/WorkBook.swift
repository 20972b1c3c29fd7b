import Reports

/// What a store keeps of work, inside one transaction: the log of steps, how far each neighbour has it, and what partners
/// were told and hold.
protocol WorkBook {
    // MARK: Steps

    /// The highest counter of the collector's steps that are here; 0 before the first.
    func highestStep(of collector: String) throws -> Int64
    /// The case with this step; nil where it is not known.
    func caseNumber(ofStep id: WorkStep.ID) throws -> String?
    /// Puts a new step at the end of the log.
    func log(_ id: WorkStep.ID, caseNumber: String, at time: Timestamp) throws
    /// Puts the case's steps at the end of the log once more: somebody is told of the case who did not have it.
    func logAgain(caseNumber: String, at time: Timestamp) throws
    /// The rows behind `place`, in order.
    func workLog(after place: Int64, limit: Int) throws -> [LoggedStep]
    /// The last place of the log; 0 while it is empty.
    func newestWork() throws -> Int64

    // MARK: Neighbours

    /// By `WorkNeighbour.name`.
    func neighbours() throws -> [String: NeighbourState]
    func neighbour(_ name: String) throws -> NeighbourState?
    func save(_ state: NeighbourState, of name: String) throws

    // MARK: What partners were told

    /// What the recipient has confirmed last of each case, where that was no end and no test, by our numbers.
    func toldTickets(recipient: String) throws -> [HeldTicket]
    /// What the paired site told last of each case, where that was no end and no test, by the site's numbers.
    func heldTickets(sender: String) throws -> [HeldTicket]
    /// Keeps that list: of a paired site's ticket that was taken, with our number of its case.
    func noteHeld(_ ticket: Ticket, of sender: String, caseNumber: String) throws
}
