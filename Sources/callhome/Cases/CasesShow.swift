import ArgumentParser
import Reports

/// `callhome cases show NUMBER`.
struct CasesShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one case: part, evidence, history and messages.",
        discussion: ExitStatus.collectorHelp("shown", missing: "no such case"))

    @Argument(help: "The case's number: CH-7K3Q-0M9D.")
    var number: String

    @OptionGroup var collector: CollectorOptions

    func run() async throws {
        let detail = try await collector.client().ask(
            CollectorAPI.CaseDetail.self, "/cases/\(CollectorClient.segment(number))")
        if collector.json { return try Console.print(json: detail) }
        print(CasesShow.text(detail))
    }

    static func text(_ detail: CollectorAPI.CaseDetail) -> String {
        let line = detail.summary
        let part = line.suspect.part
        var head = Table("Case", line.number)
        head.add("Problem", line.title)
        head.add("Urgency", line.test ? "test: no part may be sent" : line.urgency.rawValue)
        head.add("State", line.state)
        head.add("Server", "\(line.hostname) (\(line.host))")
        head.add("Part", PartName(line.suspect, kind: line.suspect.kind.words).what)
        for (label, value) in [
            ("Manufacturer", part.manufacturer), ("Model", part.model), ("Part number", part.partNumber),
            ("Serial", part.serial), ("Firmware", part.firmware), ("Location", part.location),
        ] { head.add(label, value ?? "not shown by the machine") }
        var sections = [head.text]
        var why = Table("WHY", "")
        for fault in detail.faults {
            why.add("", fault.because)
            for piece in fault.evidence {
                why.add("", "\(piece.signal) of \(piece.component): \(piece.value) at \(piece.time)")
            }
        }
        sections.append(why.text)
        var history = Table("HISTORY", "WHAT", "BY", "BECAUSE")
        for step in detail.history { history.add("\(step.time)", step.kind, step.by, step.because) }
        sections.append(history.text)
        if let work = detail.work, !work.isEmpty {
            var steps = Table("DONE", "WHAT", "BY", "AT", "WHY")
            for step in work {
                steps.add(
                    "\(step.time)", step.kind, step.who, step.place,
                    step.why + (step.notApplied.map { " (not applied: \($0))" } ?? ""))
            }
            sections.append(steps.text)
        }
        if let unheard = detail.unheard { sections.append("NOBODY WAS TOLD: \(unheard)") }
        if !detail.deliveries.isEmpty {
            var messages = Table("RECIPIENT", "MESSAGE", "STATE", "ATTEMPTS", "REFERENCE", "LAST ERROR")
            for delivery in detail.deliveries {
                let refused = delivery.refusedBy.map { ", refused by \($0.joined(separator: ", "))" } ?? ""
                messages.add(
                    delivery.recipient, delivery.event.rawValue, delivery.state + refused, "\(delivery.attempts)",
                    delivery.reference ?? "", delivery.lastError ?? "")
            }
            sections.append(messages.text)
        }
        return sections.joined(separator: "\n\n")
    }
}
