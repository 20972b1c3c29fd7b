import ArgumentParser
import Reports

/// `callhome cases list`.
struct CasesList: AsyncParsableCommand {
    enum Wanted: String, ExpressibleByArgument, CaseIterable { case open, acknowledged, closed, all }

    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List cases, the gravest first.",
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

    /// All pages. What changed its place in between is listed once.
    private func ask(_ state: Wanted) async throws -> [CollectorAPI.CaseLine] {
        let client = try collector.client()
        var (lines, numbers): ([CollectorAPI.CaseLine], Set<String>) = ([], [])
        var read = 0
        while true {
            var path = "/cases?state=\(state.rawValue)&offset=\(read)"
            if let server { path += "&server=\(CollectorClient.segment(server))" }
            let page = try await client.ask([CollectorAPI.CaseLine].self, path)
            let new = page.filter { numbers.insert($0.number).inserted }
            lines += new
            read += page.count
            // An older collector knows no pages, and gives the first one again.
            if new.isEmpty { return lines }
        }
    }

    /// That there are none in this state, and where the others are.
    private static func none(_ state: Wanted, of all: [CollectorAPI.CaseLine]) -> String {
        guard !all.isEmpty else { return "no cases" }
        let others = Dictionary(grouping: all, by: \.state).mapValues(\.count).sorted { $0.key < $1.key }
        let counts = others.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return "no \(state.rawValue) cases; \(counts): --state all lists them"
    }
}
