import Reports

/// `/accounts`: who may log in, and who is logged in.
struct AccountsPage: Sendable {
    struct Login: Sendable {
        var kind: String
        var note: String
        var since: String
        var until: String
        /// Where the form that ends it goes.
        var link: String
    }

    struct Row: Sendable {
        var name: String
        var since: String
        var link: String
        var logins: [Login]
        /// Whether it can be removed: the only one cannot.
        var mayRemove: Bool
    }

    let frame: PageLayout
    let w: [String: String]
    let rows: [Row]

    init(_ lines: [Accounts.Line], frame: PageLayout, language: Language) {
        self.frame = frame
        w = ConsoleStrings.all(in: language)
        let words = TicketStrings(language: language)
        rows = lines.map { line in
            let link = "/accounts/\(ConsoleLink.segment(line.account.name))"
            return Row(
                name: CleanText.line(line.account.name, limit: 80), since: words.time(line.account.createdAt),
                link: link,
                logins: line.logins.map { login in
                    Login(
                        kind: login.kind == .session
                            ? language("Browser", "Browser") : language("Command or script", "Befehl oder Skript"),
                        note: CleanText.line(login.note, limit: 120), since: words.time(login.createdAt),
                        until: words.time(login.expiresAt), link: "\(link)/logins/\(login.id)/end")
                }, mayRemove: lines.count > 1)
        }
    }
}
