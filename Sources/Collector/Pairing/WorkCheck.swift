import FoundationEssentials
import Reports

/// What a neighbour told, after the door: within all limits, and each step signed by whoever is known to have made it.
struct VerifiedWork: Hashable, Sendable {
    struct Line: Hashable, Sendable {
        var origin: Ticket.Origin
        var step: WorkStep
        var signed: Envelope
    }
    /// The neighbour's own id and its key.
    var collector: String
    var key: VerifyingKey
    var have: Int64
    var after: Int64
    var through: Int64
    var lines: [Line]
    /// Why others were refused, one sentence each.
    var refusals: [String]
}

/// The door for steps. A neighbour brings steps of its own and of what lies beyond it; those of a collector that is known
/// here, this one first, are taken only with that one's signature. For what lies beyond, the neighbour vouches.
struct WorkCheck {
    /// This collector.
    var own: String
    var ownKey: VerifyingKey
    /// The neighbour: its id as it says, signed, and the key by which the message was verified.
    var collector: String
    var key: VerifyingKey
    /// Of the collectors that this one is paired with, by their ids.
    var known: [String: VerifyingKey]

    /// - Throws: `WorkRefusal` where the message as a whole is no honest one.
    func check(_ exchange: WorkExchange) throws(WorkRefusal) -> VerifiedWork {
        guard (1...WorkLimits.nameBytes).contains(collector.utf8.count), collector != own,
            known[collector].map({ $0 == key }) ?? true
        else { throw WorkRefusal(because: "it speaks under the name of another collector") }
        let places = 0...WorkLimits.counters.upperBound
        guard places.contains(exchange.have), places.contains(exchange.after), places.contains(exchange.through),
            exchange.after <= exchange.through
        else { throw WorkRefusal(because: "its places in the log make no sense") }
        guard exchange.steps.count <= WorkLimits.stepsPerMessage else {
            throw WorkRefusal(because: "it brings more than \(WorkLimits.stepsPerMessage) steps at once")
        }
        var work = VerifiedWork(
            collector: collector, key: key, have: exchange.have, after: exchange.after, through: exchange.through,
            lines: [], refusals: [])
        for shared in exchange.steps {
            do throws(WorkRefusal) {
                work.lines.append(try check(shared))
            } catch {
                work.refusals.append(error.because)
            }
        }
        return work
    }

    private func check(_ shared: SharedStep) throws(WorkRefusal) -> VerifiedWork.Line {
        let names = [shared.origin.store, shared.origin.number]
        guard names.allSatisfy({ (1...WorkLimits.nameBytes).contains($0.utf8.count) }),
            shared.step.payload.count <= WorkLimits.stepBytes, shared.step.signatures.count == 1,
            shared.step.signatures.allSatisfy({ $0.keyid.utf8.count <= WorkLimits.nameBytes && $0.sig.count <= 64 }),
            shared.step.payloadType == PayloadType.workStep.rawValue
        else { throw WorkRefusal(because: "a step is too large, or no step at all") }
        guard let step = try? WireFormat.decode(WorkStep.self, from: shared.step.payload) else {
            throw WorkRefusal(because: "a step cannot be read")
        }
        if let objection = step.objection { throw WorkRefusal(because: "a step was refused: \(objection)") }
        if let maker = step.collector == own ? ownKey : step.collector == collector ? key : known[step.collector] {
            guard (try? shared.step.verified(as: .workStep, by: maker)) != nil else {
                throw WorkRefusal(
                    because: "step \(step.counter) of \(step.collector.prefix(16)) is not signed by that collector")
            }
        }
        return VerifiedWork.Line(origin: shared.origin, step: step, signed: shared.step)
    }
}

struct WorkRefusal: Error, Hashable, CustomStringConvertible {
    var because: String
    var description: String { because }
}
