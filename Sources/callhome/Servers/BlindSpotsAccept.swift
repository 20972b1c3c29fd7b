import ArgumentParser

/// `callhome servers blind-spots accept SERVER NAME… --because TEXT`.
struct BlindSpotsAccept: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept", abstract: "Say that you know of blind spots of a server, and live with them.",
        discussion: """
            Exit codes: 0 accepted; 2 refused, or no such server or blind spot; 3 the collector does not answer.
            """)

    @OptionGroup var choice: BlindSpotChoiceOptions

    func run() async throws { try await choice.decide("accept") }
}
