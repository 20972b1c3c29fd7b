import Mustache

/// The console's pages, compiled in: a binary that is moved brings them along.
struct ConsoleTemplates: Sendable {
    private let library: MustacheLibrary

    /// - Throws: what Mustache reports of a template that is none; a test renders each.
    init() throws {
        MustacheContentTypes.register(ScalarHTML(), named: ScalarHTML.name)
        var library = MustacheLibrary()
        for (name, text) in ConsoleTemplates.all {
            // Each template begins anew with Mustache's own escaping, which overlooks a quote that carries an accent.
            try library.register("{{% CONTENT_TYPE:\(ScalarHTML.name)}}\n\(text)", named: name)
        }
        self.library = library
    }

    static let all: [String: String] = [
        "top": LayoutTemplates.top, "bottom": LayoutTemplates.bottom, "login": LayoutTemplates.login,
        "message": LayoutTemplates.message, "fleet": FleetTemplates.fleet, "server": FleetTemplates.server,
        "blindSpots": FleetTemplates.blindSpots,
        "cases": CaseTemplates.cases, "caseRows": CaseTemplates.rows, "case": CaseTemplates.one,
        "delivery": CaseTemplates.delivery, "accounts": AccountTemplates.accounts,
        "patterns": PatternTemplates.patterns,
    ]

    func render(_ page: Any, with name: String) -> String { library.render(page, withTemplate: name) ?? "" }

    private struct ScalarHTML: MustacheContentType {
        static let name = "SCALAR-HTML"
        func escapeText(_ text: String) -> String { CleanText.html(text) }
    }
}
