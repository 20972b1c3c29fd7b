public import Reports

/// One pattern for people who do not write patterns: what it reports, of what, how sure, and why.
public struct PatternSummary: Sendable, Encodable {
    public struct Suspect: Sendable, Encodable {
        public var part: String
        public var certainty: Double
    }

    public struct UrgencyCase: Sendable, Encodable {
        /// Nil: in all other cases.
        public var when: String?
        public var urgency: Urgency
        public var timeLeft: String?
    }

    public struct Variant: Sendable, Encodable {
        /// The parts that it is for.
        public var with: [String: [String]]
        /// True where the pattern is not for these.
        public var isIgnored: Bool
        /// What is otherwise.
        public var condition: String?
        public var urgencies: [Urgency]
    }

    /// What a site may choose, as patterns write it.
    public struct Tunable: Sendable, Encodable {
        public var name: String
        /// What counts.
        public var value: String
        /// The maker's.
        public var standard: String
        public var least: String
        public var most: String
        /// UCUM; nil: that of what it is compared with.
        public var unit: String?
    }

    public var id: String
    public var revision: Int
    public var status: String
    public var evidence: String
    public var faultClass: String
    public var components: [String]
    public var attributes: [String: [String]]
    public var exceptions: [String: [String]]
    public var text: [String: FaultText]
    /// As the author wrote it.
    public var condition: String
    /// As a sentence.
    public var conditionInWords: String
    public var holdsFor: String?
    /// As a sentence.
    public var clearsWhen: String
    public var urgencies: [UrgencyCase]
    public var timeLeft: String?
    public var suspects: [Suspect]
    public var action: String
    public var explains: [String]
    public var variants: [Variant]
    public var tunables: [Tunable]
    public var provenance: String
    public var sources: [String]
    public var tests: Int

    public init(_ file: PatternFile) {
        let pattern = file.pattern
        let words = ExpressionText(pattern)
        id = pattern.id
        revision = pattern.revision
        status = pattern.status.rawValue
        evidence = pattern.evidence.rawValue
        faultClass = pattern.faultClass
        components = pattern.kinds.map(\.rawValue)
        attributes = pattern.attributes
        exceptions = pattern.exceptions
        text = pattern.texts
        condition = pattern.condition.source
        conditionInWords = words.clause(pattern.condition)
        holdsFor = pattern.persistence.words.isEmpty ? nil : pattern.persistence.words
        clearsWhen = PatternSummary.clearing(of: pattern, words)
        urgencies = pattern.urgencyCases.map { urgencyCase in
            UrgencyCase(
                when: urgencyCase.when.map(words.clause), urgency: urgencyCase.urgency,
                timeLeft: urgencyCase.timeRule.map(PatternSummary.words))
        }
        timeLeft = pattern.timeRule.map(PatternSummary.words)
        suspects = pattern.suspects.map { rule in
            let part =
                switch rule.target {
                case .own: "the part itself"
                case .parent: "what it hangs on"
                case .kind(let kind): kind.rawValue
                }
            return Suspect(part: part, certainty: rule.certainty)
        }
        action = pattern.action
        explains = pattern.explanations.map { explanation in
            let within = explanation.within.map { " within \(TimeSpan.words($0))" } ?? ""
            return "\(explanation.faultClass.text) (\(explanation.scope.text))\(within)"
        }
        variants = pattern.variants.map { variant in
            Variant(
                with: variant.selection, isIgnored: variant.pattern == nil,
                condition: variant.pattern.map { ExpressionText($0).clause($0.condition) },
                urgencies: variant.pattern?.urgencies ?? [])
        }
        tunables = pattern.tunables.map { parameter in
            Tunable(
                name: parameter.name, value: parameter.value.source, standard: parameter.standard.source,
                least: parameter.lowest.source, most: parameter.highest.source, unit: parameter.unit)
        }
        provenance = pattern.provenance
        sources = pattern.sources
        tests = file.tests.count
    }

    private static func clearing(of pattern: Pattern, _ words: ExpressionText) -> String {
        let persistence = pattern.clearPersistence.words
        let held = persistence.isEmpty ? "" : ", \(persistence)"
        return switch pattern.clearing {
        case .inverse: "when this no longer holds\(held)"
        case .expression(let clear): "when \(words.clause(clear))\(held)"
        case .never: "only when the part has been exchanged"
        }
    }

    static func words(_ rule: Pattern.TimeRule) -> String {
        switch rule {
        case .fixed(let time): return words(time)
        case .trend(let name, _): return "by the trend `\(name)`"
        case .model(let name, _): return "by the model \(name)"
        }
    }

    private static func words(_ time: TimeToFailure) -> String {
        var words =
            switch (time.earliest, time.latest) {
            case (0, nil): "open"
            case (0, let latest?): "at most \(Quantity.digits(latest)) days"
            case (let earliest, nil): "at least \(Quantity.digits(earliest)) days"
            case (let earliest, let latest?): "\(Quantity.digits(earliest)) to \(Quantity.digits(latest)) days"
            }
        let rows = (time.hazard ?? [:]).compactMap { key, share in Int(key).map { (days: $0, share: share) } }
            .sorted { $0.days < $1.days }
        if !rows.isEmpty {
            let shares = rows.map { "\(Quantity.digits($0.share * 100)) % within \($0.days) days" }
            words += "; of such parts failed \(shares.joined(separator: ", "))"
        }
        return words
    }
}
