import Daemon
import FaultPatterns
import Foundation
import Testing

@testable import SensorAgent

@Suite("Agent configuration")
struct AgentConfigurationTests {
    @Test("Every key has a default, and a missing standard file is no error")
    func defaults() throws {
        let directory = try ScratchDirectory()
        let configuration = try AgentConfiguration(path: "\(directory.path)/agent.conf")
        #expect(configuration.stateDirectory == "/var/lib/callhome-agent")
        #expect(configuration.heartbeatInterval == .seconds(60))
        #expect(configuration.effective == AgentConfiguration().effective)
        #expect(throws: ConfigurationErrors.self) {
            try AgentConfiguration(path: "\(directory.path)/agent.conf", mustExist: true)
        }
    }

    @Test("What `check-config` prints is a configuration that gives the same again")
    func effectiveIsReadable() throws {
        let text = """
            state.directory = /srv/agent
            collectors = https://a.example:8443, https://b.example
            proxy = http://proxy.example:3128
            hostname = alpha
            spool.limit = 128MiB
            heartbeat.interval = 30s
            samples.interval = 1min
            log.level = debug
            probe.chip-sensors.interval = 500ms
            probe.memory-errors.enabled = no
            """
        let configuration = try AgentConfiguration(text: text)
        #expect(configuration.spoolBytes == 128 << 20)
        #expect(configuration.collectors == ["https://a.example:8443", "https://b.example"])
        #expect(configuration.probeIntervals == ["chip-sensors": .milliseconds(500)])
        #expect(configuration.disabledProbes == ["memory-errors"])
        #expect(try AgentConfiguration(text: configuration.effective).effective == configuration.effective)
    }

    @Test("A configuration whose pattern pack cannot be read is refused before the agent starts with it")
    func patternPack() throws {
        let directory = try ScratchDirectory()
        let path = "\(directory.path)/agent.conf"
        let pack = "\(directory.path)/patterns.json"
        try "patterns.pack = \(pack)\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(AgentProgram.checkConfiguration(path) == AgentProgram.refused)
        try "{".write(toFile: pack, atomically: true, encoding: .utf8)
        #expect(AgentProgram.checkConfiguration(path) == AgentProgram.refused)
        try #"{"format": 1, "engine_level": 1, "version": "0.1.0", "patterns": []}"#
            .write(toFile: pack, atomically: true, encoding: .utf8)
        #expect(AgentProgram.checkConfiguration(path) == AgentProgram.done)
        let error = #expect(throws: AgentError.self) { try Agent.patternPack("\(directory.path)/none.json") }
        #expect(error?.description.contains("correct the path") == true)
        // The program is in one package, and its pack in the same.
        if !FileManager.default.fileExists(atPath: AgentConfiguration.standardPack) {
            let standard = #expect(throws: AgentError.self) { try Agent.patternPack(AgentConfiguration.standardPack) }
            #expect(standard?.description.contains("install the package callhome-agent") == true)
        }
    }

    @Test("An overlay that is refused keeps no agent from starting: it is told, and the patterns run without it")
    func overlay() throws {
        let directory = try ScratchDirectory()
        let path = "\(directory.path)/agent.conf"
        let pack = "\(directory.path)/patterns.json"
        let overlay = "\(directory.path)/overlay.json"
        try "patterns.pack = \(pack)\npatterns.overlay = \(overlay)\n"
            .write(toFile: path, atomically: true, encoding: .utf8)
        try #"{"format": 1, "engine_level": 1, "version": "0.1.0", "patterns": []}"#
            .write(toFile: pack, atomically: true, encoding: .utf8)
        #expect(SiteOverlay(path: overlay).problem == nil, "there need be none")
        try "{".write(toFile: overlay, atomically: true, encoding: .utf8)
        #expect(AgentProgram.checkConfiguration(path) == AgentProgram.done)
        #expect(SiteOverlay(path: overlay).problem?.contains("is not JSON") == true)
        #expect(SiteOverlay(path: directory.path).problem?.contains("cannot be read") == true)
        try #"{"disable": {"disk.gone": "known"}}"#.write(toFile: overlay, atomically: true, encoding: .utf8)
        #expect(AgentProgram.checkConfiguration(path) == AgentProgram.done)
        let changed = try Agent.patternPack(pack, changedBy: SiteOverlay(path: overlay).overlay)
        #expect(changed.overlay.map(\.inactive?.description) == ["no pattern is called so"])
    }

    @Test(
        "A wrong value is refused with file, line and what is wrong",
        arguments: [
            ("hostname = a\nspool.limt = 3", 2, "spool.limt"), ("spool.limit = 1", 1, "spool.limit"),
            ("heartbeat.interval = soon", 1, "heartbeat.interval"),
            ("probe.lasers.enabled = no", 1, "no probe is called lasers"),
            ("state.directory = here", 1, "no path from /"),
            ("collectors = http://a.example", 1, "https://server:port"),
            ("log.level = loud", 1, "loud"), ("spool.limit = 1KiB", 1, "between 1MiB and 64GiB"),
            ("heartbeat.interval = 0", 1, "0 is not between 1s and 1d"),
        ])
    func refused(text: String, line: Int, words: String) throws {
        let error = #expect(throws: ConfigurationErrors.self) { try AgentConfiguration(text: text) }
        #expect(error?.errors.map(\.line) == [line], "\(String(describing: error))")
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test(
        "What is hardly meant is warned of with file and line, and used: 0.1 took it, and an upgrade stops no agent",
        arguments: [
            ("\nhostname = Praxis Server", 2, "no name of a server"), ("hostname = -x", 1, "no name of a server"),
            ("root = /nonexist", 1, "there is no folder /nonexist"),
        ])
    func warned(text: String, line: Int, words: String) throws {
        let configuration = try AgentConfiguration(text: text)
        #expect(configuration.warnings.map(\.line) == [line], "\(configuration.warnings)")
        #expect(configuration.warnings.first?.description.contains(words) == true, "\(configuration.warnings)")
        #expect(configuration.effective.contains(text.trimmingCharacters(in: .newlines)))
        for good in ["hostname = praxis_server-1.example", "root = /"] {
            #expect(try AgentConfiguration(text: good).warnings.isEmpty, "\(good)")
        }
    }

    @Test("All that is wrong is told at once, each with its line")
    func allErrors() {
        let text = """
            state.directory = here
            spool.limt = 3
            heartbeat.interval = soon
            probe.disk-healt.interval = 1min
            redfish = http://bmc
            redfish.credentials = /no/such/file
            redfish.certificate = /no/such/file.pem
            collectors = http://a, https://b:1, c
            """
        let error = #expect(throws: ConfigurationErrors.self) { try AgentConfiguration(text: text) }
        #expect(error?.errors.map(\.line) == [1, 2, 3, 4, 5, 6, 7, 8, 8])
        #expect(error?.description.contains("perhaps disk-health") == true)
    }

    @Test("The table of keys says what the defaults are, and has every key that check-config prints")
    func keys() throws {
        var lines: [String] = []
        for key in AgentConfiguration.keys where !key.name.contains("*") && !key.fallback.isEmpty {
            lines.append("\(key.name) = \(key.fallback)")
        }
        #expect(lines.count > 10)
        let written = try AgentConfiguration(text: lines.joined(separator: "\n"))
        #expect(written.effective == AgentConfiguration().effective)
        let names = Set(AgentConfiguration.keys.map(\.name))
        for line in AgentConfiguration().effective.split(separator: "\n") {
            var parts = line.prefix { $0 != " " }.split(separator: ".").map(String.init)
            if parts.first == "probe" { parts[1] = "*" }
            #expect(names.contains(parts.joined(separator: ".")), "\(line)")
        }
        for key in AgentConfiguration.keys { #expect(!key.meaning.isEmpty) }
    }
}
