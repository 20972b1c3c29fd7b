import Reports

@testable import Collector

/// One report's content of each kind, with every field that there is.
enum SampleReports {
    static let contents: [ReportContent] = [
        .faults([FaultChange(kind: .opened, fault: SampleTicket.fault, because: "it began", time: SampleTicket.time)]),
        .test(TestFault(id: "t1", fault: CollectorFaults.defused(SampleTicket.fault, test: "t1"))),
        .inventory(Inventory(components: [chassis, disk], failureModes: modes)),
        .heartbeat(heartbeat), .samples([sample]),
        .declaration(
            DeclarationAnswer(
                id: "d1", state: .applied, because: "done", cleared: [FaultID(rawValue: "f1")], time: SampleTicket.time)
        ), .dropped(Dropped(reason: "spool-full")),
        .statement(
            FaultStatement(
                answers: "q1", part: 1, of: 1,
                faults: [FaultStatement.Standing(stamp: 7, fault: SampleTicket.fault, because: "it stands")])),
    ]

    static let disk = Component(
        id: SampleTicket.disk, kind: .disk, parent: ComponentID(.board, "main"), name: "/dev/sda",
        part: SampleTicket.suspect.part, attributes: ["bus": "ata", "device": "/dev/sda"])
    static let chassis = Component(
        id: ComponentID(.chassis, "main"), kind: .chassis, name: "R740",
        part: Part(manufacturer: "Dell", model: "R740", partNumber: "x", serial: "ABC", firmware: "1", location: "Rack")
    )

    static let modes = [
        FailureMode(
            pattern: "psu.failed", kind: .psu, titles: ["en": "A power supply fails", "de": "Ein Netzteil fällt aus"],
            state: "partly", parts: 2, seen: 1,
            reasons: [FailureMode.Reason(Advice("probe.failing", "ipmi", "no answer"), count: 1, parts: ["PSU 2"])])
    ]

    static let heartbeat = Heartbeat(
        interval: 60,
        coverage: [
            Heartbeat.Coverage(
                probe: "disk-health", state: "ok", because: "", components: 8, signals: 40,
                lastSuccess: SampleTicket.time),
            Heartbeat.Coverage(
                probe: "ipmi", state: "failing", because: "no answer", components: 0, signals: 0, lastSuccess: nil),
        ], failureModeCounts: Heartbeat.FailureModeCounts(modes), patternPack: "1 abc", openFaults: 1)

    static let sample = SampleAggregate(
        component: disk.id, signal: Signal("hw.temperature"), from: SampleTicket.time - .seconds(300),
        through: SampleTicket.time, count: 30, minimum: 1.5, maximum: 3.5, mean: 2.5, last: 2.5, state: "ok",
        unavailable: "asleep")
}
