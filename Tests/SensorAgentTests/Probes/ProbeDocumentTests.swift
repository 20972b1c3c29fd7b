import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("What the agent prints of a look")
struct ProbeDocumentTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    @Test("the text has the time of the look, units, and the time of what is older")
    func text() {
        let disk = ComponentID(.disk, "serial-X")
        let result = ProbeResult(
            components: [Component(id: disk, kind: .disk, name: "/dev/sda")],
            observations: [
                Observation(
                    component: disk, signal: Signal("hw.temperature"), measurement: .reading(41.5), time: Self.now),
                Observation(
                    component: disk, signal: Signal("hw.physical_disk.spare"), measurement: .reading(0.9),
                    time: Self.now),
                Observation(
                    component: disk, signal: Signal("hw.watchdog"), measurement: .event("timer expired"),
                    time: Self.now - .seconds(3600)),
            ])
        let document = ProbeDocument(
            time: Self.now, probes: [ProbeDocument.Entry(probe: "disk-health", outcome: .success(result))])
        #expect(
            document.text == """
                looked at 2025-11-21T08:00:00Z
                disk-health: 1 component, 3 values
                  disk:serial-X  /dev/sda
                    hw.physical_disk.spare = 0.9
                    hw.temperature = 41.5 Cel
                    hw.watchdog = timer expired  at 2025-11-21T07:00:00Z
                """)
    }

    @Test("each word for what could not be read is explained once, with what to do")
    func unavailable() {
        let fans = (1...2).map { Component(id: ComponentID(.fan, "chip/fan\($0)"), kind: .fan, name: "Fan \($0)") }
        func observation(_ fan: Component, _ signal: String, _ reason: Unavailable) -> Observation {
            Observation(
                component: fan.id, signal: Signal(signal), measurement: .unavailable(reason), time: Self.now)
        }
        let result = ProbeResult(
            components: fans,
            observations: fans.map { observation($0, "hw.fan.speed", .denied) }
                + [observation(fans[0], "hw.fan.state", .readError), observation(fans[1], "hw.fan.pwm", .notSupported)])
        let lines = ProbeDocument(
            time: Self.now, probes: [ProbeDocument.Entry(probe: "chip-sensors", outcome: .success(result))]
        ).text.split(separator: "\n").map(String.init)
        #expect(lines.count { $0.hasSuffix(" = unavailable (denied)") } == 2)
        let why = lines.filter { $0.hasPrefix("unavailable (") }
        #expect(why.count == 2 && why[0].hasPrefix("unavailable (denied): 2 values cannot be read: no permission. "))
        #expect(why[0].contains(geteuid() == 0 ? "systemctl restart callhome-agent" : "sudo"))
        #expect(why[1].hasPrefix("unavailable (readError): 1 value cannot be read") && why[1].contains("journalctl"))
    }

    @Test("a probe whose configuration is named looks where that says")
    func configured() async throws {
        let scratch = try ScratchFolder()
        _ = try scratch.program("checks/check_ok", "#!/bin/sh\necho fine\n")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: scratch.url.appending(path: "checks").path)
        try scratch.write("agent.conf", "site.folder = \(scratch.url.path)/checks\n")
        let file = scratch.url.appending(path: "agent.conf").path
        let (status, output) = try await run(Recordings.agent.path, ["probe", "site", "--config", file])
        let words = String(decoding: output, as: UTF8.self)
        // Checks are run only for whom they belong to, and the program asks for root's.
        if geteuid() == 0 { #expect(status == 0 && words.contains("check:check_ok")) }
        #expect(words.contains("\(scratch.url.path)/checks") || status == 0, "\(words)")
    }

    @Test("equal looks print the same, whatever order their parts and values came in")
    func sorted() throws {
        let fans = [10, 2, 1].map { number in
            Component(id: ComponentID(.fan, "chip/fan\(number)"), kind: .fan, name: "Fan \(number)")
        }
        let observations = fans.flatMap { fan in
            ["hw.fan.state", "hw.fan.speed"].map { signal in
                Observation(
                    component: fan.id, signal: Signal(signal), measurement: .unavailable(.asleep), time: Self.now)
            }
        }
        func document(_ result: ProbeResult) -> ProbeDocument {
            ProbeDocument(
                time: Self.now, probes: [ProbeDocument.Entry(probe: "chip-sensors", outcome: .success(result))])
        }
        let one = document(ProbeResult(components: fans, observations: observations))
        let other = document(ProbeResult(components: fans.reversed(), observations: observations.shuffled()))
        #expect(try one.wireJSON == other.wireJSON)
        let printed = try #require(try one.probes.first?.outcome.get())
        #expect(printed.components.map(\.name) == ["Fan 1", "Fan 2", "Fan 10"])
        #expect(printed.observations.map(\.signal.name).prefix(2) == ["hw.fan.speed", "hw.fan.state"])
    }

    @Test("with --at a look is stamped with that time, and what is no time is refused")
    func at() async throws {
        func look(_ time: String) async throws -> (Int32, String) {
            let (status, output) = try await run(
                Recordings.agent.path,
                ["probe", "disk-health", "--input", Recordings.own("smartctl/ata.json").path, "--json", "--at", time])
            return (status, String(decoding: output, as: UTF8.self))
        }
        let expected = try await look("2025-11-21T08:00:00Z")
        #expect(expected.0 == 0 && expected.1.contains("\"time\":\"2025-11-21T08:00:00Z\""))
        #expect(try await look("1763712000") == expected)
        #expect(try await look("2025-11-21T09:00:00+01:00") == expected)
        #expect(try await look("yesterday").0 == 64)
    }

    @Test("help names the exit codes, and what --input takes for each probe that has it")
    func help() async throws {
        let (status, output) = try await run(Recordings.agent.path, ["probe", "--help"])
        let words = String(decoding: output, as: UTF8.self)
        #expect(status == 0)
        // The help is wrapped: a code may end its line.
        let codes = words.split(whereSeparator: \.isWhitespace)
        for code in ["64", "65", "66", "69", "74", "75", "77"] { #expect(codes.contains { $0 == code }, "\(code)") }
        for probe in AllProbes.readingRecordedOutput { #expect(words.contains("  \(probe): ")) }
        let names = Set(AllProbes.make().map(\.name))
        #expect(Set(AllProbes.readingRecordedOutput).isSubset(of: names))
    }

    @Test("once looks as its configuration says, and refuses one that is wrong")
    func once() async throws {
        let scratch = try ScratchFolder()
        let off = AllProbes.make().map(\.name).filter { $0 != "power-supplies" }
        let lines = off.map { "probe.\($0).enabled = no" } + ["root = \(scratch.url.path)/machine"]
        try scratch.write("agent.conf", lines.joined(separator: "\n") + "\n")
        try scratch.write("machine/sys/class/power_supply/AC/type", "Mains\n")
        try scratch.write("machine/sys/class/power_supply/AC/online", "0\n")
        let file = scratch.url.appending(path: "agent.conf").path
        let (status, output) = try await run(Recordings.agent.path, ["once", "--config", file])
        #expect(status == 0)
        #expect(String(decoding: output, as: UTF8.self).contains("\npower-supplies: 1 component,"))
        #expect(!String(decoding: output, as: UTF8.self).contains("chip-sensors"))
        try scratch.write("wrong.conf", "no.such.key = 1\n")
        let (refused, _) = try await run(
            Recordings.agent.path, ["once", "--config", scratch.url.appending(path: "wrong.conf").path])
        #expect(refused == 78)
    }
}
