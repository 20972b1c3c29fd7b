import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Where patterns of channels lie")
struct PatternStoreTests {
    private let directory: ScratchDirectory
    private let store: PatternStore
    private static let moment = SpoolFixture.moment()

    init() throws {
        directory = try ScratchDirectory()
        store = PatternStore(stateDirectory: directory.path, packagePath: "/nonexistent")
    }

    private struct NoPackage: Error, Hashable {}

    private static func json(_ version: Int) -> Data {
        Data(String(decoding: WatchFixture.packJSON(), as: UTF8.self).replacing("\"t1\"", with: "\"v\(version)\"").utf8)
    }

    private static func content(_ version: Int) -> ActivePatterns.Content {
        ActivePatterns.Content(targets: Int64(version), packs: [ContentHash.sha256(json(version))])
    }

    private static let packs = Dictionary(
        uniqueKeysWithValues: (1...4).map { (ContentHash.sha256(json($0)), json($0)) })

    private func begin(boot: String = "b0") throws -> PatternStore.Chosen {
        var moment = Self.moment
        moment.boot = boot
        return try store.begin(at: moment, pinned: ["vendor"]) { () throws(NoPackage) in
            guard let pack = try? WatchFixture.pack() else { throw NoPackage() }
            return pack
        }
    }

    private func perform(_ steps: ArraySlice<PatternStore.Step>, to active: ActivePatterns) throws {
        for step in steps { try store.perform(step, to: active, packs: Self.packs) }
    }

    /// Versions 1, 2 and 3 were swapped in one after the other.
    private func third() throws -> ActivePatterns {
        var active = ActivePatterns(.package, at: Self.moment.time)
        for version in 1...3 {
            active.activate(Self.content(version), of: "vendor", at: Self.moment.time, boot: "b0")
            active.settle()
            try perform(store.steps(to: active)[...], to: active)
        }
        return active
    }

