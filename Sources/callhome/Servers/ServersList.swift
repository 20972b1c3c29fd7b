import ArgumentParser
import Reports

/// `callhome servers list`.
struct ServersList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List servers with their state at a glance.",
        discussion: ExitStatus.collectorHelp("listed"))

    @OptionGroup var collector: CollectorOptions

    func run() async throws {
        let servers = try await collector.client().ask([CollectorAPI.ServerLine].self, "/servers")
        if collector.json { return try Console.print(json: servers) }
        if servers.isEmpty { return print("no server is enrolled") }
        var table = Table("SERVER", "STATE", "CASES", "LAST HEARD", "BECAUSE")
        for line in servers {
            table.add(
                line.hostname, line.state, "\(line.openCases)", line.lastContact.map { "\($0)" } ?? "never",
                line.because)
        }
        print(table.text)
    }
}
