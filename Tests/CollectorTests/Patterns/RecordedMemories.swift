import FaultPatterns
import Foundation
import Logging
import RecordedFleet
import Reports
import TestSupport

@testable import SensorAgent

/// What forty servers made of recorded parts remember, in the files that their agents write, and what packs would have said of it.
struct RecordedMemories: Sendable {
    struct Memory: Sendable {
        var name: String
        var path: String
        var history: RecordedHistory
        /// The pack that runs, played over it.
        var running: PackReplay
    }

    private(set) var memories: [Memory] = []
    private let folder: TemporaryFolder
    let running: PatternPack
    /// As an agent plays it.
    static let days = 14

    static let areThere = RecordedServer.areThere
    /// Made once for all tests.
    static let shared = Task { try await RecordedMemories() }

    private init() async throws {
        folder = try TemporaryFolder()
        let pack = try PatternPack(json: try VendorPacks().running)
        running = pack
        let read = URL(filePath: folder.path).appending(path: "read")
        try FileManager.default.createDirectory(at: read, withIntermediateDirectories: true)
        let servers = try await RecordedServer.forty(in: read)
        memories = try await RecordedMemories.each(servers.indices) { [folder] place in
            let directory = "\(folder.path)/\(place)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let path = try await RecordedMemories.write(servers[place], running: pack, to: directory)
            let history = try RecordedHistory(path: path, days: RecordedMemories.days)
            return Memory(
                name: servers[place].name, path: path, history: history,
                running: try PackReplay(of: history, by: pack, order: RecordedServer.order))
        }
    }

    /// Two at once, in order.
    private static func each<Value: Sendable>(
        _ places: Range<Int>, _ body: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: (Int, Value).self) { group in
            var left = places
            func start() {
                guard let place = left.popFirst() else { return }
                group.addTask { (place, try await body(place)) }
            }
            for _ in 0..<2 { start() }
            var values: [Int: Value] = [:]
            while let (place, value) = try await group.next() {
                values[place] = value
                start()
            }
            return places.compactMap { values[$0] }
        }
    }

    /// By the agent's own engine, recorder and keeper: a batch of each look, or of a day of them, and what the engine knows at the
    /// beginning and each week.
    private static func write(
        _ server: RecordedServer, running: PatternPack, to directory: String
    ) async throws -> String {
        var limits = HistoryKeeper.Limits()
        limits.batchesPerChunk = 1
        let keeper = HistoryKeeper(directory: directory, limits: limits, log: Logger(label: "memories"))
        guard let resumed = await keeper.resume() else { throw RecordedMemoriesError() }
        var recorder = HistoryRecorder(resuming: resumed.last)
        var diagnosis = Diagnosis(patterns: running)
        var catalogue = ComponentCatalogue(order: RecordedServer.order)
        var stateAt: Timestamp?
        let batch = server.looks.count > 200 ? 48 : 1
        for (number, recorded) in server.looks.enumerated() {
            let look = recorded.look
            let isNews = catalogue.update(look.source, recorded.components)
            if isNews || diagnosis.awaitsReports {
                _ = diagnosis.know(catalogue.components, reported: recorded.components, at: look.told)
            }
            _ = diagnosis.observe(
                recorded.observations, at: look.told, interval: look.interval.map { .milliseconds($0) },
                from: look.source)
            recorder.record(recorded.observations, of: look, components: recorded.components, isNews: isNews)
            guard number % batch == 0 || number == server.looks.count - 1 else { continue }
            var state: HistoryState?
            if let time = diagnosis.newestTime, stateAt.map({ time - $0 >= .seconds(7 * 86_400) }) ?? true {
                stateAt = time
                state = HistoryState(
                    time: time, states: diagnosis.wholeState, eventSourcesRead: diagnosis.eventSourcesRead,
                    patternPack: running.identity)
            }
            guard await keeper.keep(recorder.take(state: state)) else { throw RecordedMemoriesError() }
        }
        return HistoryKeeper.path(in: directory)
    }

    /// What a pack would have said on each, beside the one that runs, and how many seconds of processor that took.
    func forecasts(of candidate: PatternPack) async throws -> (forecasts: [PatternForecast], seconds: Double) {
        let begun = RecordedMemories.processorSeconds
        let forecasts = try await RecordedMemories.each(memories.indices) { [memories] place in
            PatternForecast(
                try PackReplay(of: memories[place].history, by: candidate, order: RecordedServer.order),
                beside: memories[place].running)
        }
        return (forecasts, RecordedMemories.processorSeconds - begun)
    }

    private static var processorSeconds: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

struct RecordedMemoriesError: Error {}

/// The vendor's next packs: those that are shipped, with something more.
struct VendorPacks {
    private let shipped: [String: Any]
    private static let folder = ServerProgram.packageRoot.appending(path: "Tests/Fixtures/poisoned")

    init() throws { shipped = try VendorPacks.object(try Data(contentsOf: ShippedPackFile.url())) }

    private static func object(_ bytes: Data) throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: bytes) as? [String: Any] else {
            throw RecordedMemoriesError()
        }
        return object
    }

    private static func patterns(of pack: [String: Any]) -> [[String: Any]] {
        pack["patterns"] as? [[String: Any]] ?? []
    }

    private func pack(_ more: [[String: Any]], models: [String: Any] = [:]) throws -> Data {
        var pack = shipped
        pack["patterns"] = VendorPacks.patterns(of: shipped) + more
        let known = pack["models"] as? [String: Any] ?? [:]
        pack["models"] = known.merging(models) { _, new in new }
        return try JSONSerialization.data(withJSONObject: pack)
    }

    /// The names of the poisoned packs.
    static var names: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: VendorPacks.folder.path)) ?? []
        return files.filter { $0.first?.isNumber ?? false }.sorted()
    }

    /// The pattern of the poisoned packs that does no harm runs already.
    var running: Data {
        get throws { try pack(try good()) }
    }

    private func good() throws -> [[String: Any]] {
        let all = VendorPacks.patterns(of: try VendorPacks.poison(VendorPacks.names.first ?? ""))
        return all.filter { $0["id"] as? String == "disk.good" }
    }

    private static func poison(_ name: String) throws -> [String: Any] {
        try object(try Data(contentsOf: folder.appending(path: name)))
    }

    /// What runs, with the poison of one pack.
    func poisoned(_ name: String) throws -> Data {
        let poison = try VendorPacks.poison(name)
        return try pack(
            VendorPacks.patterns(of: poison), models: poison["models"] as? [String: Any] ?? [:])
    }

    static let changed = "fan.below-minimum"
    static let new = "disk.new-limit"

    /// What runs, with a new revision of one pattern, and one more that watches.
    func better() throws -> Data {
        var more = try good()
        guard var own = more.first else { throw RecordedMemoriesError() }
        own["id"] = VendorPacks.new
        own["when"] = #"hw.physical_disk.smart{attribute="5.raw"} >= 20000"#
        own["urgency"] = "watch"
        own["action"] = "watch"
        more.append(own)
        var next = VendorPacks(shipped: shipped)
        next.change()
        return try next.pack(more)
    }

    private init(shipped: [String: Any]) { self.shipped = shipped }

    private mutating func change() {
        var changed = shipped
        changed["patterns"] = VendorPacks.patterns(of: shipped).map { pattern in
            guard pattern["id"] as? String == VendorPacks.changed else { return pattern }
            var pattern = pattern
            pattern["revision"] = "\((Int("\(pattern["revision"] ?? "1")") ?? 1) + 1)"
            return pattern
        }
        self = VendorPacks(shipped: changed)
    }
}
