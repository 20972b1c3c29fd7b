import ArgumentParser
import Glibc
import Reports

/// Words of the command line that are of a known set: another one is an error that names what may be meant, never an
/// empty answer.
enum KnownWord {
    /// For `@Option(transform:)`.
    static func read<Word: RawRepresentable & CaseIterable>(
        _ text: String
    ) throws -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: text) else { throw refusal(text, among: Word.allCases.map(\.rawValue)) }
        return word
    }

    /// Refuses each word that is not in the set, which is known only when the command runs.
    static func check(_ texts: [String], option: String, among words: Set<String>) throws {
        for text in texts where !words.contains(text) {
            let refusal = refusal(text, among: words)
            throw ValidationError("\(option): \(refusal.message)")
        }
    }

    private static func refusal(_ text: String, among words: some Sequence<String>) -> ValidationError {
        ValidationError("\(Table.clean(String(text.prefix(60)))) is not known; \(Wording.hint(text, among: words))")
    }
}

/// The language of what a command prints for people.
struct LanguageOption: ParsableArguments {
    @Option(
        name: .customLong("language"),
        help: "The language, de or en; without it, that of the environment (LC_ALL, LC_MESSAGES, LANG).",
        completion: Completion.languages,
        transform: { try KnownWord.read($0) })
    var chosen: Language?

    func callAsFunction() -> Language {
        chosen ?? Language(ofEnvironment: { name in unsafe getenv(name).map { unsafe String(cString: $0) } })
    }
}
