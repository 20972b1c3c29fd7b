import Foundation
import Reports
import TestSupport
import Testing

@testable import FaultPatterns

/// Packs that were made to harm (`Tests/Fixtures/poisoned/make.py`), and what becomes of each at the reader's door.
@Suite("Poisoned packs")
struct PoisonedPackTests {
    private typealias F = Fixtures

    private struct Expected: Decodable {
        var harm: String
        var outcome: String
        var words: String
        var sees: String
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/poisoned")

    private static func expected() throws -> [String: Expected] {
        try JSONDecoder().decode(
            [String: Expected].self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    }

    private static func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appending(path: "\(name).json"))
    }

    private static let names = ((try? expected()) ?? [:]).keys.sorted()

    @Test("There are twenty, each said to be refused, skipped or taken, and of what is taken by what a trial sees it")
    func whole() throws {
        let expected = try Self.expected()
        #expect(expected.count == 20)
        for (name, one) in expected {
            #expect(["refused", "skipped", "taken"].contains(one.outcome), "\(name)")
            #expect((one.outcome == "taken") == one.words.isEmpty, "\(name)")
            #expect((one.outcome == "taken") == !one.sees.isEmpty, "\(name)")
        }
    }

    @Test(
        "What the reader can see it refuses, by name: the pack, or the pattern by itself, and the good one goes on",
        arguments: names)
    func door(name: String) throws {
        let expected = try #require(try Self.expected()[name])
        let bytes = try Self.bytes(name)
        switch expected.outcome {
        case "refused":
            #expect { _ = try PatternPack(json: bytes) } throws: { "\($0)".contains(expected.words) }
        case "skipped":
            let pack = try PatternPack(json: bytes)
            #expect(pack.patterns.map(\.id) == ["disk.good"])
            #expect(pack.skipped.allSatisfy { $0.because.contains(expected.words) }, "\(pack.skipped.map(\.because))")
        default:
            let pack = try PatternPack(json: bytes)
            #expect(pack.skipped.isEmpty, "\(pack.skipped.map(\.because))")
            #expect(pack.patterns.count > 1)
        }
        // Beside a pack that runs, none of them does more.
        let vendor = PatternComposition.Member(name: "vendor", packs: [F.json([F.pattern("fan.good")])])
        let poison = PatternComposition.Member(name: "poison", packs: [bytes], prefix: "poison")
        let composed = try PatternComposition([vendor, poison])
        #expect(composed.pack.patterns.map(\.id) == ["fan.good"])
        #expect(composed.refused.map(\.member) == ["poison"])
    }

    /// What a machine of three disks hears in a day and a half.
    private static func live(_ pack: PatternPack) -> (changes: [FaultChange], open: [Fault]) {
        var diagnosis = Diagnosis(patterns: pack)
        let disks = (1...3).map { number in
            Component(
                id: ComponentID(.disk, "wwn-\(number)"), kind: .disk, name: "/dev/sd\(number)",
                part: Part(model: "M\(number)"), attributes: ["bus": "ata"])
        }
        var changes = diagnosis.know(disks, at: F.start)
        for look in 1...432 {
            let time = F.start + .seconds(Int64(look) * 300)
            let seen = disks.enumerated().flatMap { number, disk in
                [
                    Observation(
                        component: disk.id, signal: F.temperature,
                        measurement: .reading(30 + Double((look + number) % 7)), time: time),
                    Observation(
                        component: disk.id, signal: F.pending,
                        measurement: look % 50 == 0
                            ? .unavailable(.asleep) : .counter(number == 0 && look > 300 ? 40 : 0),
                        time: time),
                ]
            }
            changes += diagnosis.observe(seen, at: time, interval: .seconds(300))
        }
        return (changes, diagnosis.openFaults)
    }

    @Test(
        "What is taken harms nothing but what its own faults say, and says it so loud that a trial hears it",
        arguments: names)
    func life(name: String) throws {
        guard try Self.expected()[name]?.outcome == "taken" else { return }
        let (changes, open) = Self.live(try PatternPack(json: Self.bytes(name)))
        let poison = changes.filter { $0.fault.pattern != "disk.good" }
        let opened = poison.filter { $0.kind == .opened }
        let good = changes.contains { $0.fault.pattern == "disk.good" && $0.kind == .opened }
        let kind = name.drop { $0.isNumber || $0 == "-" }
        switch kind {
        case "orders-everywhere", "orders-in-turn", "borrowed-class", "silence":
            #expect(opened.count { $0.fault.urgency == .order } >= 3 && good)
        case "floods-watch", "reopens": #expect(opened.count > 500 && good, "\(opened.count)")
        case "closes-by-families":
            // A fault that stands all the while is put down to it: the trial counts those.
            #expect(!open.contains { $0.pattern == "disk.good" } && !opened.isEmpty)
        case "circle":
            // Each look ends after as many rounds as there are, whatever each would still answer to the others.
            #expect(poison.count <= 432 * 3 * 3 * PatternLimits.activeRounds && good, "\(poison.count)")
        case "hungry", "slow": #expect(poison.isEmpty && good)
        default: Issue.record("\(name) is not known here")
        }
    }

    @Test("Lint tells an author of the fault that clears while it holds")
    func lint() throws {
        let bytes = try Self.bytes("06-reopens")
        struct Content: Decodable { var patterns: [SourceNode] }
        let tree = try #require(try JSONDecoder().decode(Content.self, from: bytes).patterns.last)
        let file = try PatternFile(reading: tree, models: [], depth: .expressions)
        let found = PatternLint([file], isWhole: false).findings()
        #expect(found.contains { $0.rule == .clearsWhileItHolds }, "\(found)")
    }
}
