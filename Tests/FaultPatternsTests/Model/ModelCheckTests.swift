import FaultPatterns
import Foundation
import TestSupport
import Testing

/// What is refused, and with which words; and that nothing crashes.
@Suite("Models: hostile and damaged")
struct ModelCheckTests {
    private static let stump = EnsembleFormat.Tree(
        nodes: "L..", feature: [0], threshold: [5], leaf: [1, 2], cover: [10, 20])
    private static let form = EnsembleFormat(
        name: "m",
        features: [
            .init(name: "x", expression: "hw.temperature"), .init(name: "k", attribute: "k", categories: ["a"]),
        ],
        sets: [[0]], trees: [stump])

    private func refusal(_ change: (inout EnsembleFormat) -> Void) -> String? {
        var form = Self.form
        change(&form)
        do throws(ModelProblem) { _ = try TreeEnsemble(form) } catch { return "\(error)" }
        return nil
    }

    private func refusal(json: String) -> String? {
        do throws(ModelProblem) { _ = try TreeEnsemble(json: Data(json.utf8)) } catch { return "\(error)" }
        return nil
    }

    private func refusal(importing data: Data, _ options: ModelImport.Options = .init(name: "m")) -> String? {
        do throws(ModelProblem) {
            _ = try TreeEnsemble(try ModelImport.form(of: data, options).form)
        } catch { return "\(error)" }
        return nil
    }

    private func tree(_ nodes: String) -> EnsembleFormat.Tree {
        let splits = nodes.filter { $0 != "." }.count
        return EnsembleFormat.Tree(
            nodes: nodes, feature: Array(repeating: 0, count: splits), threshold: Array(repeating: 1, count: splits),
            leaf: Array(repeating: 0, count: nodes.count - splits))
    }

    // MARK: The data form

    @Test("The file reads back as it was written, and its hash is that of its content, however it is laid out")
    func roundTrip() throws {
        let form = try ModelImport.form(of: try ModelFixtures.data("xgboost.json"), .init(name: "m")).form
        let read = try EnsembleFormat(json: try form.file())
        #expect(read == form)
        let hash = try TreeEnsemble(json: try form.file()).contentHash
        #expect(try TreeEnsemble(json: try form.canonical()).contentHash == hash)
        var other = form
        other.trees[0].leaf[0] += 1e-15
        #expect(try TreeEnsemble(other).contentHash != hash)
        #expect(hash.count == 64)
    }

