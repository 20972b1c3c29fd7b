import ArgumentParser
import FaultPatterns
import FoundationEssentials
import Reports

/// `callhome patterns import-model`.
struct PatternsImportModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-model",
        abstract: "Make a model of patterns from what LightGBM or XGBoost trained.",
        discussion: """
            Reads one of:
              LightGBM   booster.save_model("model.txt")
              LightGBM   json.dump(booster.dump_model(), file)
              XGBoost    booster.save_model("model.json")
              XGBoost    booster.dump_model("dump.json", dump_format="json", with_stats=True), with --base-score
            and writes data that patterns ask with `model("NAME")`. Pickles are never read: reading one runs its code. \
            The model scores as its trainer does: LightGBM's to 1e-12, XGBoost's, which counts in float32, to 1e-6.

            One class or one number, `binary` or `regression` in LightGBM, `binary:logistic` or `reg:squarederror` in \
            XGBoost; numbers and categories; gradient boosting and LightGBM's random forest. All trees are taken: save \
            those up to the best round. Features that no split asks are left out.

            The features' file, which is needed, says where each number comes from when an agent scores; its expressions \
            are checked:
              pending_7d: 'increase(hw.physical_disk.smart{attribute="197.raw"}[7d])'
              model: {attribute: model}
            The calibration says what a score has meant: from each score on, the share that failed within so many days:
              [{score: 0.3, hazard: {30d: 0.41, 90d: 0.6}}, {score: 0.7, hazard: {30d: 0.7, 90d: 0.9}}]

            \(ExitStatus.help("the model is written", [
                (.data, "a file is refused"), (.missing, "no such file"), (.cannotWrite, "the model cannot be written"),
            ]))
            """)

    @Argument(help: "What the trainer wrote.")
    var dump: String

    @Option(name: [.short, .long], help: "Where to write the model: patterns/models/NAME.json.")
    var output: String

    @Option(help: "The model's name in patterns; without it that of the output file.")
    var name: String?

    @Option(help: "YAML or JSON: where each feature comes from.")
    var features: String?

    @Option(help: "The features' names in the trainer's order, one per line, instead of those in its file.")
    var featureNames: String?

    @Option(help: "YAML or JSON: of each categorical feature its categories, in the order of the trainer's numbers.")
    var categories: String?

    @Option(help: "YAML or JSON: the share that failed, by score.")
    var calibration: String?

    @Option(help: "What the model stands on, as people read it: `measured on N failures of …`.")
    var provenance: String?

    @Option(help: "The data that it was trained on.")
    var trainedOn: String?

    @Option(help: "The seed of the training, where the trainer's file does not say it.")
    var seed: Int?

    @Option(help: "XGBoost's base_score, needed for a dump: with the sigmoid a probability.")
    var baseScore: Double?

    @Option(help: "sigmoid or identity, instead of what follows from the objective; a dump's is the sigmoid.")
    var link: LinkName?

    @Flag(help: "Print what was imported as JSON.")
    var json = false

    enum LinkName: String, ExpressibleByArgument, CaseIterable {
        case sigmoid, identity

        var meaning: EnsembleFormat.Link {
            switch self {
            case .sigmoid: .sigmoid
            case .identity: .identity
            }
        }
    }

    private struct Outcome: Encodable {
        /// The file that was written.
        var path: String
        var name: String
        var from: String
        var sha256: String
        var trees: Int
        var nodes: Int
        var features: Int
        var featuresLeftOut: [String]
        var bytes: Int
    }

    func run() throws {
        try OutputPath(path: output).refuseUnwritable()
        let imported: ModelImport.Imported
        let file: Data
        let ensemble: TreeEnsemble
        do {
            let options = try options()
            imported = try ModelImport.form(of: try ModelSideFiles.bytes(dump), options)
            if let problem = imported.missingSources { throw ModelProblem(problem) }
            // What JSON cannot hold is refused by its place, before it is written.
            _ = try TreeEnsemble(imported.form)
            file = try imported.form.file()
            // What agents will read is what is checked last.
            ensemble = try TreeEnsemble(json: file)
        } catch let problem as ModelProblem {
            Console.complain("\(dump): \(problem)")
            throw ExitStatus.data.exit
        } catch {
            Console.complain("\(error)")
            let named = [dump, features, featureNames, categories, calibration].compactMap(\.self)
            let isMissing = named.contains { !FileManager.default.fileExists(atPath: $0) }
            throw (isMissing ? ExitStatus.missing : .data).exit
        }
        try OutputPath(path: output).write(file)
        try tell(
            Outcome(
                path: output, name: ensemble.name, from: imported.kind.rawValue, sha256: ensemble.contentHash,
                trees: ensemble.treeCount, nodes: ensemble.nodeCount, features: ensemble.features.count,
                featuresLeftOut: imported.featuresLeftOut, bytes: file.count))
    }

    private func options() throws -> ModelImport.Options {
        var options = ModelImport.Options(
            name: name ?? URL(filePath: output).deletingPathExtension().lastPathComponent)
        options.sources = try features.map(ModelSideFiles.sources)
        options.featureNames = try featureNames.map(ModelSideFiles.names)
        options.categories = try categories.map(ModelSideFiles.categories) ?? [:]
        options.calibration = try calibration.map(ModelSideFiles.calibration)
        options.provenance = provenance
        options.trainedOn = trainedOn
        options.seed = seed
        options.baseScore = baseScore
        options.link = link?.meaning
        return options
    }

    private func tell(_ outcome: Outcome) throws {
        guard !json else { return try Console.print(json: outcome) }
        print("\(outcome.path): `\(outcome.name)`, from a \(outcome.from)")
        print(
            "\(Wording.counted(outcome.trees, "tree")), \(Wording.counted(outcome.nodes, "node")), "
                + "\(Wording.counted(outcome.features, "feature")), \(Wording.counted(outcome.bytes, "byte")), "
                + "sha256:\(outcome.sha256)")
        if !outcome.featuresLeftOut.isEmpty {
            print("left out, because no split asks them: \(outcome.featuresLeftOut.joined(separator: ", "))")
        }
    }
}
