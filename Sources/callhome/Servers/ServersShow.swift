import ArgumentParser
import Reports

/// `callhome servers show NAME`.
struct ServersShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one server: what is watched, its parts, latest readings and cases.",
        discussion: ExitStatus.collectorHelp("shown", missing: "no such server"))

    @Argument(help: "The server's name or id.")
    var name: String

    @OptionGroup var collector: CollectorOptions

    func run() async throws {
        let detail = try await collector.client().ask(
            CollectorAPI.ServerDetail.self, "/servers/\(CollectorClient.segment(name))")
        if collector.json { return try Console.print(json: detail) }
        print(ServersShow.text(detail))
    }

    static func text(_ detail: CollectorAPI.ServerDetail) -> String {
        let server = detail.server
        var head = Table("Server", "\(server.hostname) (\(server.host))")
        head.add("State", "\(server.state): \(server.because)")
        head.add(
            "Chassis",
            [server.chassis.manufacturer, server.chassis.model, server.chassis.serial].compactMap(\.self).joined(
                separator: " "))
        head.add("Last heard", server.lastContact.map { "\($0)" } ?? "never")
        head.add("Agent", server.agentVersion ?? "unknown")
        var coverage = Table("PROBE", "STATE", "PARTS", "REMARK")
        for probe in detail.coverage { coverage.add(probe.probe, probe.state, "\(probe.components)", probe.because) }
        var cases = Table("CASE", "URGENCY", "STATE", "PROBLEM")
        for line in detail.cases {
            cases.add(line.number, line.test ? "test" : line.urgency.rawValue, line.state, line.title)
        }
        var parts = Table("PART", "LOCATION", "MODEL", "SERIAL")
        for component in detail.components where component.part != Part() {
            parts.add(
                PartName(component, kind: component.kind.words).what, component.part.location ?? "",
                component.part.model ?? "",
                component.part.serial ?? "")
        }
        var readings = Table("READING", "OF", "VALUE")
        for reading in detail.readings {
            let unit = ReadingText.unit(of: reading.signal)
            let value =
                reading.state ?? reading.last.map { ReadingText.number($0, unit) }
                ?? "unknown (\(reading.unavailable ?? "not read"))"
            readings.add("\(reading.signal)", "\(reading.component)", value)
        }
        return [head, cases, coverage, parts, readings].map(\.text).joined(separator: "\n\n")
    }
}
