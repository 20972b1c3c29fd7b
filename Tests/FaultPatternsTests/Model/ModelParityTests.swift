import FaultPatterns
import Foundation
import Testing

/// What the trainers predict, and what becomes of it here.
@Suite("Models: as their trainers")
struct ModelParityTests {
    private let fixtures: ModelFixtures

    init() throws { fixtures = try ModelFixtures() }

    private func check(_ trainer: String, _ file: String, within tolerance: Double, _ base: Double? = nil) throws {
        var options = ModelImport.Options(name: "m")
        options.baseScore = base
        if base != nil { options.categories = try fixtures.categories }
        let form = try ModelImport.form(of: try ModelFixtures.data(file), options).form
        // Through the file, as an agent has it.
        let ensemble = try TreeEnsemble(json: try form.file())
        let expected = fixtures.expected(trainer)
        let rows = fixtures.rows(for: ensemble)
        #expect(rows.count == expected.count && rows.count >= 50)
        for (row, expected) in zip(rows, expected) {
            let score = ensemble.score(row.span)
            #expect(abs(score - expected) <= tolerance, "\(row): \(score), the trainer says \(expected)")
        }
        #expect(Set(expected).count > 8)
    }

    @Test(
        "A LightGBM model scores as LightGBM: missing as NaN, as zero, as nothing; categories; a factor; a forest",
        arguments: ["lightgbm", "lightgbm-zero", "lightgbm-forest"])
    func lightGBM(name: String) throws { try check(name, "\(name).txt", within: 1e-12) }

    @Test("LightGBM's dump as JSON gives the same model as its model file")
    func lightGBMDump() throws {
        try check("lightgbm", "lightgbm.json", within: 1e-12)
        var text = try ModelImport.form(of: try ModelFixtures.data("lightgbm.txt"), .init(name: "m")).form
        var dump = try ModelImport.form(of: try ModelFixtures.data("lightgbm.json"), .init(name: "m")).form
        #expect(text.training?.seed == 7)
        (text.training, dump.training) = (nil, nil)
        #expect(text == dump)
    }

    @Test("An XGBoost model scores as XGBoost, also a hair beside its float32 thresholds")
    func xgboost() throws { try check("xgboost", "xgboost.json", within: 1e-6) }

    @Test("XGBoost's dump, with base score and categories told, scores as XGBoost")
    func xgboostDump() throws { try check("xgboost", "xgboost-dump.json", within: 1e-6, fixtures.baseScore) }

    @Test("XGBoost's thresholds are its float32 comparison to the last bit of a float64")
    func singleThresholds() throws {
        var generator = SystemRandomNumberGenerator()
        let special: [Float] = [
            0, -0.0, 1, -1, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .greatestFiniteMagnitude,
            -.greatestFiniteMagnitude, .leastNormalMagnitude, 16_777_216, 0.1,
        ]
        let random = (0..<300).map { _ in Float(bitPattern: UInt32.random(in: 0 ... .max, using: &generator)) }
        for threshold in special + random.filter(\.isFinite) {
            let form = EnsembleFormat(
                name: "m", features: [.init(name: "x")], split: .belowSingle, link: .identity,
                trees: [.init(nodes: "R..", feature: [0], threshold: [Double(threshold)], leaf: [1, 2])])
            let ensemble = try TreeEnsemble(form)
            let (below, above) = (threshold.nextDown, threshold.nextUp)
            let middles = [(Double(below) + Double(threshold)) / 2, (Double(above) + Double(threshold)) / 2]
            let values =
                [Double(threshold), Double(below), Double(above), 0, -0.0, 1e308, -1e308, .infinity, -.infinity]
                + middles + middles.map(\.nextUp) + middles.map(\.nextDown)
            for value in values where !value.isNaN {
                let expected = Float(value) < threshold ? 1.0 : 2.0
                #expect(ensemble.score([value].span) == expected, "\(value) against \(threshold)")
            }
        }
    }

