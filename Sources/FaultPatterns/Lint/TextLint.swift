import Reports

/// What people read: both languages, words that they know, and what the numbers rest on.
extension PatternLint {
    /// Words that a person without IT knowledge cannot know, and what to use instead. Terms that stand on invoices and
    /// on the parts themselves (ECC, RAID, SSD, sector, firmware) are left to the author.
    static let hardWords: [String: String] = [
        "threshold": "limit", "hysteresis": "say from when to when", "serd": "say how many within what time",
        "normalised": "say what the value means", "normalized": "say what the value means",
        "uncorrectable": "could not be repaired", "correctable": "could be repaired", "sysfs": "leave it out",
        "dmesg": "log of the operating system", "edac": "memory errors", "lba": "place on the disk",
        "mce": "error of the processor", "ipmi": "management controller", "redfish": "management controller",
        "aer": "errors of the slot", "syslog": "log", "daemon": "program", "i/o": "reading and writing",
        "schwellwert": "Grenze", "schwellenwert": "Grenze", "hysterese": "sagen, von wann bis wann",
        "normalisiert": "sagen, was der Wert bedeutet", "unkorrigierbar": "ließ sich nicht beheben",
        "korrigierbar": "ließ sich beheben",
    ]

    /// What a provenance rests on, in one of these words.
    static let groundWords = [
        "measured on", "vendor's rule", "standard", "shipping default", "published", "itself", "own diagnosis",
        "estimate", "a test",
    ]

    func texts(of file: PatternFile) -> [LintFinding] {
        let pattern = file.pattern
        var found: [LintFinding] = []
        for language in Set(shipped.flatMap(\.pattern.texts.keys)).sorted() where pattern.texts[language] == nil {
            found.append(
                LintFinding(
                    .language, of: pattern.id, at: file.place(of: "text"),
                    "there is no text in `\(language)`, which other patterns have", mend: "add it"))
        }
        for (language, text) in pattern.texts.sorted(by: { $0.key < $1.key }) {
            for (field, words) in text.fields {
                let place = file.place(of: "text", language, field)
                if language != "en", let english = pattern.texts["en"]?.fields.first(where: { $0.name == field })?.text,
                    english == words
                {
                    found.append(
                        LintFinding(
                            .language, of: pattern.id, at: place, "the \(field) in `\(language)` is the English one",
                            mend: "translate it"))
                }
                for word in PatternLint.words(of: words) {
                    guard let better = PatternLint.hardWords[word] else { continue }
                    found.append(
                        LintFinding(
                            .hardWord, of: pattern.id, at: place,
                            "the \(field) in `\(language)` says \"\(word)\", which people without IT knowledge do not know",
                            mend: "write: \(better)"))
                }
            }
        }
        return found
    }

    /// Words outside quotation marks: what a device reports stands as it reports it.
    private static func words(of text: String) -> [String] {
        var open: Character?
        let spoken = text.filter { character in
            if let closing = open {
                if character == closing { open = nil }
                return false
            }
            open = ["\"": "\"", "“": "”", "„": "“"][character]
            return open == nil
        }
        return spoken.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "/" }.map(String.init)
    }

    /// Sources, provenance, and the time left, of what makes a ticket.
    func grounds(of file: PatternFile) -> [LintFinding] {
        let pattern = file.pattern
        guard pattern.urgencies.contains(where: \.makesTicket) else { return [] }
        var found: [LintFinding] = []
        if pattern.sources.isEmpty {
            found.append(
                LintFinding(
                    .source, of: pattern.id, at: file.place(of: "sources"), "what makes a ticket has no source",
                    mend: "name the study, the standard or the vendor's document"))
        }
        let provenance = pattern.provenance.lowercased()
        let isMeasured = provenance.contains("measured on")
        if !PatternLint.groundWords.contains(where: provenance.contains)
            || (isMeasured && !provenance.contains(where: \.isNumber))
        {
            found.append(
                LintFinding(
                    .provenance, of: pattern.id, at: file.place(of: "provenance"),
                    isMeasured
                        ? "`provenance` says measured, and not on how many failures"
                        : "`provenance` does not say what its numbers rest on",
                    mend: "write: measured on N failures of …, vendor's rule …, standard …, shipping default of …, "
                        + "published …, or estimate …"))
        }
        // Where nothing is exchanged there is no part whose time runs out.
        let isLeftOpen = ([pattern] + pattern.variants.compactMap(\.pattern)).contains { pattern in
            ActionCatalogue.exchanges.contains(pattern.action)
                && pattern.urgencyCases.contains {
                    $0.urgency.makesTicket && $0.timeRule == nil && pattern.timeRule == nil
                }
        }
        if isLeftOpen {
            found.append(
                LintFinding(
                    .timeLeft, of: pattern.id, at: file.place(of: "urgency"),
                    "a part is to be exchanged, and no `time_to_failure` says by when",
                    mend: "add it where it is known: { latest: 90d }", severity: .warning))
        }
        return found
    }

    /// Names of `let` that nothing asks for.
    func definitions(of file: PatternFile) -> [LintFinding] {
        let all = [file.pattern] + file.pattern.variants.compactMap(\.pattern)
        var used: Set<String> = []
        for pattern in all { used.formUnion(pattern.usedNames) }
        var found: [LintFinding] = []
        // Tests set a model's signals by such names.
        let asksModel = all.flatMap(\.allExpressions).flatMap(\.parts).contains {
            if case .call("model", _) = $0.kind { true } else { false }
        }
        for definition in all.flatMap(\.definitions) where !used.contains(definition.name) {
            if asksModel, case .signal = definition.expression.kind { continue }
            found.append(
                LintFinding(
                    .unusedDefinition, of: file.pattern.id, at: definition.expression.location,
                    "`\(definition.name)` of `let` is never used", mend: "take it out"))
        }
        return found
    }
}

extension FaultText {
    fileprivate var fields: [(name: String, text: String)] {
        [("title", title), ("description", description), ("impact", impact), ("action", action)]
    }
}

extension Pattern {
    /// Names of `let` that are asked for, by way of other names too.
    fileprivate var usedNames: Set<String> {
        var names = condition.names
        if case .expression(let clear) = clearing { names.formUnion(clear.names) }
        var rules = [timeRule]
        for urgencyCase in urgencyCases {
            if let when = urgencyCase.when { names.formUnion(when.names) }
            rules.append(urgencyCase.timeRule)
        }
        for case .trend(let name, _)? in rules { names.insert(name) }
        for definition in definitions where becauseTemplate?.text.contains("{\(definition.name)}") ?? false {
            names.insert(definition.name)
        }
        // Definitions stand in the order of their use: one that is used uses those before it.
        for definition in definitions.reversed() where names.contains(definition.name) {
            names.formUnion(definition.expression.names)
        }
        return names
    }
}
