import Reports

@testable import Collector

/// Made-up tickets that tests change at one place each.
enum SampleTicket {
    static let time = Timestamp(seconds: 1_795_000_000)
    static let disk = ComponentID(.disk, "wwn-0x5000c500a1b2c3d4")

    static var suspect: Suspect {
        Suspect(
            component: disk, kind: .disk, name: "/dev/sda",
            part: Part(
                manufacturer: "Seagate", model: "ST4000NM0035", partNumber: "1V4107", serial: "ZC1A2B3C",
                firmware: "TN03", location: "Bay 3"),
            certainty: 0.9)
    }

    static var fault: Fault {
        Fault(
            id: FaultID(rawValue: "f1"), pattern: "disk.ata.pending", revision: 1, faultClass: "disk.ata.media-failing",
            component: disk, suspects: [suspect], urgency: .order,
            timeToFailure: TimeToFailure(earliest: 3, latest: 30, hazard: ["30": 0.52]),
            evidence: [
                Evidence(
                    component: disk, signal: Signal("hw.physical_disk.smart", ["attribute": "197.raw"]),
                    value: "24 sectors",
                    time: time)
            ],
            because: "24 pending sectors (limit 16) in two readings.",
            texts: [
                "en": FaultText(
                    title: "A disk is failing", description: "The disk cannot read some of its sectors.",
                    impact: "Data may be lost.", action: "Replace the disk."),
                "de": FaultText(
                    title: "Eine Festplatte fällt aus", description: "Die Platte kann einige Sektoren nicht lesen.",
                    impact: "Daten können verloren gehen.", action: "Die Platte tauschen."),
            ],
            action: "replace-planned", provenance: "measured on 812 failures", openedAt: time, updatedAt: time)
    }

    static func make(_ change: (inout Ticket) -> Void = { _ in }) -> Ticket {
        var ticket = Ticket(
            number: "CH-7K3Q-000012", event: .opened, revision: 1, test: false, urgency: .order, openedAt: time,
            closedAt: nil,
            site: Ticket.Site(name: "Praxis Nord", address: "Deich 1, Husum", contact: "Frau Jensen, 123"),
            server: Ticket.Server(
                host: "h1", hostname: "srv-1", part: Part(manufacturer: "Dell", model: "R740", serial: "ABC123")),
            suspect: suspect, faults: [fault], because: "a new fault")
        change(&ticket)
        return ticket
    }

    static func delivery(
        _ ticket: Ticket = make(), to recipient: String = "desk", channel: ChannelKind = .email
    ) -> Delivery {
        Delivery(
            id: "id-\(ticket.number)-\(ticket.revision)-\(recipient)", caseNumber: ticket.number, recipient: recipient,
            channel: channel, ticket: ticket, reports: [], certificates: [], attempts: 0, createdAt: time)
    }
}
