import FaultPatterns
import Foundation
import Reports

/// Feeds the readers of expressions, patterns, packs and models, and the engine, with mutations of real ones.
///
///     callhome-patterns-fuzz PACK [--seed N] [--seconds N] [--runs N] [--from N] [--trace]
///
/// Each run depends on the seed and its number only; a run that takes longer than ten seconds ends the program with SIGALRM.
/// After a crash, `--from` the last number printed, with `--trace`, finds the run.
@main
struct PatternsFuzz {
    private static let longestRun: UInt32 = 10

    private let mutator: Mutator
    private let machine: HostileMachine
    private let trees: [SourceNode]
    private let pack: PatternPack
    private let packBytes: [UInt8]
    private let models: [[UInt8]]

    private var counts: [String: Int] = [:]
    private var taken = 0

    private struct Content: Codable {
        var format = 1
        /// Of this program: what only later levels know is to be read as well.
        var engineLevel = PatternLimits.engineLevel
        var version = "fuzz"
        var patterns: [SourceNode]
        var models: [String: EnsembleFormat]?

        enum CodingKeys: String, CodingKey {
            case format, version, patterns, models
            case engineLevel = "engine_level"
        }
    }

    static func main() throws {
        var words = Array(CommandLine.arguments.dropFirst())
        func option(_ name: String) -> UInt64? {
            guard let index = words.firstIndex(of: name), index + 1 < words.count else { return nil }
            defer { words.removeSubrange(index...(index + 1)) }
            return UInt64(words[index + 1])
        }
        let seed = option("--seed") ?? UInt64.random(in: 0...UInt64.max)
        let seconds = option("--seconds") ?? .max
        let runs = option("--runs") ?? .max
        let from = option("--from") ?? 0
        let isTraced = words.last == "--trace"
        guard let path = words.first, seconds != .max || runs != .max else {
            say("usage: callhome-patterns-fuzz PACK --seconds N [--runs N] [--seed N] [--from N] [--trace]")
            exit(2)
        }
        var fuzz = try PatternsFuzz(pack: Data(contentsOf: URL(fileURLWithPath: path)))
        say("seed \(seed)")
        let start = Date()
        var run = from
        while run &- from < runs {
            if isTraced { say("run \(run)") }
            if run % 100_000 == 0 {
                let spent = Date().timeIntervalSince(start)
                say("from \(run): \(Int(spent)) s, \(fuzz.summary)")
                if spent >= Double(seconds) { break }
            }
            alarm(longestRun)
            var random = SplitMix(seed: seed &+ run &* 0x2545_F491_4F6C_DD1D)
            fuzz.run(&random)
            run += 1
        }
        alarm(0)
        say(
            "done: \(run - from) runs in \(Int(Date().timeIntervalSince(start))) s, \(fuzz.summary); no crash, no hang")
    }

    private init(pack data: Data) throws {
        pack = try PatternPack(json: data)
        let content = try JSONDecoder().decode(Content.self, from: data)
        trees = content.patterns + (try PatternsFuzz.tunable(content.patterns))
        // One pattern in a pack by itself: what a changed byte hits is more often read.
        let small = Content(patterns: Array(content.patterns.prefix(3)))
        packBytes = Array(try JSONEncoder().encode(small))
        models =
            try [PatternsFuzz.smallModel]
            + (content.models ?? [:]).values.map { Array(try $0.canonical().prefix(20_000)) }
        var texts: [String] = []
        var parts: [SourceNode] = []
        func walk(_ node: SourceNode, _ key: String) {
            parts.append(node)
            switch node.content {
            case .scalar(let text):
                if !["title", "description", "impact", "action", "sources"].contains(key) { texts.append(text) }
            case .sequence(let items): for item in items { walk(item, key) }
            case .mapping(let entries):
                for entry in entries where !["text", "sources"].contains(entry.key) { walk(entry.value, entry.key) }
            }
        }
        for tree in trees { walk(tree, "") }
        mutator = Mutator(texts: texts, parts: parts)
        var signals = texts.compactMap(Signal.init(parsing:)).filter { SignalCatalogue.entry(named: $0.name) != nil }
        signals += SignalCatalogue.entries.map { entry in
            Signal(entry.name, entry.labels.mapValues { $0.first ?? "any" })
        }
        machine = HostileMachine(signals: signals)
    }

