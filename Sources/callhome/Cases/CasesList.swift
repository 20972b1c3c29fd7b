import ArgumentParser
import Reports

/// `callhome cases list`.
struct CasesList: AsyncParsableCommand {
    enum Wanted: String, ExpressibleByArgument, CaseIterable { case open, acknowledged, closed, all }

    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List cases, newest first.",
        discussion: ExitStatus.collectorHelp("listed", missing: "no such server"))

    @Option(help: "Which cases: open (and acknowledged), acknowledged, closed or all.")
    var state = Wanted.open

    @Option(help: "Only of this server: its name or id.")
    var server: String?

    @OptionGroup var collector: CollectorOptions

    func run() async throws {
        var path = "/cases?state=\(state.rawValue)"
        if let server { path += "&server=\(CollectorClient.segment(server))" }
        let cases = try await collector.client().ask([CollectorAPI.CaseLine].self, path)
        if collector.json { return try Console.print(json: cases) }
        if cases.isEmpty { return print("no cases") }
        var table = Table("CASE", "URGENCY", "STATE", "SERVER", "LOCATION", "PROBLEM", "OPENED")
        for line in cases {
            table.add(
                line.number, line.test ? "test" : line.urgency.rawValue, line.state, line.hostname,
                line.suspect.part.location ?? line.suspect.name, line.title, "\(line.openedAt)")
        }
        print(table.text)
    }
}
