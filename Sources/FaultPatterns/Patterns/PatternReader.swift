import Reports

extension Pattern {
    private static let idCharacters = Set("abcdefghijklmnopqrstuvwxyz0123456789.-")

    static let keys = [
        "id", "revision", "status", "evidence", "engine_level", "class", "applies_to", "except", "tunable", "let",
        "when",
        "for", "clear", "clear_for", "urgency", "suspects", "time_to_failure", "explains", "weight", "variants",
        "action",
        "because", "provenance", "text", "sources", "tests",
    ]

    /// - Parameters:
    ///   - isStrict: whether an unknown key is refused, as in files; packs may come from a newer build.
    ///   - tuning: values within the bounds of its parameters, by their names.
    /// - Throws: what is wrong, where, and the mend.
    init(
        reading node: SourceNode, isStrict: Bool, tuning: [String: Tunable.Value] = [:]
    ) throws(PatternProblem) {
        var fields = try MappingReader(node, what: "a pattern", keys: Pattern.keys)
        location = node.location
        let idNode = try fields.required("id")
        id = try idNode.text(of: "id")
        guard id.count <= 100, id.contains("."), id.allSatisfy(Pattern.idCharacters.contains) else {
            throw PatternProblem(
                idNode.location,
                "`id` is lower-case words with dots, such as disk.ata.media-failing, not \(id.prefix(100))")
        }
        revision = try fields.required("revision").integer(of: "revision", in: 1...1_000_000)
        let (statusNode, evidenceNode) = (try fields.required("status"), try fields.required("evidence"))
        status = try statusNode.word(of: "status", as: Status.self)
        evidence = try evidenceNode.word(of: "evidence", as: EvidenceGrade.self)
        engineLevel =
            try fields.optional("engine_level").map { (node) throws(PatternProblem) in
                try node.integer(of: "engine_level", in: 1...PatternLimits.engineLevel)
            } ?? 1
        faultClass = try fields.optionalText("class") ?? id
        (kinds, attributes) = try Pattern.selection(try fields.required("applies_to"))
        exceptions =
            try fields.optional("except").map { (node) throws(PatternProblem) in
                try Pattern.attributes(try MappingReader(node, what: "`except`"))
            } ?? [:]
        let tunable = fields.optional("tunable")
        definitions = try Pattern.definitions(fields.optional("let"))
        tunables = try Pattern.tunables(tunable, besides: Set(definitions.map(\.name)))
        for index in tunables.indices { tunables[index].value = tuning[tunables[index].name] ?? tunables[index].value }
        condition = try ExpressionParser.parse(try fields.required("when"))
        persistence = try Pattern.persistence(fields.optional("for"), key: "for")
        clearing = try Pattern.clearing(fields.optional("clear"))
        let clearFor = fields.optional("clear_for")
        clearPersistence =
            try clearFor.map { (node) throws(PatternProblem) in
                try Pattern.persistence(node, key: "clear_for")
            } ?? persistence
        if let clearFor, case .never = clearing {
            throw PatternProblem(clearFor.location, "`clear_for` has no meaning with `clear: never`; take it out")
        }
        urgencyCases = try Pattern.urgency(try fields.required("urgency"), isStrict: isStrict)
        suspects = try Pattern.suspects(try fields.required("suspects"), isStrict: isStrict)
        timeRule = try fields.optional("time_to_failure").map { (node) throws(PatternProblem) in
            try Pattern.timeRule(node, isStrict: isStrict)
        }
        explanations = []
        if let list = fields.optional("explains") {
            try Pattern.bound(list, "explains", PatternLimits.explanations)
            for item in list.items { explanations.append(try Pattern.explanation(item)) }
        }
        weight =
            try fields.optional("weight").map { (node) throws(PatternProblem) in try node.weight(of: "weight") } ?? 1
        variants = try Pattern.variants(fields.optional("variants"), of: node, isStrict: isStrict, tuning: tuning)
        action = try fields.text("action")
        becauseTemplate = try fields.optional("because").map { (node) throws(PatternProblem) in
            (try node.text(of: "because"), node.location)
        }
        provenance = try fields.text("provenance")
        texts = try Pattern.texts(try fields.required("text"))
        sources = []
        let sourceList = try fields.required("sources")
        try Pattern.bound(sourceList, "sources", PatternLimits.sources)
        for source in sourceList.items { sources.append(try source.text(of: "sources")) }
        _ = fields.optional("tests")
        if isStrict { try fields.refuseRest() }
        let selections = [attributes, exceptions] + variants.map(\.selection)
        let values = selections.flatMap { $0.values.flatMap(\.self) }
        guard values.count <= PatternLimits.selectionValues else {
            throw Pattern.tooManyValues(values.count, at: location)
        }
        fillIn()
        if evidence == .estimate, status == .active {
            // Of the two the later: in a variant it is the one that the variant states.
            let place = [statusNode, evidenceNode].map(\.location).max { ($0.line ?? 0) < ($1.line ?? 0) }
            throw PatternProblem(
                place ?? location,
                "\(id) rests on an estimate (evidence C), so its `status` is shadow until it is measured")
        }
    }