    private static let smallModel = Array(
        """
        {"format":1,"name":"m","features":[{"name":"a","expression":"hw.temperature"},{"name":"b","attribute":"model",\
        "categories":["x","y","z"]}],"split":"<=","link":"sigmoid","factor":1,"base":0.5,"average":false,"sets":[[0,2]],\
        "trees":[{"nodes":"L.R..","feature":[0,1],"threshold":[40.5,0],"leaf":[0.25,-1.5,3],"cover":[5,4,3]}],\
        "calibration":[{"score":0.5,"hazard":{"30":0.4}}]}
        """.utf8)

    /// Patterns with parameters that a site may choose, made of the first ones.
    private static func tunable(_ patterns: [SourceNode]) throws -> [SourceNode] {
        let parameters = try JSONDecoder().decode(
            SourceNode.self,
            from: Data(
                #"{"limit":{"default":"16","min":"8","max":"64","unit":"Cel"},"ahead":{"default":"14d","min":"1d","max":"60d"}}"#
                    .utf8))
        return patterns.prefix(20).compactMap { tree in
            guard case .mapping(var entries) = tree.content,
                let when = entries.firstIndex(where: { $0.key == "when" })
            else { return nil }
            entries[when].value.content = .scalar("hw.temperature > limit or time_to(hw.temperature[14d], 90) < ahead")
            entries.append(SourceNode.Entry(key: "tunable", location: tree.location, value: parameters))
            return SourceNode(.mapping(entries), at: tree.location)
        }
    }

    private static let overlay = Array(
        """
        {"disable":{"disk.ata.media-failing":"x"},"shadow":{"fan.stopped":"y"},"tune":{"disk.test":{"limit":"20",\
        "ahead":"30d","because":"z"}},"add":[{"id":"site.a","when":"hw.temperature > 3"}]}
        """.utf8)

    private var summary: String {
        counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ") + ", taken \(taken)"
    }

    private mutating func run(_ random: inout SplitMix) {
        switch random.below(1_000) {
        case 0..<6: life(&random)
        case 6..<14: packJSON(&random)
        case 14..<60: model(&random)
        default: pattern(&random)
        }
    }

    /// A pattern file's tree: the parser and checker of expressions, and the reader of patterns.
    private mutating func pattern(_ random: inout SplitMix) {
        counts["patterns", default: 0] += 1
        let tree = mutator.tree(random.pick(trees), &random)
        do throws(PatternProblem) { _ = try PatternFile(reading: tree) } catch {
            // What only lacks tests was taken by all that comes before them.
            if error.message.contains("has no `tests`") { taken += 1 }
            precondition(!error.description.isEmpty)
        }
    }

    private mutating func packJSON(_ random: inout SplitMix) {
        counts["packs", default: 0] += 1
        let json = Data(mutator.bytes(packBytes, &random))
        let overlay = try? PatternOverlay(json: Data(mutator.bytes(PatternsFuzz.overlay, &random)))
        let member = PatternComposition.Member(name: "fuzz", packs: [json, Data(packBytes)])
        _ = try? PatternPack(json: json)
        _ = try? PatternComposition([member], overlay: overlay)
    }

    private mutating func model(_ random: inout SplitMix) {
        counts["models", default: 0] += 1
        let bytes = mutator.bytes(random.pick(models), &random)
        guard let form = try? EnsembleFormat(json: Data(bytes)), let model = try? PatternModel(form) else { return }
        taken += 1
        let values = model.ensemble.features.map { _ in
            random.pick([Double.nan, .infinity, -.infinity, 0, -1, 1e308, 0.5, 2, 1e19, -1e19])
        }
        _ = model.ensemble.score(values.span)
    }

    /// A short life of a machine that says anything, under the shipped patterns or under a changed one.
    private mutating func life(_ random: inout SplitMix) {
        counts["lives", default: 0] += 1
        var patterns = pack
        if !random.once(in: 8) {
            let tree = mutator.tree(random.pick(trees), &random)
            let changed = Content(patterns: [random.pick(trees), tree])
            guard let json = try? JSONEncoder().encode(changed), let read = try? PatternPack(json: json) else { return }
            taken += 1
            patterns = read
        }
        machine.live(patterns, rounds: 20, mutator, &random)
    }
}
