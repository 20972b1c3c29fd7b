import ArgumentParser
import Reports

/// Why a person decides something, and at which collector: of every command that sends a decision.
struct DecisionOptions: ParsableArguments {
    @Option(help: "Why, in a few words: it is kept with what is decided, and shown there.")
    var because: String

    @OptionGroup var collector: CollectorOptions
}

extension CollectorOptions {
    /// Sends what a person decides, and prints what came of it: as JSON, or in words.
    /// - Parameter path: what it is about and what is decided, of the API: `cases`, its number, `close`.
    func decide<Answer: Codable>(
        _ path: [String], _ decision: any Encodable, _ show: (Answer) throws -> Void
    ) async throws {
        let answer = try await client().ask(
            Answer.self, path.map { "/" + CollectorClient.segment($0) }.joined(), method: "POST", body: decision)
        if json { return try Console.print(json: answer) }
        try show(answer)
    }
}
