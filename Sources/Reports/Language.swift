/// The languages in which people are written to.
public enum Language: String, Sendable, Codable, CaseIterable {
    case german = "de"
    case english = "en"

    /// Both texts stand side by side at each use, so that none can be forgotten.
    public func callAsFunction(_ english: String, _ german: String) -> String {
        switch self {
        case .german: german
        case .english: english
        }
    }
}