    private static func selection(
        _ node: SourceNode
    ) throws(PatternProblem) -> (kinds: [ComponentKind], attributes: [String: [String]]) {
        var fields = try MappingReader(
            node, what: "`applies_to`", keys: ["component"] + AttributeCatalogue.entries.map(\.name))
        var kinds: [ComponentKind] = []
        let list = try fields.required("component")
        try bound(list, "component", PatternLimits.kinds)
        for item in list.items {
            kinds.append(ComponentKind(rawValue: try item.text(of: "component")))
        }
        guard !kinds.isEmpty else { throw PatternProblem(node.location, "`applies_to` names no component") }
        return (kinds, try Pattern.attributes(fields))
    }

    /// - Throws: that a list is longer than one may be.
    private static func bound(_ list: SourceNode, _ key: String, _ limit: Int) throws(PatternProblem) {
        guard list.items.count <= limit else {
            throw PatternProblem(list.location, "`\(key)` has \(list.items.count) entries; the limit is \(limit)")
        }
    }

    private static func tooManyValues(_ count: Int, at place: SourceLocation) -> PatternProblem {
        PatternProblem(
            place,
            "the pattern selects parts by \(count) values; the limit is \(PatternLimits.selectionValues): use `*`, or two "
                + "patterns")
    }

    private static func attributes(_ fields: MappingReader) throws(PatternProblem) -> [String: [String]] {
        var attributes: [String: [String]] = [:]
        for entry in fields.rest {
            var values: [String] = []
            for item in entry.value.items {
                let value = try item.text(of: entry.key)
                guard value.unicodeScalars.count <= PatternLimits.selectionCharacters else {
                    throw PatternProblem(
                        item.location,
                        "a value of `\(entry.key.prefix(60))` has at most \(PatternLimits.selectionCharacters) characters"
                    )
                }
                values.append(value)
                // Before each is held against each.
                guard values.count <= PatternLimits.selectionValues else {
                    throw tooManyValues(values.count, at: item.location)
                }
            }
            attributes[entry.key] = values
        }
        return attributes
    }

    private static func definitions(
        _ node: SourceNode?
    ) throws(PatternProblem) -> [(name: String, expression: Expression)] {
        guard let node else { return [] }
        guard case .mapping(let entries) = node.content else {
            throw PatternProblem(node.location, "`let` is a mapping of names to expressions: { heat: hw.temperature }")
        }
        guard entries.count <= PatternLimits.definitions else {
            throw PatternProblem(
                node.location, "`let` has \(entries.count) definitions; the limit is \(PatternLimits.definitions)")
        }
        // A pack's JSON object has no order, so definitions are put in the order of their use, whatever the file's.
        var waiting: [(name: String, expression: Expression)] = []
        for entry in entries {
            guard SourceNode.isName(entry.key) else {
                throw PatternProblem(
                    entry.location, "`\(entry.key.prefix(60))` cannot be a name: use letters, digits and _")
            }
            waiting.append((entry.key, try ExpressionParser.parse(entry.value)))
        }
        var ordered: [(name: String, expression: Expression)] = []
        while !waiting.isEmpty {
            let names = Set(waiting.map(\.name))
            guard let ready = waiting.firstIndex(where: { $0.expression.names.isDisjoint(with: names) }) else {
                let circle = names.sorted().joined(separator: ", ")
                throw PatternProblem(
                    waiting[0].expression.location,
                    (names.count == 1
                        ? "the definition \(circle) uses itself" : "the definitions \(circle) use each other")
                        + "; each may use only such as do not lead back to it")
            }
            ordered.append(waiting.remove(at: ready))
        }
        return ordered
    }

