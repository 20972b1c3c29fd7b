import ArgumentParser

/// `callhome servers blind-spots withdraw SERVER NAME… --because TEXT`.
struct BlindSpotsWithdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw", abstract: "Take back that blind spots of a server are accepted.",
        discussion: """
            Exit codes: 0 taken back; 2 refused, or no such server or accepted blind spot; 3 the collector does not \
            answer.
            """)

    @OptionGroup var choice: BlindSpotChoiceOptions

    func run() async throws { try await choice.decide("withdraw") }
}