    private var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: store.folder)) ?? []).sorted()
    }

    @Test("Without a channel the pack of the package runs, and nothing is written")
    func nothing() throws {
        let chosen = try begin()
        #expect(chosen.pack.version == "t1" && chosen.active == nil && chosen.sentences.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: store.folder))
        #expect(throws: NoPackage()) {
            try store.begin(at: Self.moment, pinned: ["vendor"]) { () throws(NoPackage) in throw NoPackage() }
        }
    }

    @Test(
        "What was swapped in runs at the next start, without the package's pack; packs of neither now nor before are gone"
    )
    func swap() throws {
        _ = try third()
        let chosen = try store.begin(at: Self.moment, pinned: ["vendor"]) { () throws(NoPackage) in throw NoPackage() }
        #expect(chosen.pack.version == "v3" && chosen.sentences.isEmpty)
        #expect(names == (["active.json"] + [2, 3].map { "\(ContentHash.sha256(Self.json($0))).json" }).sorted())
        for name in names {
            let mode = try FileManager.default.attributesOfItem(atPath: "\(store.folder)/\(name)")[.posixPermissions]
            #expect(mode as? Int == 0o600, "\(name)")
        }
    }

    @Test(
        "Killed before, after or within any step of a swap, one whole pack runs: that of before until the rename, then the new one"
    )
    func killed() throws {
        let before = try third()
        var next = before
        next.activate(Self.content(4), of: "vendor", at: Self.moment.time, boot: "b0")
        let steps = store.steps(to: next)
        #expect(steps.map(\.word) == ["write", "swap", "remove"])
        let rename = try #require(steps.firstIndex(of: .swap))
        for count in 0...steps.count {
            for isTorn in [false, true] {
                try? FileManager.default.removeItem(atPath: store.folder)
                _ = try third()
                try perform(steps.prefix(count), to: next)
                if isTorn {
                    // What a file is written into before it is renamed.
                    for name in ["active.json", "\(Self.content(4).packs[0]).json"] {
                        try Data("{\"for".utf8).write(to: URL(filePath: "\(store.folder)/\(name).new"))
                    }
                }
                let chosen = try begin()
                #expect(chosen.sentences.isEmpty, "\(count) steps")
                #expect(chosen.pack.version == (count > rename ? "v4" : "v3"), "\(count) steps")
                // The next swap goes through, whatever was left.
                var later = try #require(chosen.active)
                later.activate(Self.content(4), of: "vendor", at: Self.moment.time, boot: "b0")
                try perform(store.steps(to: later)[...], to: later)
                #expect(try begin().pack.version == "v4")
            }
        }
    }

    @Test("Half a pack that a kill left, and that nobody came back for, is taken out by the next swap")
    func remains() throws {
        var next = try third()
        let gone = String(repeating: "9", count: 64)
        try Data("{\"for".utf8).write(to: URL(filePath: "\(store.folder)/\(gone).json.new"))
        next.activate(Self.content(4), of: "vendor", at: Self.moment.time, boot: "b0")
        try perform(store.steps(to: next)[...], to: next)
        #expect(Set(names) == Set([3, 4].map { "\(Self.content($0).packs[0]).json" } + ["active.json"]))
    }

    @Test("Killed again and again right after the swap: the second time it is the pack of before again, and says so")
    func crashes() throws {
        var next = try third()
        next.activate(Self.content(4), of: "vendor", at: Self.moment.time, boot: "b0")
        try perform(store.steps(to: next)[...], to: next)
        #expect(try begin().pack.version == "v4")
        let back = try begin()
        #expect(back.pack.version == "v3" && back.sentences.count == 1)
        #expect(back.active?.refusal(of: 4, in: "vendor") != nil)
        for _ in 0..<3 {
            let chosen = try begin()
            #expect(chosen.pack.version == "v3" && chosen.sentences.isEmpty)
        }
    }

    @Test(
        "A pack that is damaged or gone: that of before runs, then that of the package, each with a sentence; the agent starts"
    )
    func damaged() throws {
        _ = try third()
        func path(_ version: Int) -> URL { URL(filePath: "\(store.folder)/\(Self.content(version).packs[0]).json") }
        try Data("{}".utf8).write(to: path(3))
        var chosen = try begin()
        #expect(chosen.pack.version == "v2" && chosen.sentences.count == 1)
        #expect(chosen.sentences[0].contains("is damaged"))
        #expect(chosen.active?.now.channels["vendor"]?.targets == 2 && chosen.active?.before == nil)
        var again = try #require(chosen.active)
        again.activate(Self.content(3), of: "vendor", at: Self.moment.time, boot: "b0")
        #expect(store.steps(to: again).first == .write(pack: Self.content(3).packs[0]), "it is written anew")
        try FileManager.default.removeItem(at: path(2))
        chosen = try begin()
        #expect(chosen.pack.version == "t1" && chosen.active?.now == .package)
        #expect(chosen.sentences.count == 3 && chosen.sentences.contains { $0.contains("cannot be read") })
    }

    @Test(
        "What says which patterns run may hold anything: the pack of the package runs, with a sentence, and no path leads out"
    )
    func hostile() throws {
        _ = try third()
        let file = URL(filePath: "\(store.folder)/active.json")
        let outside = "{\"now\":{\"channels\":{\"vendor\":{\"targets\":1,\"packs\":[\"../../etc/passwd\"]}}},\"since\":"
        let good = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let since = try #require(good.firstMatch(of: /"since":("?[^,}"]+"?)/)).1
        for text in [
            "", "{", "[]", "null", "\(outside)\(since),\"refused\":{},\"withdrawals\":{}}",
            String(repeating: " ", count: PatternStore.activeBytes) + good,
        ] {
            try Data(text.utf8).write(to: file)
            let chosen = try begin()
            #expect(chosen.pack.version == "t1" && !chosen.sentences.isEmpty, "\(text.prefix(80))")
        }
    }

    @Test("A channel whose root is pinned no more runs no more, and the others go on")
    func unpinned() throws {
        _ = try third()
        let chosen = try store.begin(at: Self.moment, pinned: []) { () throws(NoPackage) in
            guard let pack = try? WatchFixture.pack() else { throw NoPackage() }
            return pack
        }
        #expect(chosen.pack.version == "t1" && chosen.active?.now == .package && chosen.sentences.count == 1)
        #expect(try begin().pack.version == "t1", "also once it is pinned again, until it is offered")
        var active = ActivePatterns(.package, at: Self.moment.time)
        active.activate(Self.content(1), of: "vendor", at: Self.moment.time, boot: "b0")
        active.activate(Self.content(2), of: "other", at: Self.moment.time, boot: "b0")
        #expect(active.keep(pinned: ["vendor", "third"]) == ["other"])
        #expect(active.now.channels.keys.sorted() == ["vendor"] && active.before == nil)
        #expect(active.keep(pinned: ["vendor"]) == [])
    }
}

extension PatternStore.Step {
    fileprivate var word: String {
        switch self {
        case .write: "write"
        case .swap: "swap"
        case .remove: "remove"
        }
    }
}
