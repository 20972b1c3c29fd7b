import ArgumentParser
import Reports

/// `callhome recipients list`.
struct RecipientsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List recipients: what waits for each, and why.",
        discussion: ExitStatus.collectorHelp("listed"))

    @OptionGroup var collector: CollectorOptions

    func run() async throws {
        let recipients = try await collector.client().ask([CollectorAPI.RecipientLine].self, "/recipients")
        if collector.json { return try Console.print(json: recipients) }
        if recipients.isEmpty { return print("no recipient is configured: nobody is told of faults") }
        var table = Table("RECIPIENT", "CHANNEL", "STATE", "WAITING", "REFUSED", "TAKEN", "LAST TAKEN", "LAST ERROR")
        for line in recipients {
            let state = line.failingSince.map { "takes nothing since \($0)" } ?? "ok"
            table.add(
                line.name, line.channel, line.holdUntil.map { "\(state), tried again at \($0)" } ?? state,
                "\(line.waiting)", "\(line.refused)", "\(line.delivered)",
                line.lastDelivered.map { "\($0)" } ?? "never", line.lastError ?? "")
        }
        print(table.text)
    }
}