    /// `2 samples`, `5m`, or `2 samples and 5m`.
    private static func persistence(_ node: SourceNode?, key: String) throws(PatternProblem) -> Persistence {
        guard let node else { return Persistence() }
        var result = Persistence()
        let words = try node.text(of: key).split(separator: " ").filter { $0 != "and" }
        var index = 0
        while index < words.count {
            if let count = Int(words[index]), index + 1 < words.count, words[index + 1].hasPrefix("sample"),
                (1...PatternLimits.samples).contains(count), result.samples == 0
            {
                result.samples = count
                index += 2
            } else if let span = TimeSpan.milliseconds(words[index]), result.span == 0 {
                result.span = span
                index += 1
            } else {
                throw PatternProblem(
                    node.location,
                    "`\(key)` is written `2 samples`, `5m` or `2 samples and 5m`; samples go up to "
                        + "\(PatternLimits.samples)")
            }
        }
        return result
    }

    private static func clearing(_ node: SourceNode?) throws(PatternProblem) -> Clearing {
        guard let node else { return .inverse }
        if case .scalar(let text) = node.content, text.trimmed == "never" { return .never }
        return .expression(try ExpressionParser.parse(node))
    }

    private static func urgency(_ node: SourceNode, isStrict: Bool) throws(PatternProblem) -> [UrgencyCase] {
        if case .scalar = node.content {
            let urgency = try node.word(of: "urgency", as: Urgency.self)
            return [UrgencyCase(when: nil, urgency: urgency, location: node.location)]
        }
        var cases: [UrgencyCase] = []
        for item in node.items {
            var fields = try MappingReader(
                item, what: "a case of `urgency`", keys: ["when", "is", "time_to_failure"])
            let when = try fields.optional("when").map { (node) throws(PatternProblem) in
                try ExpressionParser.parse(node)
            }
            let urgency = try fields.required("is").word(of: "is", as: Urgency.self)
            let time = try fields.optional("time_to_failure").map { (node) throws(PatternProblem) in
                try timeRule(node, isStrict: isStrict)
            }
            if isStrict { try fields.refuseRest() }
            cases.append(UrgencyCase(when: when, urgency: urgency, timeRule: time, location: item.location))
        }
        guard let last = cases.last, last.when == nil, cases.dropLast().allSatisfy({ $0.when != nil }),
            cases.count <= PatternLimits.urgencyCases
        else {
            throw PatternProblem(
                node.location,
                "`urgency` is a list of at most \(PatternLimits.urgencyCases) cases; the last and only the "
                    + "last has no `when`")
        }
        return cases
    }

    private static func suspects(_ node: SourceNode, isStrict: Bool) throws(PatternProblem) -> [SuspectRule] {
        var rules: [SuspectRule] = []
        for item in node.items {
            var fields = try MappingReader(item, what: "a suspect", keys: ["part", "certainty"])
            let part = try fields.text("part")
            let certainty = try fields.required("certainty").share(of: "certainty")
            if isStrict { try fields.refuseRest() }
            let target: SuspectRule.Target =
                switch part {
                case "self": .own
                case "parent": .parent
                default: .kind(ComponentKind(rawValue: part))
                }
            guard !rules.contains(where: { $0.target == target }) else {
                throw PatternProblem(item.location, "the suspect \(part) is named twice; add the certainties up")
            }
            rules.append(SuspectRule(target: target, certainty: certainty))
        }
        guard !rules.isEmpty, rules.count <= PatternLimits.suspects else {
            throw PatternProblem(node.location, "`suspects` has 1 to \(PatternLimits.suspects) entries")
        }
        let sum = rules.reduce(0) { $0 + $1.certainty }
        guard sum <= 1 + 1e-9 else {
            throw PatternProblem(node.location, "the certainties add up to \(Quantity.digits(sum)); the most is 1")
        }
        return rules.sorted { $0.certainty > $1.certainty }
    }

