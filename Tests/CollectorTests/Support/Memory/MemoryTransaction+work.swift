import Reports

@testable import Collector

/// Steps, neighbours, and what partners were told.
extension MemoryTransaction {
    func highestStep(of collector: String) throws -> Int64 {
        ledger.work.lazy.filter { $0.step.collector == collector }.map(\.step.counter).max() ?? 0
    }

    func caseNumber(ofStep id: WorkStep.ID) throws -> String? { ledger.work.first { $0.step == id }?.caseNumber }

    func log(_ id: WorkStep.ID, caseNumber: String, at time: Timestamp) throws {
        guard try self.caseNumber(ofStep: id) == nil else { throw NotUnique(what: "step \(id)") }
        let place = max(try newestWork() + 1, time.milliseconds)
        ledger.work.append(LoggedStep(place: place, caseNumber: caseNumber, step: id))
    }

    func logAgain(caseNumber: String, at time: Timestamp) throws {
        for row in ledger.work where row.caseNumber == caseNumber {
            let place = max(try newestWork() + 1, time.milliseconds)
            ledger.work.removeAll { $0.step == row.step }
            ledger.work.append(LoggedStep(place: place, caseNumber: caseNumber, step: row.step))
        }
    }

    func workLog(after place: Int64, limit: Int) throws -> [LoggedStep] {
        Array(ledger.work.lazy.filter { $0.place > place }.prefix(limit))
    }

    func newestWork() throws -> Int64 { ledger.work.last?.place ?? 0 }

    func neighbours() throws -> [String: NeighbourState] { ledger.neighbours }

    func neighbour(_ name: String) throws -> NeighbourState? { ledger.neighbours[name] }

    func save(_ state: NeighbourState, of name: String) throws { ledger.neighbours[name] = state }

    func toldTickets(recipient: String) throws -> [HeldTicket] {
        ledger.told.keys.sorted().compactMap { number in
            guard let taken = ledger.told[number]?[recipient]?.value.taken, !taken.isEnd else { return nil }
            return HeldTicket(number: number, epoch: taken.order.epoch, revision: taken.order.revision)
        }
    }

    func heldTickets(sender: String) throws -> [HeldTicket] {
        (ledger.held[sender] ?? [:]).values.map(\.ticket).sorted { $0.number < $1.number }
    }

    func noteHeld(_ ticket: Ticket, of sender: String, caseNumber: String) throws {
        guard ticket.event != .closed, !ticket.test else {
            ledger.held[sender]?[ticket.number] = nil
            return
        }
        let held = HeldTicket(number: ticket.number, epoch: ticket.epoch ?? .unbegun, revision: ticket.revision)
        ledger.held[sender, default: [:]][ticket.number] = MemoryLedger.Held(ticket: held, caseNumber: caseNumber)
    }
}
