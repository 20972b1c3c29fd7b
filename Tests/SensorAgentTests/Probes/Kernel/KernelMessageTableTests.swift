import Foundation
import Reports
import Testing

@testable import SensorAgent

/// Every row of the table against a line as a kernel, or NVIDIA's driver, prints it: `kernel-log/messages.tsv`.
@Suite("The table of kernel messages")
struct KernelMessageTableTests {
    struct Example: CustomTestStringConvertible {
        let signal: String
        let subject: String
        let line: String
        var testDescription: String { line }

        static let all: [Example] = {
            let text = (try? String(contentsOf: Recordings.own("kernel-log/messages.tsv"), encoding: .utf8)) ?? ""
            return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
                let fields = line.split(separator: "\t", maxSplits: 2).map(String.init)
                return fields.count == 3 ? Example(signal: fields[0], subject: fields[1], line: fields[2]) : nil
            }
        }()
    }

    private static func fact(_ line: String, _ table: KernelMessageTable) -> KernelFact? {
        KernelMessage(line: line.utf8).flatMap { table.fact($0) }
    }

    private static func words(_ subject: KernelSubject) -> String {
        switch subject {
        case .disk(let name): "disk \(name)"
        case .volume(let name): "volume \(name)"
        case .array(let name): "array \(name)"
        case .pool(let name): "pool \(name)"
        case .pci(let address): "pci \(address)"
        case .nic(let name, let pci): "nic \(name.isEmpty ? "-" : name) \(pci ?? "-")"
        case .processor(let number): "cpu \(number)"
        case .gpu(let address): "gpu \(address)"
        case .usb(let name): "usb \(name)"
        case .scsiHost(let name): "host \(name)"
        case .server: "server"
        default: "\(subject)"
        }
    }

    @Test("a line that a kernel prints tells its signal, of the part that it names")
    func examples() {
        let table = KernelMessageTable()
        #expect(Example.all.count > 250)
        for example in Example.all {
            let fact = Self.fact(example.line, table)
            #expect((fact?.signal.description ?? "-") == example.signal, "\(example.line)")
            #expect((fact.map { Self.words($0.subject) } ?? "-") == example.subject, "\(example.line)")
        }
    }

    @Test("every row decides a line that a kernel prints: without it that line would tell nothing, or something else")
    func rows() {
        let rows = KernelMessageTable.shipped
        let messages = Example.all.compactMap { KernelMessage(line: $0.line.utf8) }
        let table = KernelMessageTable()
        let told = messages.map { table.fact($0) }
        for (index, row) in rows.enumerated() {
            let alone = KernelMessageTable([row])
            let rest = KernelMessageTable(rows.enumerated().filter { $0.offset != index }.map(\.element))
            let decides = messages.indices.contains { at in
                alone.knows(messages[at].text) && told[at] != rest.fact(messages[at])
            }
            #expect(decides, "row \(index), \(row.name), of \(rows.count)")
        }
    }

    // MARK: Messages of several lines, and what is no row

    private static func facts(_ text: String) -> [KernelFact] {
        var reading = KernelLogReading(table: KernelMessageTable())
        for line in text.utf8.split(separator: 0x0A) {
            if let message = KernelMessage(line: line) { reading.take(message) }
        }
        reading.finish()
        return reading.facts
    }

    @Test("an error of PCI Express whose device is not found is told of its port, in the words of old and new kernels")
    func unlocatedLinkErrors() {
        let new = Self.facts(
            "pcieport 0000:00:01.0: AER: Multiple Uncorrectable (Fatal) error message received from 0000:02:00.0 "
                + "(no details found")
        #expect(new.map(\.signal.description) == ["hw.pcie.error{severity=\"fatal\"}"])
        #expect(new.map { Self.words($0.subject) } == ["pci 0000:00:01.0"])
        let old = Self.facts(
            """
            pcieport 0000:00:1c.0: AER: Uncorrected (Non-Fatal) error received: id=00e4
            pcieport 0000:00:1c.0: can't find device of ID00e4
            """)
        #expect(old.map(\.signal.description) == ["hw.pcie.error{severity=\"nonfatal\"}"])
        #expect(old.map { Self.words($0.subject) } == ["pci 0000:00:1c.0"])
        #expect(
            Self.facts(
                "pcieport 0000:00:01.0: AER: Correctable error message received from 0000:02:00.0 (no details found"
            ).isEmpty)
    }

    @Test("the details of an error of PCI Express are kept also where each line says AER")
    func markedDetails() throws {
        let told = Self.facts(
            """
            pcieport 0000:00:1c.0: AER: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)
            pcieport 0000:00:1c.0: AER:   device [8086:a33d] error status/mask=00000001/00002000
            pcieport 0000:00:1c.0: AER:    [ 0] RxErr                 (First)
            """)
        #expect(told.count == 1)
        #expect(told.first?.text.contains("RxErr") == true)
    }

    @Test("an error of EDAC without a message has its place all the same, in the log and in the trace event")
    func emptyMessages() throws {
        let line = try #require(
            MemoryErrorText(
                edacLine: "EDAC MC0: 1 CE on mc#0csrow#1channel#0 (csrow:1 channel:0 page:0x12345 offset:0x0 "
                    + "grain:64 syndrome:0x0)"))
        #expect(line.message.isEmpty)
        #expect(line.place.label == "mc#0csrow#1channel#0")
        #expect(line.place.layers["csrow"] == 1 && line.page == 0x12345)
        let event = try #require(
            MemoryErrorText(
                event: "1 Corrected error: on mc#0csrow#1channel#0 (mc:0 location:1:0:-1 address:0x12345000 grain:64)"))
        #expect(event.message.isEmpty)
        #expect(event.place.label == "mc#0csrow#1channel#0")
        #expect(event.place.controller == "mc0")
    }

    @Test(
        "a link of mlx4 and of qede is lost as any other",
        arguments: ["mlx4_en: enp3s0: Link ", "[qede_link_update:2535(enp3s0)]Link is "])
    func networkLinks(words: String) {
        let told = Self.facts(["Down", "Up", "Down"].map { words + $0 }.joined(separator: "\n"))
        #expect(told.map(\.signal.name) == ["hw.network.link_lost"])
        #expect(told.first?.subject == .nic("enp3s0", pci: nil))
    }

    @Test(
        "what a thing is named at is known of USB 3 and of kernels before 5.1",
        arguments: [
            ("usb 2-1: new SuperSpeed Plus Gen 2x1 USB device number 2 using xhci_hcd", KernelSubject.usb("2-1")),
            ("usb 1-4: new high-speed USB device number 3 using xhci_hcd", .usb("1-4")),
            ("nvme nvme0: pci function 0000:3b:00.0", .disk("nvme0")),
        ])
    func attachments(line: String, subject: KernelSubject) {
        #expect(KernelAttachments.subjects(of: Array(line.utf8)) == [subject])
    }
}