    /// `CLASS [SCOPE] [within SPAN]`: `temperature.above-critical under parent within 30m`.
    private static func explanation(_ node: SourceNode) throws(PatternProblem) -> Explanation {
        var words = try node.text(of: "explains").split(separator: " ").map(String.init)
        var within: Int64?
        if words.count >= 3, words[words.count - 2] == "within" {
            within = TimeSpan.milliseconds(words[words.count - 1])
            if within == nil {
                throw PatternProblem(
                    node.location,
                    "`within` needs a length of time such as 30m, not \(words[words.count - 1].prefix(40))")
            }
            words.removeLast(2)
        }
        let faultClass = words.removeFirst()
        // What explains everything would silence the whole server.
        guard let family = faultClass.firstIndex(of: "."), family != faultClass.startIndex,
            !faultClass[..<family].contains("*")
        else {
            throw PatternProblem(
                node.location,
                "`explains` names faults by their family at least, as in disk.ata.link-* or temperature.*, not "
                    + String(faultClass.prefix(60)))
        }
        guard let scope = words.isEmpty ? .underOwn : Scope(words.joined(separator: " ")) else {
            throw PatternProblem(
                node.location,
                "`explains` is CLASS [SCOPE] [within SPAN]; the scope is one of \(Scope.allWords), "
                    + "not \(words.joined(separator: " ").prefix(60))")
        }
        return Explanation(
            faultClass: ClassPattern(text: faultClass), scope: scope, within: within, location: node.location)
    }

    /// Keys that a variant may state otherwise.
    private static let variantKeys: Set<String> = [
        "let", "when", "for", "clear", "clear_for", "urgency", "because", "time_to_failure", "suspects", "status",
        "provenance", "evidence", "action",
    ]

    private static func variants(
        _ list: SourceNode?, of whole: SourceNode, isStrict: Bool, tuning: [String: Tunable.Value]
    ) throws(PatternProblem) -> [Variant] {
        guard let list else { return [] }
        guard case .mapping(let base) = whole.content else { return [] }
        guard list.items.count <= PatternLimits.variants else {
            throw PatternProblem(list.location, "a pattern has at most \(PatternLimits.variants) variants")
        }
        var variants: [Variant] = []
        for item in list.items {
            var fields = try MappingReader(
                item, what: "a variant", keys: ["with", "ignore"] + variantKeys.sorted())
            let selection = try attributes(try MappingReader(try fields.required("with"), what: "`with`"))
            guard !selection.isEmpty else {
                throw PatternProblem(item.location, "`with` names no attribute; say what the variant is for")
            }
            let isIgnored =
                try fields.optional("ignore").map { (node) throws(PatternProblem) in try node.text(of: "ignore") }
                == "true"
            var changed: Pattern?
            if isIgnored {
                if isStrict { try fields.refuseRest() }
            } else {
                var entries = base.filter { $0.key != "variants" && $0.key != "tests" }
                guard !fields.rest.isEmpty else {
                    throw PatternProblem(
                        item.location, "the variant changes nothing; say what is otherwise, or `ignore: true`")
                }
                for entry in fields.rest {
                    guard variantKeys.contains(entry.key) else {
                        throw PatternProblem(
                            entry.location,
                            "`\(entry.key.prefix(60))` cannot be otherwise in a variant; these can: "
                                + variantKeys.sorted().joined(separator: ", "))
                    }
                    guard let index = entries.firstIndex(where: { $0.key == entry.key }) else {
                        entries.append(entry)
                        continue
                    }
                    if entry.key == "let", case .mapping(let own) = entry.value.content,
                        case .mapping(let common) = entries[index].value.content
                    {
                        let names = Set(own.map(\.key))
                        entries[index].value = SourceNode(
                            .mapping(common.filter { !names.contains($0.key) } + own), at: entry.location)
                    } else {
                        entries[index] = entry
                    }
                }
                changed = try Pattern(
                    reading: SourceNode(.mapping(entries), at: item.location), isStrict: isStrict, tuning: tuning)
            }
            variants.append(Variant(selection: selection, pattern: changed, location: item.location))
        }
        let values = variants.reduce(0) { $0 + $1.selection.values.reduce(0) { $0 + $1.count } }
        guard values <= PatternLimits.selectionValues else { throw tooManyValues(values, at: list.location) }
        for (index, variant) in variants.enumerated() {
            for other in variants[..<index]
            where variant.overlaps(other) && variant.isWithin(other) == other.isWithin(variant) {
                throw PatternProblem(
                    variant.location,
                    "this variant and the one at \(other.location) may both be for one part, and neither is narrower: "
                        + "make their `with` exclude each other, or one contain the other")
            }
        }
        return variants
    }

