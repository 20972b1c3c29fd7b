import ArgumentParser
import Reports

/// `callhome servers blind-spots withdraw SERVER NAME… --because TEXT`.
struct BlindSpotsWithdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw", abstract: "Take back that blind spots of a server are accepted.",
        discussion: ExitStatus.collectorHelp("taken back", missing: "no such server or accepted blind spot"))

    @OptionGroup var choice: BlindSpotChoiceOptions

    func run() async throws { try await choice.decide("withdraw") }
}
