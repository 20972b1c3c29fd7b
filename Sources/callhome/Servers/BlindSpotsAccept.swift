import ArgumentParser
import Reports

/// `callhome servers blind-spots accept SERVER NAME… --because TEXT`.
struct BlindSpotsAccept: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept", abstract: "Say that you know of blind spots of a server, and live with them.",
        discussion: ExitStatus.collectorHelp("accepted", missing: "no such server or blind spot"))

    @OptionGroup var choice: BlindSpotChoiceOptions

    func run() async throws { try await choice.decide("accept") }
}
