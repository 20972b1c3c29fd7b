import ArgumentParser
import Reports

/// `callhome servers blind-spots list SERVER`.
struct BlindSpotsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List what is not seen on a server, why, and what of it is accepted.",
        discussion: ExitStatus.collectorHelp("listed", missing: "no such server"))

    @Argument(help: "The server's name or id.")
    var server: String

    @OptionGroup var collector: CollectorOptions

    func run() async throws {
        let spots = try await collector.client().ask(
            [CollectorAPI.BlindSpot].self, "/servers/\(CollectorClient.segment(server))/blind-spots")
        try BlindSpotsGroup.show(spots, json: collector.json)
    }
}
