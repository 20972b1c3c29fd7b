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
    /// Which of how many; nil where all are on the page.
    let shown: String?
    /// Links to the pages before and after.
    let previous: String?
    let next: String?

    /// - Parameters:
    ///   - cases: those of one page, in the order of the store: the gravest first.
    ///   - page: counted from 1.
    ///   - count: of all pages together; nil: these are all.
    init(
        _ cases: [Case], filter: String, page: Int = 1, of count: Int? = nil, frame: PageLayout, language: Language
    ) {
        self.frame = frame
        w = ConsoleStrings.all(in: language)
        let words = [
            "open": language("Open", "Offen"), "closed": language("Closed", "Erledigt"), "all": language("All", "Alle"),
        ]
        filters = CasesPage.filters.map { entry in
            Filter(
                word: words[entry.word] ?? entry.word, link: "/cases?state=\(entry.word)", chosen: entry.word == filter)
        }
        rows = cases.map { CaseRow($0, in: language) }
        let first = (page - 1) * ConsoleLimits.cases
        let all = count ?? cases.count
        let last = first + cases.count
        shown =
            all > cases.count
            ? language("\(first + 1) to \(last) of \(all)", "\(first + 1) bis \(last) von \(all)") : nil
        previous = page > 1 ? "/cases?state=\(filter)&page=\(page - 1)" : nil
        next = last < all ? "/cases?state=\(filter)&page=\(page + 1)" : nil
    }
}