    @Test("A tree that ends early, goes on, or has other counts than its nodes is refused, with its number")
    func shapes() {
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.trees.append(tree("L.")) }?.hasPrefix("tree 1: `nodes` ends before") == true)
        #expect(refusal { $0.trees[0] = tree("L...") }?.hasPrefix("tree 0: the tree is whole before node 3") == true)
        #expect(refusal { $0.trees[0] = tree("") }?.hasPrefix("tree 0: `nodes` ends before") == true)
        #expect(refusal { $0.trees[0] = tree("..") }?.contains("whole before node 1") == true)
        #expect(refusal { $0.trees[0].feature = [] }?.contains("`feature` has 0 numbers") == true)
        #expect(refusal { $0.trees[0].cover = [1] }?.contains("`cover` has 1 numbers") == true)
        #expect(refusal { $0.trees[0].nodes = "X.." }?.hasPrefix("tree 0, split 0: a node is one of") == true)
        #expect(refusal { $0.trees[0].nodes = "é.." } != nil)
        #expect(refusal { $0.trees = [] }?.contains("0 trees") == true)
    }

    @Test("Numbers out of range are refused: features, sets, thresholds, leaves, covers")
    func ranges() {
        #expect(refusal { $0.trees[0].feature = [2] }?.contains("no feature 2") == true)
        #expect(refusal { $0.trees[0].feature = [-1] }?.contains("no feature -1") == true)
        #expect(refusal { $0.trees[0].feature = [1] }?.contains("no set 5.0") == true)
        for number in [Double.nan, .infinity, -.infinity, -1, 0.5, 1e300] {
            #expect(
                refusal { ($0.trees[0].feature, $0.trees[0].threshold) = ([1], [number]) }?.contains("no set") == true)
        }
        for number in [Double.nan, .infinity, -.infinity] {
            #expect(refusal { $0.trees[0].threshold = [number] }?.contains("threshold is not finite") == true)
            #expect(refusal { $0.trees[0].leaf[1] = number }?.hasPrefix("tree 0, leaf 1: the value") == true)
            #expect(refusal { $0.trees[0].cover = [1, number] }?.contains("cover") == true)
            #expect(refusal { $0.base = number } != nil)
            #expect(refusal { $0.factor = number } != nil)
        }
        #expect(refusal { ($0.split, $0.trees[0].threshold) = (.belowSingle, [1e39]) }?.contains("not finite") == true)
        #expect(refusal { $0.trees[0].leaf[0] = 1e12 } == nil)
        #expect(refusal { $0.trees[0].leaf[0] = 1e12.nextUp } != nil)
        #expect(refusal { $0.sets = [[1]] }?.hasPrefix("set 0: no feature has a category 1") == true)
        #expect(refusal { $0.sets = [[-1]] } != nil)
        #expect(
            refusal {
                $0.features.append(.init(name: "l", categories: ["a", "b"]))
                $0.sets = [[1]]
                ($0.trees[0].feature, $0.trees[0].threshold) = ([1], [0])
            }?.contains("a category that k has not") == true)
    }

    @Test("At each limit a model is taken, one past it refused")
    func limits() {
        func chain(_ depth: Int) -> EnsembleFormat.Tree {
            tree(String(repeating: "L", count: depth) + String(repeating: ".", count: depth + 1))
        }
        #expect(refusal { $0.trees = [chain(PatternLimits.modelDepth)] } == nil)
        #expect(refusal { $0.trees = [chain(PatternLimits.modelDepth + 1)] }?.contains("deeper") == true)
        #expect(refusal { $0.trees = [tree(String(repeating: "L", count: 1_000_000))] }?.contains("nodes") == true)
        let leaf = tree(".")
        #expect(refusal { $0.trees = Array(repeating: leaf, count: PatternLimits.modelTrees) } == nil)
        #expect(refusal { $0.trees = Array(repeating: leaf, count: PatternLimits.modelTrees + 1) } != nil)
        func features(_ count: Int) -> [EnsembleFormat.Feature] { (0..<count).map { .init(name: "f\($0)") } }
        #expect(refusal { ($0.features, $0.sets) = (features(PatternLimits.modelFeatures), []) } == nil)
        #expect(refusal { ($0.features, $0.sets) = (features(PatternLimits.modelFeatures + 1), []) } != nil)
        #expect(refusal { $0.features[1].categories = (0..<PatternLimits.modelCategories).map(String.init) } == nil)
        #expect(refusal { $0.features[1].categories = (0...PatternLimits.modelCategories).map(String.init) } != nil)
        #expect(refusal { $0.sets = Array(repeating: [0], count: PatternLimits.modelSets + 1) } != nil)
        let bytes = Data(repeating: UInt8(ascii: " "), count: PatternLimits.modelBytes + 1)
        #expect(throws: ModelProblem.self) { try TreeEnsemble(json: bytes) }
    }

    @Test("A model with as many features as there may be is scored")
    func mostFeatures() throws {
        let count = PatternLimits.modelFeatures
        let last = EnsembleFormat.Tree(nodes: "L..", feature: [count - 1], threshold: [5], leaf: [1, 2])
        let ensemble = try TreeEnsemble(
            EnsembleFormat(
                name: "m", features: (0..<count).map { .init(name: "f\($0)") }, link: .identity, trees: [last]))
        let values = (0..<count).map(Double.init)
        #expect(ensemble.score(values.span) == 2)
        #expect(ensemble.contributions(values.span).map(\.feature) == [count - 1])
    }

    @Test("Features are told apart and say one place where they come from")
    func features() {
        #expect(refusal { $0.features[1].name = "x" }?.contains("two features") == true)
        #expect(refusal { $0.features[0].attribute = "y" }?.contains("not both") == true)
        #expect(
            refusal { ($0.features[1].attribute, $0.features[1].expression) = (nil, "1") }?.contains("attribute")
                == true)
        #expect(refusal { $0.features[1].categories = [] }?.contains("0 categories") == true)
        #expect(refusal { $0.features[1].categories = ["a", "a"] }?.contains("twice") == true)
        #expect(refusal { $0.features[0].expression = "" } != nil)
        #expect(refusal { $0.name = "../m" }?.contains("`name`") == true)
    }

    @Test("A calibration rises: in score, in share by score, in share by day; and gives the step that was reached")
    func calibration() throws {
        func refusal(_ steps: [(Double, [String: Double])]) -> String? {
            self.refusal { $0.calibration = steps.map { .init(score: $0.0, hazard: $0.1) } }
        }
        #expect(refusal([(0.3, ["30": 0.4, "90": 0.6]), (0.7, ["30": 0.4, "90": 0.9])]) == nil)
        #expect(refusal([(0.3, ["30": 0.4]), (0.3, ["30": 0.5])])?.contains("do not rise") == true)
        #expect(refusal([(0.3, ["30": 0.4]), (0.5, ["30": 0.3])])?.contains("smaller than that of the step") == true)
        #expect(refusal([(0.3, ["30": 0.4, "90": 0.3])])?.contains("later day") == true)
        #expect(refusal([(0.3, ["30": 0.4]), (0.5, ["90": 0.5])])?.contains("other days") == true)
        for days in ["", "0", "-3", "30d", "03", "1e3", "99999999999999999999"] {
            #expect(refusal([(0.3, [days: 0.4])])?.contains("by days") == true, "\(days)")
        }
        #expect(refusal([(0.3, ["30": 1.1])]) != nil && refusal([(0.3, ["30": .nan])]) != nil)
        #expect(refusal([(.nan, ["30": 0.1])]) != nil && refusal([]) != nil)
        var form = Self.form
        form.calibration = [.init(score: 0.3, hazard: ["30": 0.4]), .init(score: 0.7, hazard: ["30": 0.9])]
        let ensemble = try TreeEnsemble(form)
        #expect(ensemble.hazard(at: 0.29) == nil)
        #expect(ensemble.hazard(at: 0.3) == ["30": 0.4] && ensemble.hazard(at: 0.69) == ["30": 0.4])
        #expect(ensemble.hazard(at: 1) == ["30": 0.9] && ensemble.hazard(at: .nan) == nil)
    }

    @Test("JSON that is none, nests without end, is newer, misspells a key or holds no finite number is refused")
    func json() throws {
        let good = String(decoding: try Self.form.file(), as: UTF8.self)
        #expect(refusal(json: good) == nil)
        #expect(refusal(json: "") == "it is not JSON")
        #expect(refusal(json: String(repeating: "[", count: 200_000)) != nil)
        #expect(refusal(json: #"{"format":1,"trees":"# + String(repeating: "[", count: 200_000)) != nil)
        #expect(refusal(json: good.replacing("\"format\":1", with: "\"format\":2"))?.contains("has format 2") == true)
        #expect(refusal(json: good.replacing("\"sets\"", with: "\"stes\""))?.contains("`stes` is not a key") == true)
        #expect(refusal(json: good.replacing("\"cover\"", with: "\"covers\""))?.contains("`covers`") == true)
        #expect(refusal(json: good.replacing("[5]", with: "[1e999]")) != nil)
        #expect(refusal(json: good.replacing("[5]", with: "[NaN]")) != nil)
        #expect(refusal(json: good.replacing("[5]", with: "[null]"))?.hasPrefix("trees.0.threshold.0: ") == true)
        #expect(
            refusal(json: good.replacing("\"link\":\"sigmoid\"", with: "\"link\":\"tanh\""))?.hasPrefix("link") == true)
        #expect(refusal(json: good.replacing("\"name\":\"m\",", with: ""))?.contains("`name` is missing") == true)
    }

    // MARK: Imports

    @Test("What cannot be scored as its trainer does is refused: classes, linear leaves, other objectives, pickles")
    func notUnderstood() throws {
        let text = try ModelFixtures.text("lightgbm.txt")
        func refusal(_ old: String, _ new: String) -> String? {
            self.refusal(importing: Data(text.replacing(old, with: new).utf8))
        }
        #expect(refusal("version=v4", "version=v9")?.contains("format v9") == true)
        #expect(refusal("num_class=1", "num_class=3")?.contains("3 classes") == true)
        #expect(refusal("is_linear=0", "is_linear=1")?.contains("linear_tree") == true)
        #expect(refusal("objective=binary", "objective=poisson")?.contains("`poisson") == true)
        #expect(refusal("end of trees", "")?.contains("cut off") == true)
        #expect(refusal("num_leaves=6", "num_leaves=1000000000")?.contains("leaves") == true)
        #expect(refusal("pandas_categorical:[[", "pandas_categorical:[")?.contains("--categories") == true)
        #expect(self.refusal(importing: Data([0x80, 4, 0x95]))?.contains("pickle") == true)
        #expect(self.refusal(importing: Data("model".utf8))?.contains("no model") == true)
        #expect(self.refusal(importing: Data("{}".utf8))?.contains("no model") == true)
        #expect(self.refusal(importing: Data())?.contains("no model") == true)
        let boosted = try ModelFixtures.text("xgboost.json")
        let several = boosted.replacing("\"num_class\":\"0\"", with: "\"num_class\":\"3\"")
        #expect(self.refusal(importing: Data(several.utf8))?.contains("several classes") == true)
        let other = boosted.replacing("binary:logistic", with: "survival:aft")
        #expect(self.refusal(importing: Data(other.utf8))?.contains("survival:aft") == true)
        let dump = try ModelFixtures.data("xgboost-dump.json")
        #expect(self.refusal(importing: dump)?.contains("--base-score") == true)
    }

    @Test("Trees of a trainer's file that lead in a circle, to nowhere, or nest without end are refused")
    func badTrees() throws {
        let text = try ModelFixtures.text("lightgbm.txt")
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("left_child=") })
        let count = line.split(separator: " ").count
        for child in ["0", "99", "-99", "9223372036854775807", "-9223372036854775808"] {
            let bad = "left_child=" + Array(repeating: child, count: count).joined(separator: " ")
            let data = Data(text.replacing(line, with: bad).utf8)
            #expect(refusal(importing: data)?.hasPrefix("tree ") == true, "\(child)")
        }
        let boosted = try ModelFixtures.text("xgboost.json")
        let lists = try #require(boosted.firstMatch(of: /"left_children":\[1,[0-9,-]*\]/))
        for child in [0, 2, -7, 100_000] {
            let bad = lists.output.replacing("[1,", with: "[\(child),")
            #expect(
                refusal(importing: Data(boosted.replacing(lists.output, with: bad).utf8))?.hasPrefix("tree ") == true)
        }
        let deep = String(
            repeating: #"{"nodeid":0,"split":"x","split_condition":1,"yes":1,"no":2,"missing":1,"children":["#,
            count: 100_000)
        var options = ModelImport.Options(name: "m")
        options.baseScore = 0.5
        #expect(refusal(importing: Data("[\(deep)".utf8), options) != nil)
        let node =
            #"{"split_feature":0,"threshold":1,"decision_type":"<=","default_left":true,"missing_type":"NaN","left_child":"#
        let start = #"{"num_class":1,"num_tree_per_iteration":1,"feature_names":["x"],"tree_info":[{"tree_structure":"#
        let levels = 200
        let ends = String(repeating: #","right_child":{"leaf_value":1}}"#, count: levels)
        let nested = start + String(repeating: node, count: levels) + #"{"leaf_value":1}"# + ends + "}]}"
        #expect(refusal(importing: Data(nested.utf8))?.contains("deeper") == true)
    }

    @Test(
        "A file that was damaged anywhere is refused or read, never a crash",
        arguments: ["lightgbm.txt", "lightgbm.json", "xgboost.json", "xgboost-dump.json", "model"])
    func damaged(name: String) throws {
        var options = ModelImport.Options(name: "m")
        options.baseScore = 0.5
        options.categories = try ModelFixtures().categories
        let isForm = name == "model"
        let good =
            isForm
            ? try ModelImport.form(of: try ModelFixtures.data("lightgbm.txt"), .init(name: "m")).form.file()
            : try ModelFixtures.data(name)
        var generator = SplitMix(seed: 5)
        var refused = 0
        for round in 0..<150 {
            var bytes = Array(good)
            if round % 5 == 0 {
                bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
            } else {
                for _ in 0..<(1 + round % 4) {
                    let place = bytes.indices.randomElement(using: &generator) ?? 0
                    bytes[place] = Array("0123456789-+eE.,[]{}\" \n=L\u{0}".utf8).randomElement(using: &generator) ?? 0
                }
            }
            let said =
                isForm
                ? refusal(json: String(decoding: bytes, as: UTF8.self)) : refusal(importing: Data(bytes), options)
            if said != nil { refused += 1 }
        }
        #expect(refused > 30)
    }

    @Test("What the trainer could not know comes from the options: names, origins, categories, calibration")
    func options() throws {
        var options = ModelImport.Options(name: "m")
        let data = try ModelFixtures.data("lightgbm.txt")
        let plain = try ModelImport.form(of: data, options)
        #expect(plain.featuresLeftOut == ["constant"])
        #expect(plain.form.training?.by == "LightGBM v4")
        options.sources = ["pending": .expression("1")]
        #expect(refusal(importing: data, options)?.contains("does not say where temperature") == true)
        options.sources = [
            "pending": .expression("1"), "temperature": .expression("hw.temperature"),
            "power_on_hours": .expression("2"),
            "model": .attribute("model"), "firmware": .attribute("firmware"),
        ]
        let form = try ModelImport.form(of: data, options).form
        #expect(form.features.first { $0.name == "model" }?.attribute == "model")
        #expect(form.features.first { $0.name == "temperature" }?.expression == "hw.temperature")
        options.sources?["presure"] = .expression("1")
        #expect(refusal(importing: data, options)?.contains("presure, which is no feature") == true)
        options.sources = nil
        options.categories = ["model": ["a", "b"]]
        #expect(refusal(importing: data, options)?.contains("model has 2 categories, and the split names") == true)
        options.categories = ["power_on_hours": ["a", "b"]]
        #expect(refusal(importing: data, options)?.contains("as a number") == true)
        options.categories = [:]
        options.featureNames = ["a", "b", "c", "d", "e", "f"]
        #expect(try ModelImport.form(of: data, options).form.features.map(\.name) == ["a", "b", "c", "d", "e"])
        options.featureNames = ["a"]
        #expect(refusal(importing: data, options)?.contains("has 1 names") == true)
    }
}
