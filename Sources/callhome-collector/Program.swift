import ArgumentParser
import Collector
import Reports

@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callhome-collector",
        abstract: "Takes the reports of servers, keeps cases, and sends tickets to whoever mends them.",
        discussion: ExitStatus.table, version: CollectorCommands.version,
        subcommands: [
            Serve.self, CheckConfig.self, Tokens.self, Pair.self, Keys.self, Password.self, Accounts.self,
            Fingerprint.self, Backup.self, Takeover.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            // Help, and what is wrong with the command line, is the parser's.
            guard exitCode(for: error) == .failure else {
                if exitCode(for: error) == .validationFailure,
                    let hint = CommandTree(Self.self).hint(for: CommandLine.arguments.dropFirst())
                {
                    CollectorCommands.complain("\(hint)\n")
                }
                exit(withError: error)
            }
            for line in "\(error)".split(separator: "\n") { CollectorCommands.complain("callhome-collector: \(line)") }
            exit(withError: ExitCode(CollectorCommands.exitStatus(of: error).rawValue))
        }
    }
}

extension ExitStatus {
    /// `Exit codes: …` of a command that works on the collector's data.
    fileprivate static func administrationHelp(
        _ done: String, _ own: [(status: ExitStatus, when: String)] = []
    ) -> String {
        help(
            done,
            own + [
                (.unavailable, "no collector has run here"), (.permission, "only root and the collector's user may"),
                (.configuration, "the configuration is refused"),
            ])
    }
}

extension CommandTree {
    /// - Parameter command: with all that stand below it.
    fileprivate init(_ command: any ParsableCommand.Type) {
        self.init(
            name: command._commandName, commands: command.configuration.subcommands.map { CommandTree($0) },
            hasDefault: command.configuration.defaultSubcommand != nil)
    }
}

/// Where the configuration stands.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: "Configuration file; its drop-ins stand in FILE.d.") var config: String?
}

/// How a token is made.
struct TokenOptions: ParsableArguments {
    @Option(help: "What it is for.") var note = ""
    @Option(
        help: "How long it can be used: 90min, 12h, 7d; a bare number counts seconds.",
        transform: { text in
            do { return try CollectorCommands.tokenLifetime(text) } catch { throw ValidationError("\(error)") }
        })
    var lifetime: Duration?
    @Flag(help: "Print token and address as JSON.") var json = false
}

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the collector until it is told to stop.",
        discussion: ExitStatus.help(
            "stopped by SIGTERM or SIGINT",
            [
                (.data, "the database was written by a newer collector"),
                (.failure, "cannot run, or cannot go on"), (.cannotWrite, "the data directory cannot be made"),
                (.permission, "the data directory, the socket or the port is not this user's"),
                (.configuration, "the configuration is refused"),
            ]))
    @OptionGroup var options: ConfigurationOptions

    func run() async throws { try await CollectorCommands.serve(config: options.config) }
}

struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Read the configuration and say all that is wrong with it, and where.",
        discussion: """
            Files with secrets and certificates are read too, as the collector's user reads them where root asks. What is \
            wrong with one recipient does not keep the collector from starting: it logs the same, and serves the others. \
            \(ExitStatus.help("the configuration is good", [(.configuration, "something is wrong")]))

            \(CollectorCommands.configurationHelp)
            """)
    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print every key with its default and meaning as JSON, and check nothing.") var keys = false

    func run() async throws {
        if keys { return print(try CollectorCommands.configurationKeys) }
        print(try await CollectorCommands.checkConfiguration(config: options.config))
    }
}

struct Tokens: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "One-time tokens by which servers join.", subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token and print how to use it.",
            discussion: ExitStatus.administrationHelp(
                "printed", [(.missing, "no such server to replace"), (.data, "several servers are called so")]))
        @OptionGroup var options: ConfigurationOptions
        @OptionGroup var token: TokenOptions
        @Option(
            help: ArgumentHelp(
                "The token gives away the place of this server, by name or id, and lets nobody in otherwise: after a "
                    + "reinstallation or with a new board.", valueName: "host"))
        var replace: String?

        func run() async throws {
            print(
                try await CollectorCommands.createToken(
                    for: .server, replace: replace, note: token.note, lifetime: token.lifetime, asJSON: token.json,
                    config: options.config))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the tokens, newest first; secrets are not kept.",
            discussion: ExitStatus.administrationHelp("listed"))
        @OptionGroup var options: ConfigurationOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            print(try await CollectorCommands.listTokens(for: .server, asJSON: json, config: options.config))
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token useless, of a server or of a site.",
            discussion: ExitStatus.administrationHelp("revoked", [(.missing, "no such token")]))
        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "Its id, as listed.") var id: String

        func run() async throws { print(try await CollectorCommands.revokeToken(id: id, config: options.config)) }
    }
}