    @Test("A value that is missing, and a category that nobody trained on, go where the trainer said")
    func missing() throws {
        let form = EnsembleFormat(
            name: "m",
            features: [.init(name: "x"), .init(name: "kind", attribute: "kind", categories: ["a", "b", "c"])],
            link: .identity, sets: [[0, 2]],
            trees: [
                .init(nodes: "L..", feature: [0], threshold: [5], leaf: [1, 2]),
                .init(nodes: "r..", feature: [0], threshold: [5], leaf: [10, 20]),
                .init(nodes: "R..", feature: [1], threshold: [0], leaf: [100, 200]),
                .init(nodes: "L..", feature: [1], threshold: [0], leaf: [1_000, 2_000]),
                .init(nodes: ".", feature: [], threshold: [], leaf: [0.5]),
            ])
        let ensemble = try TreeEnsemble(form)
        func score(_ x: Double, _ kind: String) -> Double {
            ensemble.score([x, ensemble.value(of: kind, for: 1)].span)
        }
        #expect(score(.nan, "d") == 1221.5)
        #expect(score(-.nan, "d") == 1221.5)
        #expect(score(0, "a") == 1121.5)
        #expect(score(-0.0, "a") == 1121.5)
        #expect(score(5, "b") == 2211.5)
        #expect(score(5.nextUp, "c") == 1122.5)
        #expect(score(-.infinity, "c") == 1111.5)
        #expect(ensemble.score([5, -1].span) == 1211.5)
        #expect(ensemble.score([5, 3].span) == 1211.5 && ensemble.score([5, 1e18].span) == 1211.5)
        #expect(ensemble.value(of: "a", for: 0).isNaN)
    }

    @Test("LightGBM's infinite threshold parts the missing from all others, infinity included")
    func infiniteThreshold() throws {
        let text = try ModelFixtures.text("lightgbm.txt")
        let line = try #require(text.firstMatch(of: /\nthreshold=[^ ]+/)).output
        let feature = try #require(text.firstMatch(of: /\nsplit_feature=([0-9]+)/)).output.1
        let form = try ModelImport.form(
            of: Data(text.replacing(line, with: "\nthreshold=inf", maxReplacements: 1).utf8), .init(name: "m")
        ).form
        #expect(form.trees[0].threshold[0] == EnsembleFormat.Tree.infinite)
        let written = try EnsembleFormat(json: try form.file())
        #expect(written == form && feature == "0")
        let stump = EnsembleFormat.Tree(
            nodes: "R..", feature: [0], threshold: [written.trees[0].threshold[0]], leaf: [1, 2])
        let ensemble = try TreeEnsemble(
            EnsembleFormat(name: "m", features: [.init(name: "x")], link: .identity, trees: [stump]))
        for value in [0, 1e308, Double.infinity, -Double.infinity] { #expect(ensemble.score([value].span) == 1) }
        #expect(ensemble.score([Double.nan].span) == 2)
    }

    @Test("What moved a score adds up to it, the strongest first, and is named with its value")
    func contributions() throws {
        for name in ["lightgbm.txt", "lightgbm-forest.txt", "xgboost.json"] {
            let form = try ModelImport.form(of: try ModelFixtures.data(name), .init(name: "m")).form
            let ensemble = try TreeEnsemble(form)
            for row in fixtures.rows(for: ensemble) {
                let contributions = ensemble.contributions(row.span)
                let sum = contributions.reduce(ensemble.expectedMargin) { $0 + $1.amount }
                #expect(abs(1 / (1 + exp(-sum)) - ensemble.score(row.span)) < 1e-5)
                #expect(zip(contributions, contributions.dropFirst()).allSatisfy { abs($0.amount) >= abs($1.amount) })
            }
        }
    }

    @Test("A contribution is the change of what is expected, weighted by what was trained on")
    func contributionByHand() throws {
        let tree = EnsembleFormat.Tree(
            nodes: "LR...", feature: [0, 1], threshold: [5, 0], leaf: [1, 3, 9], cover: [30, 10, 60])
        let features = [
            EnsembleFormat.Feature(name: "x"), .init(name: "kind", attribute: "kind", categories: ["a", "b"]),
        ]
        let form = EnsembleFormat(name: "m", features: features, link: .identity, base: 2, sets: [[1]], trees: [tree])
        let ensemble = try TreeEnsemble(form)
        // Left of the root: (30 · 1 + 10 · 3) / 40 = 1.5; the root: (40 · 1.5 + 60 · 9) / 100 = 6.
        #expect(ensemble.expectedMargin == 8)
        let contributions = ensemble.contributions([4, 0].span)
        #expect(contributions.map(\.name) == ["x", "kind"])
        #expect(contributions.map(\.amount) == [-4.5, 1.5])
        #expect(contributions[1].category == "a" && contributions[0].value == 4)
    }
}
