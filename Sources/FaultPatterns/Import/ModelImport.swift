public import FoundationEssentials
import Reports

/// Makes the data form of what LightGBM and XGBoost write: their text and JSON, never a pickle.
public enum ModelImport {
    /// Where a feature comes from.
    public enum Source: Hashable, Sendable {
        /// An expression of the pattern language.
        case expression(String)
        /// An attribute of the component.
        case attribute(String)
    }

    /// What the trainer's file does not contain.
    public struct Options: Sendable {
        public var name: String
        /// Names in the trainer's order, instead of those in the file.
        public var featureNames: [String]?
        /// Where the features come from, by name; with it, each feature that a split asks must be there.
        public var sources: [String: Source]?
        /// Categories by the feature's name, in the order of their numbers; they go before those in the file.
        public var categories: [String: [String]] = [:]
        public var calibration: [EnsembleFormat.Step]?
        public var provenance: String?
        public var trainedOn: String?
        public var seed: Int?
        /// XGBoost's `base_score`, which a dump of its trees lacks.
        public var baseScore: Double?
        /// Instead of what follows from the trainer's objective.
        public var link: EnsembleFormat.Link?

        public init(name: String) { self.name = name }
    }

    /// The files that are understood.
    public enum Kind: String, Sendable {
        case lightGBMText = "LightGBM model file (Booster.save_model)"
        case lightGBMDump = "LightGBM dump (Booster.dump_model)"
        case xgboostModel = "XGBoost model (Booster.save_model, JSON)"
        case xgboostDump = "XGBoost dump (Booster.dump_model, JSON)"
    }

    /// What came of it.
    public struct Imported: Sendable {
        public var kind: Kind
        public var form: EnsembleFormat
        /// Features of the trainer that no split asks.
        public var featuresLeftOut: [String]

        /// What to report where features come from nowhere: such a model scores nothing, and no pattern may ask it.
        public var missingSources: String? {
            let missing = form.features.filter { $0.expression == nil && $0.attribute == nil }.map(\.name)
            guard !missing.isEmpty else { return nil }
            let names = missing.prefix(20).map { String($0.prefix(60)) }.joined(separator: ", ")
            return
                "the model asks for \(names)\(missing.count > 20 ? " and \(missing.count - 20) more" : ""); say with "
                + "--features FILE where each comes from, one a line: `NAME: 'EXPRESSION'` or `NAME: {attribute: NAME}`"
        }
    }

    /// Checks where a feature is to come from: that the expression can be read and is a number, and that parts have such
    /// an attribute.
    /// - Parameter node: where it stands: the text, or a mapping with the text in it.
    public static func check(_ source: Source, at node: SourceNode) throws(PatternProblem) {
        switch source {
        case .expression(let text):
            var place = node
            if case .mapping(let entries) = node.content, let inner = entries.first?.value { place = inner }
            let expression = try ExpressionParser.parse(
                SourceNode(.scalar(text), at: place.location, isVerbatim: place.isVerbatim))
            for part in expression.parts {
                guard case .signal(let signal) = part.kind, let objection = SignalCatalogue.formObjection(to: signal)
                else { continue }
                throw PatternProblem(part.location, objection)
            }
            var checker = ExpressionChecker(tables: ProgramTables(), patternID: "features", kinds: [], ensembles: [:])
            _ = try checker.number(ofFeature: expression)
        case .attribute(let name):
            guard AttributeCatalogue.entry(named: name) == nil else { return }
            let names = AttributeCatalogue.entries.map(\.name)
            throw PatternProblem(
                node.location, "no part has an attribute `\(name.prefix(60))`; \(Wording.hint(name, among: names))")
        }
    }

    /// - Parameter data: the trainer's file.
    /// - Throws: what is wrong in it, in which tree, and what to do.
    public static func form(of data: Data, _ options: Options) throws(ModelProblem) -> Imported {
        guard data.count <= PatternLimits.modelImportBytes else {
            throw ModelProblem("the file has \(data.count) bytes; the limit is \(PatternLimits.modelImportBytes)")
        }
        let kind = try kind(of: data)
        var source =
            switch kind {
            case .lightGBMText: try LightGBMText(data).ensemble
            case .lightGBMDump: try LightGBMDump.ensemble(data)
            case .xgboostModel: try XGBoostModel.ensemble(data)
            case .xgboostDump: try XGBoostDump.ensemble(data, options)
            }
        if let names = options.featureNames {
            guard names.count == source.features.count else {
                throw ModelProblem(
                    "--feature-names has \(names.count) names; the model has \(source.features.count) features")
            }
            for index in source.features.indices { source.features[index].name = names[index] }
        }
        let known = Set(source.features.map(\.name))
        // A dump of XGBoost has no list of its features.
        let isListed = kind != .xgboostDump || options.featureNames != nil
        for (what, names) in [
            ("features", options.sources.map { $0.keys.sorted() } ?? []),
            ("categories", options.categories.keys.sorted()),
        ] {
            if isListed, let stranger = names.first(where: { !known.contains($0) }) {
                throw ModelProblem(
                    "the \(what)' file names \(stranger.prefix(60)), which is no feature of the model; its features are "
                        + known.sorted().prefix(20).joined(separator: ", "))
            }
        }
        var writer = EnsembleFormatWriter(source)
        let form = try writer.form(options)
        let kept = Set(form.features.map(\.name))
        return Imported(
            kind: kind, form: form, featuresLeftOut: source.features.map(\.name).filter { !kept.contains($0) })
    }

    private static func kind(of data: Data) throws(ModelProblem) -> Kind {
        if data.starts(with: Data("tree\n".utf8)) || data.starts(with: Data("tree\r\n".utf8)) { return .lightGBMText }
        if data.starts(with: [0x80]) {
            throw ModelProblem(
                "this is a pickle, which runs code when it is read; save the model with LightGBM's `save_model` or "
                    + "XGBoost's `save_model(\"model.json\")`")
        }
        switch data.first(where: { !" \t\r\n".utf8.contains($0) }) {
        case UInt8(ascii: "["): return .xgboostDump
        case UInt8(ascii: "{"):
            struct Probe: Decodable {
                struct Presence: Decodable { init(from decoder: any Decoder) {} }
                var treeInfo: Presence?
                var learner: Presence?
            }
            let probe = try TrainerJSON.decode(Probe.self, from: data)
            if probe.learner != nil { return .xgboostModel }
            if probe.treeInfo != nil { return .lightGBMDump }
        default: break
        }
        throw ModelProblem(
            "this is no model that can be read: neither LightGBM's `save_model` or `dump_model`, nor XGBoost's "
                + "`save_model(\"model.json\")` or `dump_model(…, dump_format=\"json\")`")
    }
}
