import Reports

/// `/cases`: the list with its filter.
struct CasesPage: Sendable {
    struct Filter: Sendable {
        var word: String
        var link: String
        var chosen: Bool
    }

    /// What the filter offers, by its word in the address.
    static let filters: [(word: String, states: Set<Case.State>)] = [
        ("open", [.open, .acknowledged]), ("closed", [.closed]), ("all", Set(Case.State.allCases)),
    ]

    let frame: PageLayout
    let w: [String: String]
    let filters: [Filter]
    let rows: [CaseRow]

    init(_ cases: [Case], filter: String, frame: PageLayout, language: Language) {
        self.frame = frame
        w = ConsoleStrings.all(in: language)
        let words = [
            "open": language("Open", "Offen"), "closed": language("Closed", "Erledigt"), "all": language("All", "Alle"),
        ]
        filters = CasesPage.filters.map { entry in
            Filter(
                word: words[entry.word] ?? entry.word, link: "/cases?state=\(entry.word)", chosen: entry.word == filter)
        }
        // What is open comes first, and a test after what is real.
        func rank(_ found: Case) -> Int { (found.isClosed ? 2 : 0) + (found.test == nil ? 0 : 1) }
        rows = cases.sorted { left, right in
            rank(left) != rank(right)
                ? rank(left) < rank(right)
                : left.urgency != right.urgency ? left.urgency > right.urgency : left.openedAt > right.openedAt
        }.map { CaseRow($0, in: language) }
    }
}
