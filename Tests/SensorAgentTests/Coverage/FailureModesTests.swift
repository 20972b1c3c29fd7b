import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Failure modes that would be seen")
struct FailureModesTests {
    private static let disk = Component(
        id: ComponentID(.disk, "wwn-1"), kind: .disk, name: "/dev/sda", part: Part(location: "Bay 3"))

    private static func pattern(_ id: String, kind: String, when: String) -> [String: Any] {
        let text = ["title": "It breaks", "description": "d", "impact": "i", "action": "a"]
        return [
            "id": id, "revision": "1", "status": "active", "evidence": "B", "applies_to": ["component": kind],
            "when": when, "urgency": "plan", "suspects": [["part": "self", "certainty": "0.9"]],
            "action": "replace-planned", "provenance": "vendor's rule", "sources": ["a test"],
            "text": ["en": text, "de": text.merging(["title": "Es geht kaputt"]) { _, new in new }],
        ]
    }

    private static func pack(_ patterns: [String: Any]...) throws -> PatternPack {
        let pack: [String: Any] = ["format": 1, "engine_level": 1, "version": "0.1.0", "patterns": patterns]
        return try PatternPack(json: JSONSerialization.data(withJSONObject: pack))
    }

    private static func probe(_ name: String, _ state: String, _ because: String = "") -> Heartbeat.Coverage {
        Heartbeat.Coverage(probe: name, state: state, because: because, components: 0, signals: 0, lastSuccess: nil)
    }

    private func mode(
        kind: String = "disk", when: String, told measurement: Reports.Measurement? = nil,
        _ coverage: Heartbeat.Coverage..., around environment: HostEnvironment = HostEnvironment(),
        components: [Component] = [FailureModesTests.disk]
    ) throws -> FailureMode {
        let pack = try FailureModesTests.pack(FailureModesTests.pattern("a.pattern", kind: kind, when: when))
        var diagnosis = Diagnosis(patterns: pack)
        let time = Timestamp(seconds: 1_700_000_000)
        _ = diagnosis.know(components, at: time)
        if let measurement {
            let signal = Signal("hw.physical_disk.media_errors")
            _ = diagnosis.observe(
                [Observation(component: Self.disk.id, signal: signal, measurement: measurement, time: time)], at: time)
        }
        let hearing = EventHearing(
            coverage, declared: AllProbes.declarations, components: components, environment: environment)
        let modes = FailureModes(pack, coverage: coverage, components: components, environment: environment)
            .modes(of: diagnosis.patternCoverage(receivesEvents: hearing.hears))
        return try #require(modes.first)
    }

    @Test("A check of the site that is not run is blind for its own reason, and so is the age of backups behind it")
    func siteChecks() throws {
        let check = Component(
            id: ComponentID(.check, "backup"), kind: .check, name: "backup",
            attributes: ["problem": "site.not-executable", "problem_file": "/etc/callhome/site.d/backup"])
        for (kind, when) in [
            ("check", "hw.site.check == \"critical\""), ("server", "hw.backup.age{backup=\"newest\"} > 3600"),
        ] {
            let server = Component(id: .server, kind: .server, name: "server")
            let mode = try mode(kind: kind, when: when, Self.probe("site", "ok"), components: [server, check])
            let reason = try #require(mode.reasons.first)
            #expect(reason.because(in: .english) == "The check /etc/callhome/site.d/backup is not executable.")
            #expect(reason.step(in: .german)?.contains("chmod 755 /etc/callhome/site.d/backup") == true)
        }
    }

