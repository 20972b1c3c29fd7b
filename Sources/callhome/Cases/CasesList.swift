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
        let cases = try await ask(state)
        if collector.json { return try Console.print(json: cases) }
        if cases.isEmpty { return print(CasesList.none(state, of: try await ask(.all))) }
        var table = Table("CASE", "URGENCY", "STATE", "SERVER", "LOCATION", "PROBLEM", "OPENED")
        for line in cases {
            table.add(
                line.number, line.test ? "test" : line.urgency.rawValue, line.state, line.hostname,
                line.suspect.part.location ?? line.suspect.name, line.title, "\(line.openedAt)")
        }
        print(table.text)
    }

    private func ask(_ state: Wanted) async throws -> [CollectorAPI.CaseLine] {
        var path = "/cases?state=\(state.rawValue)"
        if let server { path += "&server=\(CollectorClient.segment(server))" }
        return try await collector.client().ask([CollectorAPI.CaseLine].self, path)
    }

    /// That there are none in this state, and where the others are.
    private static func none(_ state: Wanted, of all: [CollectorAPI.CaseLine]) -> String {
        guard !all.isEmpty else { return "no cases" }
        let others = Dictionary(grouping: all, by: \.state).mapValues(\.count).sorted { $0.key < $1.key }
        let counts = others.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return "no \(state.rawValue) cases; \(counts): --state all lists them"
    }
}
