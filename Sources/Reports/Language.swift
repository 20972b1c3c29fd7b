/// The languages in which people are written to.
public enum Language: String, Sendable, Codable, CaseIterable {
    case german = "de"
    case english = "en"

    /// The user's choice by POSIX (Base Definitions, section 8.2: LC_ALL, LC_MESSAGES, LANG; the first that is set
    /// counts): German for `de_DE.UTF-8`, else English.
    public init(ofEnvironment value: (String) -> String?) {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap(value).first { !$0.isEmpty } ?? ""
        self = locale.prefix { $0 != "_" && $0 != "." && $0 != "@" } == "de" ? .german : .english
    }

    /// Both texts stand side by side at each use, so that none can be forgotten.
    public func callAsFunction(_ english: String, _ german: String) -> String {
        switch self {
        case .german: german
        case .english: english
        }
    }
}