    @Test(
        "What its maker withdrew, and what the site switched off or set on trial, is not seen, and why is said in both languages"
    )
    func notRunning() throws {
        let when = "hw.physical_disk.media_errors > 0"
        let patterns = ["a.kept", "a.off", "a.trial", "a.withdrawn"].map {
            Self.pattern($0, kind: "disk", when: when)
        }
        let json = try JSONSerialization.data(
            withJSONObject: ["format": 1, "engine_level": 1, "version": "0.1.0", "patterns": patterns])
        let overlay = try PatternOverlay(
            json: Data(#"{"disable": {"a.off": "known"}, "shadow": {"a.trial": "a month", "a.gone": "x"}}"#.utf8))
        let pack = try PatternComposition(
            [
                PatternComposition.Member(
                    name: "vendor", packs: [json], withdrawals: ["a.withdrawn": "it fires on healthy drives"])
            ], overlay: overlay
        ).pack
        let modes = FailureModes(
            pack, coverage: [Self.probe("disk-health", "ok")], components: [Self.disk], environment: HostEnvironment()
        ).modes(of: [])
        let reasons = Dictionary(uniqueKeysWithValues: modes.map { ($0.pattern, $0.reasons.first) })
        let unseen = Set(modes.filter { $0.state == "unseen" }.map(\.pattern))
        // The one that was kept is not seen either, for another reason: nothing has read what it needs.
        #expect(unseen == ["a.kept", "a.trial", "a.off", "a.withdrawn"])
        #expect(reasons["a.kept"]??.because(in: .english) != reasons["a.trial"]??.because(in: .english))
        #expect(
            reasons["a.withdrawn"]??.because(in: .english)
                == "Its maker has taken this pattern back, so that it does not run: it fires on healthy drives.")
        #expect(
            reasons["a.withdrawn"]??.because(in: .german)
                == "Der Hersteller hat dieses Fehlermuster zurückgezogen, es läuft nicht: it fires on healthy drives.")
        #expect(reasons["a.off"]??.because(in: .english) == "This site has switched this pattern off: known.")
        #expect(reasons["a.off"]??.step(in: .german)?.contains("patterns.overlay.yaml") == true)
        #expect(reasons["a.trial"]??.because(in: .german).contains("a month") == true)
        #expect(modes.first { $0.pattern == "a.off" }?.title(in: "de") == "Es geht kaputt")
        // Parts that the machine has not: nothing is missed.
        let none = FailureModes(
            pack, coverage: [], components: [], environment: HostEnvironment()
        ).modes(of: [])
        #expect(none.filter { $0.pattern != "a.kept" }.allSatisfy { $0.state == "absent" })
    }

    @Test("What is read is seen, under its title in both languages")
    func seen() throws {
        let mode = try mode(
            when: "hw.physical_disk.media_errors > 0", told: .counter(0), Self.probe("disk-health", "ok"))
        #expect(mode.state == "seen")
        #expect(mode.parts == 1 && mode.seen == 1)
        #expect(mode.reasons.isEmpty)
        #expect(mode.title(in: "de") == "Es geht kaputt")
        #expect(mode.title(in: "fr") == "It breaks")
    }