    private static func timeRule(_ node: SourceNode, isStrict: Bool) throws(PatternProblem) -> TimeRule {
        if case .mapping(let entries) = node.content, entries.count == 1, let entry = entries.first {
            if entry.key == "trend" { return .trend(try entry.value.text(of: "trend"), entry.location) }
            if entry.key == "model" { return .model(try entry.value.text(of: "model"), entry.location) }
        }
        return .fixed(try timeToFailure(node, isStrict: isStrict))
    }

    private static func timeToFailure(_ node: SourceNode, isStrict: Bool) throws(PatternProblem) -> TimeToFailure {
        var fields = try MappingReader(
            node, what: "`time_to_failure`", keys: ["earliest", "latest", "hazard", "trend", "model"])
        func days(_ node: SourceNode, _ key: String) throws(PatternProblem) -> Double {
            if case .scalar("0d") = node.content { return 0 }
            return Double(try node.span(of: key)) / 86_400_000
        }
        let earliest = try fields.optional("earliest").map { (node) throws(PatternProblem) in try days(node, "earliest")
        }
        let latest = try fields.optional("latest").map { (node) throws(PatternProblem) in try days(node, "latest") }
        var hazard: [String: Double]?
        if let table = fields.optional("hazard") {
            var shares: [String: Double] = [:]
            for entry in try MappingReader(table, what: "`hazard`").rest {
                guard let span = TimeSpan.milliseconds(entry.key), span % 86_400_000 == 0 else {
                    throw PatternProblem(
                        entry.location,
                        "`hazard` is by days, as in { 30d: 0.52 }, not by \(entry.key.prefix(40))")
                }
                shares[String(span / 86_400_000)] = try entry.value.share(of: entry.key)
            }
            hazard = shares
        }
        if isStrict { try fields.refuseRest() }
        if let earliest, let latest, earliest > latest {
            throw PatternProblem(node.location, "`earliest` is after `latest`")
        }
        return TimeToFailure(earliest: earliest ?? 0, latest: latest, hazard: hazard)
    }

    private static func texts(_ node: SourceNode) throws(PatternProblem) -> [String: FaultText] {
        var texts: [String: FaultText] = [:]
        let languages = try MappingReader(node, what: "`text`").rest
        guard languages.count <= PatternLimits.languages else {
            throw PatternProblem(
                node.location, "`text` has \(languages.count) languages; the limit is \(PatternLimits.languages)")
        }
        for entry in languages {
            guard entry.key.count <= 12 else {
                throw PatternProblem(
                    entry.location,
                    "`\(entry.key.prefix(20))` is no language; write its code, such as en or de")
            }
            var fields = try MappingReader(
                entry.value, what: "the text in `\(entry.key)`", keys: ["title", "description", "impact", "action"])
            texts[entry.key] = FaultText(
                title: try fields.text("title"), description: try fields.text("description"),
                impact: try fields.text("impact"), action: try fields.text("action"))
        }
        for language in ["en", "de"] where texts[language] == nil {
            throw PatternProblem(node.location, "`text` needs the language `\(language)`")
        }
        return texts
    }
}

extension Expression {
    /// Names of `let` that it uses.
    var names: Set<String> {
        switch kind {
        case .number, .span, .text, .truth, .signal: []
        case .name(let name): [name]
        case .window(let inner, _), .not(let inner), .negative(let inner): inner.names
        case .call(_, let arguments): arguments.reduce(into: []) { $0.formUnion($1.names) }
        case .and(let left, let right), .or(let left, let right), .compare(_, let left, let right),
            .arithmetic(_, let left, let right):
            left.names.union(right.names)
        }
    }
}