struct Pair: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tokens by which other collectors hand their tickets to this one.",
        subcommands: [Create.self, List.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a pairing token; the other site sets it as recipient.NAME.pairing.",
            discussion: ExitStatus.administrationHelp("printed"))
        @OptionGroup var options: ConfigurationOptions
        @OptionGroup var token: TokenOptions

        func run() async throws {
            print(
                try await CollectorCommands.createToken(
                    for: .site, note: token.note, lifetime: token.lifetime, asJSON: token.json, config: options.config))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the pairing tokens, newest first.", discussion: ExitStatus.administrationHelp("listed"))
        @OptionGroup var options: ConfigurationOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            print(try await CollectorCommands.listTokens(for: .site, asJSON: json, config: options.config))
        }
    }
}

struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Keys of enrolled servers.", subcommands: [Revoke.self])

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Refuse every later report of a server.",
            discussion: ExitStatus.administrationHelp("revoked", [(.missing, "no such server")]))
        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "Its name or id.") var server: String
        @Option(help: "Why.") var because: String

        func run() async throws {
            print(try await CollectorCommands.revokeKeys(of: server, because: because, config: options.config))
        }
    }
}

struct Password: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Give a login a new random password, and print it; all that was logged in with the old one ends.",
        discussion: ExitStatus.administrationHelp(
            "printed", [(.data, "it is there already, or cannot be called so"), (.missing, "no such login")]))
    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "The login.") var account = "admin"
    @Flag(help: "Make the login, which must not be there yet.") var create = false

    func run() async throws {
        print(try await CollectorCommands.resetPassword(of: account, creating: create, config: options.config))
    }
}

struct Accounts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Who may log in, and who is logged in.", subcommands: [List.self, End.self, Remove.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the logins with their sessions and tokens, newest first; secrets are not kept.",
            discussion: ExitStatus.administrationHelp("listed"))
        @OptionGroup var options: ConfigurationOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            print(try await CollectorCommands.listAccounts(asJSON: json, config: options.config))
        }
    }

    struct End: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End the sessions and tokens of a login; its password stays.",
            discussion: ExitStatus.administrationHelp("ended", [(.missing, "no such login")]))
        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The login.") var account: String
        @Option(help: "Only this session or token: its id, as listed.") var id: String?

        func run() async throws {
            print(try await CollectorCommands.endLogins(of: account, id: id, config: options.config))
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a login with its sessions and tokens.",
            discussion: ExitStatus.administrationHelp(
                "removed", [(.missing, "no such login"), (.data, "it is the only one")]))
        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The login.") var account: String

        func run() async throws { print(try await CollectorCommands.removeAccount(account, config: options.config)) }
    }
}

struct Fingerprint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the SHA-256 of the collector's TLS root, which `callhome login` asks to compare.",
        discussion: ExitStatus.administrationHelp("printed"))
    @OptionGroup var options: ConfigurationOptions

    func run() async throws { print(try await CollectorCommands.fingerprint(config: options.config)) }
}

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy database, keys and channels of patterns into a new folder while the collector serves.",
        discussion: """
            The folder can stand in the place of `data` afterwards, here or on another machine. A collector that starts on it \
            takes reports and tells nobody of anything, until callhome-collector takeover says that it goes on. Where root \
            asks, the collector's user has to be able to make the folder. \
            \(ExitStatus.administrationHelp("copied", [(.cannotWrite, "the folder is there already or cannot be made")]))
            """)
    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "The folder, which must not be there yet.") var folder: String

    func run() async throws { print(try await CollectorCommands.backUp(to: folder, config: options.config)) }
}

struct Takeover: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a collector that stands back, as a copy or because another one serves, go on for its site.",
        discussion: """
            Its term rises, by which every other collector with the same keys stands back as soon as an agent speaks to it. \
            What waits is sent. Tickets of problems that began before and are new to it say since when they may have been \
            ordered under another number. \
            \(ExitStatus.administrationHelp("it goes on", [(.data, "it serves its site already")]))
            """)
    @OptionGroup var options: ConfigurationOptions

    func run() async throws { print(try await CollectorCommands.takeOver(config: options.config)) }
}
