import Testing

@testable import Reports

@Suite("Advice")
struct AdviceTests {
    @Test(
        "Every code has its texts in both languages, with the same values in them",
        arguments: AdviceTexts.all.map(\.code))
    func texts(code: String) throws {
        let text = try #require(AdviceTexts.text(code))
        #expect((text.englishStep == nil) == (text.germanStep == nil))
        func values(_ text: String?) -> Set<String> {
            Set((text ?? "").split(separator: "{").dropFirst().map { String($0.prefix { $0 != "}" }) })
        }
        // A German text may leave out what a probe says in English.
        #expect(values(text.english).isSuperset(of: values(text.german)))
        #expect(values(text.englishStep) == values(text.germanStep))
        #expect(text.english != text.german)
        #expect(text.english.hasSuffix(".") && text.german.hasSuffix("."))
    }

    @Test("No code is there twice, and nobody is sent to programs that poke at chips")
    func codes() {
        #expect(Set(AdviceTexts.all.map(\.code)).count == AdviceTexts.all.count)
        for text in AdviceTexts.all {
            for words in [text.english, text.german, text.englishStep ?? "", text.germanStep ?? ""] {
                #expect(!words.contains("sensors-detect") && !words.contains("i2c-dev"), "\(text.code)")
            }
        }
    }

    @Test("Values stand where the text wants them, and braces in a value stay as they are")
    func values() {
        let advice = Advice("probe.denied", "ipmi", "no {1} here")
        #expect(advice.because(in: .english) == "ipmi has no permission: no {1} here.")
        #expect(Advice("probe.denied", "ipmi").because(in: .english) == "ipmi has no permission: ?.")
        #expect(Advice("of.a.newer.agent").because(in: .german) == nil)
    }

    @Test("A reason whose code is not known here is told in the English that came with it")
    func newer() {
        var reason = FailureMode.Reason(Advice("ecc.none"), count: 1, parts: [])
        reason.advice?.code = "of.a.newer.agent"
        #expect(reason.because(in: .german) == reason.because)
        #expect(reason.because.hasPrefix("The memory modules have no error correction"))
        #expect(reason.step(in: .german) == nil)
    }

    @Test(
        "The language is what the environment asks for, the first variable that is set",
        arguments: [
            (["LANG": "de_DE.UTF-8"], Language.german), (["LANG": "de"], .german), (["LANG": "C.UTF-8"], .english),
            (["LC_ALL": "", "LC_MESSAGES": "de_AT@euro", "LANG": "en_US"], .german),
            (["LC_ALL": "en_GB", "LANG": "de_DE"], .english), ([:], .english), (["LANG": "den"], .english),
        ])
    func environment(variables: [String: String], language: Language) {
        #expect(Language(ofEnvironment: { variables[$0] }) == language)
    }
}
