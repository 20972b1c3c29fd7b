/// Limits of the console, each with its unit.
enum ConsoleLimits {
    /// What a sparkline spans.
    static let sparkline = Duration.seconds(86_400)
    /// Cases on one page.
    static let cases = 500
    /// Pages of cases: what lies beyond is found by its number.
    static let casePages = 10_000
    /// Seconds after which a page without a form loads itself again.
    static let refresh = 30
}