    @Test("A probe that has no permission is the reason, with the part's place")
    func denied() throws {
        let mode = try mode(
            when: "hw.physical_disk.media_errors > 0", Self.probe("disk-health", "denied", "no permission to read it"))
        #expect(mode.state == "unseen")
        #expect(
            mode.reasons == [
                FailureMode.Reason(
                    Advice("probe.denied", "disk-health", "no permission to read it"), count: 1, parts: ["Bay 3"])
            ])
        #expect(mode.reasons.first?.because(in: .german) == "disk-health darf nicht lesen: no permission to read it.")
        #expect(mode.reasons.first?.step(in: .english)?.contains("systemctl restart callhome-agent") == true)
    }

    @Test("A part that does not tell a signal, while its probe reads, leaves nothing to do")
    func notTold() throws {
        let mode = try mode(when: "hw.physical_disk.media_errors > 0", Self.probe("disk-health", "ok"))
        #expect(mode.state == "unseen")
        #expect(mode.reasons.map(\.advice) == [Advice("part.silent", "hw.physical_disk.media_errors")])
        #expect(mode.reasons.first?.step(in: .english) == nil)
    }

    @Test("Events are unseen while no probe hears them, and seen when one does")
    func events() throws {
        let condition = "serd(hw.physical_disk.io_error{operation=\"any\"}, 1, 1d)"
        let deaf = try mode(when: condition, Self.probe("kernel-log", "denied", "no permission to read /dev/kmsg"))
        #expect(
            deaf.reasons.first?.advice == Advice("probe.denied", "kernel-log", "no permission to read /dev/kmsg"))
        #expect(try mode(when: condition, Self.probe("kernel-log", "ok")).state == "seen")
    }

    @Test("A value of a label that the probe here cannot tell is not heard, though another of the same signal is")
    func valuesOfLabels() {
        let declared = ProbeDeclaration(
            reads: "a log", through: "a file",
            signals: [
                SignalDeclaration("hw.memory.error", of: .dimm, labels: ["error.type": ["corrected"]], source: "")
            ])
        func hears(_ type: String, _ state: String, on kind: ComponentKind = .dimm) -> Bool {
            let event = AwaitedEvent(
                signal: Signal("hw.memory.error", ["error.type": type]), component: ComponentID(kind, "A1"), kind: kind)
            return EventHearing(
                [Self.probe("log", state)], declared: ["log": declared], components: [],
                environment: HostEnvironment()
            ).hears(event)
        }
        #expect(hears("corrected", "ok") && hears("corrected", "partly"))
        #expect(!hears("fatal", "ok") && !hears("corrected", "denied") && !hears("corrected", "ok", on: .cpu))
    }

    @Test("An event that no probe declares of such a part is unseen, whatever reads")
    func kindsOfEvents() throws {
        // The kernel puts an error down to a module or its channel, and never to a row of them.
        let row = Component(id: ComponentID(.memoryRow, "mc0/csrow0"), kind: .memoryRow, name: "row 0")
        let channel = Component(id: ComponentID(.memoryChannel, "mc0/ch0"), kind: .memoryChannel, name: "channel 0")
        let when = "serd(hw.memory.page_error, 1, 1d)"
        for (part, state) in [(row, "unseen"), (channel, "seen")] {
            let mode = try mode(
                kind: part.kind.rawValue, when: when, Self.probe("kernel-log", "ok"), components: [part])
            #expect(mode.state == state)
            #expect(mode.parts == 1)
        }
    }

    private static func memory(driver: String?) -> [Component] {
        var controller = Component(id: ComponentID(.memoryController, "mc0"), kind: .memoryController, name: "mc 0")
        controller.attributes["driver"] = driver
        let channel = Component(
            id: ComponentID(.memoryChannel, "mc0/channel0"), kind: .memoryChannel, parent: controller.id, name: "ch 0")
        let module = Component(
            id: ComponentID(.dimm, "A1"), kind: .dimm, parent: channel.id, name: "A1", part: Part(location: "A1"))
        return [controller, channel, module]
    }

    /// The names that the kernel's drivers give their controllers in the recordings, and whether they tell row and bank,
    /// and the chip.
    @Test(
        "What looks for a row, a bank or a chip is seen only where the driver of the memory tells it",
        arguments: [
            ("F10h", false, false), ("F17h", false, false), ("F17h_M70h", false, false), ("F19h_M60h", false, false),
            ("ie31200", false, false), ("Intel_client_SoC MC#0", false, false),
            ("Broadwell SrcID#0_Ha#0", false, false), ("Skylake Socket#1 IMC#0", true, true),
            ("pnd2/E0", true, false), ("ghes_edac", true, true),
        ])
    func memoryDrivers(driver: String, tellsRows: Bool, tellsChips: Bool) throws {
        let memory = Self.memory(driver: driver)
        func mode(_ when: String) throws -> FailureMode {
            try self.mode(
                kind: "dimm", when: when, Self.probe("kernel-log", "ok"), Self.probe("memory-errors", "ok"),
                components: memory)
        }
        let row = try mode("serd_by(\"bank,row\", hw.memory.cell_error, 50, 1d)")
        #expect((row.state == "seen") == tellsRows)
        let chips = try mode("distinct(\"device\", hw.memory.cell_error, 5d) >= 2")
        #expect((chips.state == "seen") == tellsChips)
        for mode in [row, chips] where mode.state != "seen" {
            #expect(mode.reasons.map(\.advice) == [Advice("memory.place", driver)])
            #expect(mode.reasons.first?.because(in: .german).contains(driver) == true)
        }
        #expect(try mode("serd_by(\"page\", hw.memory.page_error, 50, 1d)").state == "seen")
        #expect(try mode("serd(hw.memory.error{error.type=\"fatal\"}, 1, 1d)").state == "seen")
    }

    @Test(
        "The bits of errors and the chip are seen where the controller's driver tells them; where an option would have it do so, that is said",
        arguments: [
            ("Skylake Socket#1 IMC#0", nil as String?, nil as Advice?), ("Intel_10nm Socket#0 IMC#7", "1", nil),
            ("Intel_10nm Socket#0 IMC#7", "2", nil), ("Intel_10nm Socket#0 IMC#7", "0", Advice("memory.bits.option")),
            ("Intel_10nm Socket#0 IMC#7", nil, Advice("memory.bits.option")),
            ("ghes_edac", nil, Advice("memory.bits.firmware")), ("F19h_M60h", nil, Advice("memory.bits", "F19h_M60h")),
        ])
    func memoryBits(driver: String, option: String?, advice: Advice?) throws {
        let memory = Self.memory(driver: driver)
        var environment = HostEnvironment()
        environment.memoryBitsOption = option
        func mode(_ when: String) throws -> FailureMode {
            try self.mode(
                kind: "dimm", when: when, Self.probe("kernel-log", "ok"), Self.probe("memory-errors", "ok"),
                around: environment, components: memory)
        }
        let bits = try mode("serd(hw.memory.error_bits{lines=\"2\"}, 1, 6h)")
        #expect((bits.state == "seen") == (advice == nil))
        #expect(bits.reasons.map(\.advice) == (advice.map { [$0] } ?? []))
        // 2 would take the registers from the firmware.
        for advice in bits.reasons.compactMap(\.advice) where advice.code == "memory.bits.option" {
            #expect(advice.step(in: .english)?.contains("retry_rd_err_log=1") == true)
            #expect(advice.step(in: .german)?.contains("retry_rd_err_log=1") == true)
        }
        guard driver.hasPrefix("Intel_10nm") else { return }
        let chips = try mode("distinct(\"device\", hw.memory.cell_error, 5d) >= 2")
        #expect(chips.reasons.map(\.advice) == (advice.map { [$0] } ?? []))
    }

    @Test("Without a driver only the firmware's records tell a row; else what would help is the driver")
    func memoryWithoutDriver() throws {
        let memory = Self.memory(driver: nil)
        let when = "serd_by(\"bank,row\", hw.memory.cell_error, 50, 1d)"
        var environment = HostEnvironment()
        environment.processor = .intel
        environment.memoryDriver = "i10nm_edac"
        let without = try mode(
            kind: "dimm", when: when, Self.probe("kernel-log", "ok"),
            Self.probe("memory-errors", "absent", "no driver"), around: environment, components: memory)
        #expect(without.state == "unseen")
        #expect(without.reasons.map(\.advice) == [Advice("ecc.driver", "i10nm_edac")])
        environment.hasFirmwareErrors = true
        let firmware = try mode(
            kind: "dimm", when: when, Self.probe("kernel-log", "ok"),
            Self.probe("memory-errors", "absent", "no driver"), around: environment, components: memory)
        #expect(firmware.state == "seen")
    }

    @Test("A server without any fan that can be read is blind; one without a GPU lacks nothing")
    func withoutParts() throws {
        let fans = try mode(
            kind: "fan", when: "hw.fan.speed < 100", Self.probe("chip-sensors", "absent", "load the driver"))
        #expect(fans.state == "unseen")
        #expect(fans.reasons.map(\.advice) == [Advice("sensors.board")])
        let gpu = try mode(
            kind: "gpu", when: "hw.gpu.row_remaps{cause=\"failed\"} > 0", Self.probe("gpu", "absent", "none"))
        #expect(gpu.state == "absent")
        #expect(!gpu.isBlind)
    }

    /// The mode of a pattern of the chassis that counts faults of fans or of disks of one make.
    private func modeAbove(_ condition: String, fans: [Component], _ coverage: Heartbeat.Coverage...) throws
        -> FailureMode
    {
        var batch = Self.pattern("disk.batch", kind: "disk", when: "hw.physical_disk.media_errors > 0")
        batch["applies_to"] = ["component": "disk", "model": "M9*"]
        let pack = try Self.pack(
            Self.pattern("fan.slow", kind: "fan", when: "hw.fan.speed < 100"), batch,
            Self.pattern("chassis.sick", kind: "chassis", when: condition))
        let chassis = Component(id: ComponentID(.chassis, "main"), kind: .chassis, name: "chassis")
        var diagnosis = Diagnosis(patterns: pack)
        _ = diagnosis.know([chassis, Self.disk] + fans, at: Timestamp(seconds: 1_700_000_000))
        let components = [chassis, Self.disk] + fans
        let hearing = EventHearing(
            coverage, declared: AllProbes.declarations, components: components, environment: HostEnvironment())
        let modes = FailureModes(
            pack, coverage: coverage, components: components, environment: HostEnvironment()
        )
        .modes(of: diagnosis.patternCoverage(receivesEvents: hearing.hears))
        return try #require(modes.first { $0.pattern == "chassis.sick" })
    }

    @Test("A mode that counts faults of others is as blind as they are, for their reason")
    func inherited() throws {
        let fan = Component(
            id: ComponentID(.fan, "1"), kind: .fan, parent: ComponentID(.chassis, "main"), name: "fan 1")
        let condition = "active(\"fan.slow\", under self) >= 1"
        let denied = Self.probe("chip-sensors", "denied", "no permission to read it")
        let silent = try modeAbove(condition, fans: [fan], denied)
        #expect(silent.state == "unseen")
        #expect(silent.reasons.map(\.advice) == [Advice("probe.denied", "chip-sensors", "no permission to read it")])
        let without = try modeAbove(condition, fans: [], Self.probe("chip-sensors", "absent", "load the driver"))
        #expect(without.state == "unseen")
        #expect(without.reasons.map(\.advice) == [Advice("sensors.board")])
    }

    @Test("A mode that counts faults of parts that the machine has not is absent, and no blindness")
    func nothingToCount() throws {
        let mode = try modeAbove("active(\"disk.batch\", anywhere) >= 2", fans: [])
        #expect(mode.state == "absent")
        #expect(!mode.isBlind)
    }

    // MARK: Controllers

    private static let battery = "hw.battery.state == \"failed\""

    /// A controller on its PCI function.
    private static func controller(class code: String, driver: String, card: String = "1000:1028") -> [Component] {
        let slot = ComponentID(.pcieDevice, "0000:03:00.0")
        let parts = card.split(separator: ":")
        return [
            Component(
                id: slot, kind: .pcieDevice, name: "card", part: Part(model: "MegaRAID SAS-3 3108"),
                attributes: ["class": code, "pci_id": "\(parts[0]):005d", "card_id": "\(parts[1]):1f47"]),
            Component(
                id: ComponentID(.controller, "0000:03:00.0"), kind: .controller, parent: slot, name: "controller",
                attributes: ["pci": "0000:03:00.0", "class": code, "driver": driver]),
        ]
    }

    @Test(
        "A controller that is no RAID controller has no battery that could be missed",
        arguments: [
            ("010700", "mpt3sas"), ("010601", "ahci"), ("010802", "nvme"), ("010400", "ahci"), ("010400", "vmd"),
        ])
    func plainControllers(code: String, driver: String) throws {
        let mode = try mode(
            kind: "controller", when: Self.battery, Self.probe("raid-controllers", "absent", "none"),
            components: Self.controller(class: code, driver: driver))
        #expect(mode.state == "absent")
    }

    @Test(
        "A RAID controller without its maker's program is unseen, and the program for this very card is named",
        arguments: [
            ("1000:1028", "megaraid_sas", "perccli64"), ("1000:15d9", "megaraid_sas", "storcli64"),
            ("9005:1590", "smartpqi", "ssacli"), ("9005:9005", "aacraid", "arcconf"), ("103c:103c", "hpsa", "ssacli"),
        ])
    func raidCards(card: String, driver: String, program: String) throws {
        let components = Self.controller(class: "010400", driver: driver, card: card)
        let absent = Self.probe("raid-controllers", "absent", "none")
        let unseen = try mode(kind: "controller", when: Self.battery, absent, components: components)
        #expect(unseen.state == "unseen")
        let advice = try #require(unseen.reasons.first?.advice)
        #expect(advice.code == "raid.tool" && advice.values.prefix(2) == ["MegaRAID SAS-3 3108", program])
        #expect(advice.step(in: .german)?.contains("Holen Sie \(program) von den Support-Seiten") == true)
        var equipped = HostEnvironment()
        equipped.installed = [program]
        let mode = try mode(kind: "controller", when: Self.battery, absent, around: equipped, components: components)
        #expect(mode.reasons.map(\.advice?.code) == ["absent.raid-controllers"])
        // The volumes behind it are as unseen as its battery.
        let volume = try self.mode(
            kind: "raid_array", when: "hw.raid.state == \"degraded\"", absent, components: components)
        #expect(volume.reasons.map(\.advice?.code) == ["raid.tool"])
    }

    // MARK: What fits the part

    @Test("Advice fits the part: what tells of others is never named")
    func fitting() throws {
        var server = HostEnvironment()
        server.hasBMC = true
        let absent = [
            Self.probe("chip-sensors", "absent"), Self.probe("ipmi", "absent"), Self.probe("redfish", "absent"),
            Self.probe("power-supplies", "absent"), Self.probe("ups", "absent"), Self.probe("memory-errors", "absent"),
        ]
        func code(_ kind: ComponentKind, _ environment: HostEnvironment) -> String? {
            ProbeAdvice(absent, [], environment).silence(of: kind)?.code
        }
        #expect(code(.psu, server) == "bmc.driver")
        #expect(code(.fan, server) == "bmc.driver")
        #expect(code(.psu, HostEnvironment()) == "bmc.none")
        #expect(code(.boardBattery, HostEnvironment()) == "sensors.board")
        #expect(code(.ups, server) == nil, "whether there is one, nobody here can know")
        server.ups = "APC Smart-UPS 1500"
        #expect(code(.upsBattery, server) == "ups.attached")
        server.installed = ["upsd"]
        #expect(code(.ups, server) == "ups.silent")
        var virtual = HostEnvironment()
        virtual.isVirtual = true
        #expect(code(.fan, virtual) == "sensors.virtual")
        var plain = HostEnvironment()
        plain.memoryDriver = "amd64_edac"
        func memory(_ environment: HostEnvironment) -> Advice {
            ProbeAdvice(absent, [], environment).advice(
                on: Signal("hw.errors", ["error.type": "corrected"]), of: ComponentID(.dimm, "1"), .dimm)
        }
        #expect(memory(plain) == Advice("ecc.driver", "amd64_edac"))
        plain.hasECC = false
        #expect(memory(plain) == Advice("ecc.none"))
        #expect(memory(HostEnvironment()) == Advice("ecc.hidden"))
        #expect(memory(virtual) == Advice("ecc.virtual"))
    }

    @Test("What only a person on the spot knows is asked, and only where it is open")
    func questions() {
        let absent = [Self.probe("ups", "absent"), Self.probe("redfish", "absent")]
        var server = HostEnvironment()
        #expect(ProbeAdvice(absent, [], server).questions.map(\.code) == ["ups.question"])
        server.hasBMC = true
        #expect(ProbeAdvice(absent, [], server).questions.map(\.code) == ["ups.question", "redfish.address"])
        server.installed = ["upsd"]
        server.asksRedfish = true
        #expect(ProbeAdvice(absent, [], server).questions.isEmpty)
        #expect(ProbeAdvice([Self.probe("ups", "disabled")], [], HostEnvironment()).questions.isEmpty)
    }

    // MARK: What the machine is

    @Test("What a machine has beside its probes is read from files alone")
    func environment() throws {
        let folder = try ScratchFolder()
        func read() -> HostEnvironment {
            let tree = SysTree(root: folder.url.path)
            return HostEnvironment(tree: tree, asksRedfish: false, firmware: SMBIOS(of: tree))
        }
        #expect(read() == HostEnvironment())
        try folder.write(
            "proc/cpuinfo",
            "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: Xeon 2\nflags\t\t: fpu\n"
        )
        try folder.write("usr/sbin/upsd", "")
        try folder.write("sys/bus/usb/devices/1-1/idVendor", "1d6b\n")
        try folder.write("sys/bus/usb/devices/1-2/idVendor", "051d\n")
        try folder.write("sys/bus/usb/devices/1-2/product", "Smart-UPS 1500\n")
        let server = read()
        #expect(server.processor == .intel && server.memoryDriver == "skx_edac" && !server.isVirtual)
        #expect(server.installed == ["upsd"] && server.ups == "Smart-UPS 1500")
        #expect(!server.hasBMC && server.hasECC == nil)
        for (total, expected) in [(UInt8(72), true), (64, false)] {
            var module = [UInt8](repeating: 0, count: 0x28 - 4)
            (module[0x08 - 4], module[0x0A - 4], module[0x0C - 4]) = (total, 64, 16)
            let table =
                MadeSMBIOS.structure(17, handle: 1, module, []) + MadeSMBIOS.structure(127, handle: 2, [], [])
            try folder.write(String(SMBIOS.path.dropFirst()), table)
            #expect(read().hasECC == expected)
        }
        try folder.write("dev/ipmi0", "")
        try folder.write("proc/cpuinfo", "vendor_id\t: AuthenticAMD\nflags\t\t: fpu hypervisor\n")
        #expect(read().hasBMC && read().isVirtual && read().memoryDriver == "amd64_edac")
    }

    @Test("What the agent is too old for is not seen where such a part is, and says what to do")
    func olderThanPatterns() throws {
        let pack = try Self.pack(
            Self.pattern("a.future", kind: "disk", when: "hw.quantum.coherence < 3"),
            Self.pattern("b.future", kind: "psu", when: "hw.quantum.coherence < 3"),
            Self.pattern("c.today", kind: "disk", when: "hw.physical_disk.media_errors > 0"))
        let modes = FailureModes(pack, coverage: [], components: [Self.disk], environment: HostEnvironment()).modes(
            of: []
        )
        #expect(modes.map(\.pattern) == ["c.today", "a.future", "b.future"])
        #expect(modes.map(\.state).suffix(2) == ["unseen", "absent"])
        let future = modes[1]
        #expect(future.title(in: "de") == "Es geht kaputt" && future.parts == 1 && future.seen == 0)
        #expect(future.reasons.first?.step(in: .german)?.contains("apt-get install callhome-agent") == true)
    }
}
