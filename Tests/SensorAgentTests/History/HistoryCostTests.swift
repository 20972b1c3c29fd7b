import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing

@testable import SensorAgent

/// What the history of a server with 24 disks costs: `CALLHOME_HISTORY_DAYS=90 swift test --filter HistoryCostTests`.
///
/// The readings are those of recorded machines (disks by smartctl, a BMC's list of sensors), each moved on from look to look
/// as such a thing moves: what a part of it does is written at `Mover`. How often each probe looks is as in the agent.
@Suite("Cost of history", .timeLimit(.minutes(30)))
struct HistoryCostTests {
    private static let time = Timestamp(seconds: 1_763_712_000)
    static let days = ProcessInfo.processInfo.environment["CALLHOME_HISTORY_DAYS"].flatMap { Int($0) }

    /// One signal that goes its way.
    private struct Mover {
        var observation: Observation
        /// The step that its reading can take, and of a thousand looks how many it takes one in.
        var step: Double
        var restless: Int
        /// Readings that never come twice.
        var isFree: Bool
        private let home: Double?
        /// What a counter goes up by, at most.
        private var rise: Int

        init(_ observation: Observation) {
            self.observation = observation
            home = observation.measurement.number
            let name = observation.signal.name
            let attribute = observation.signal[label: "attribute"] ?? ""
            (step, restless, isFree, rise) = (0, 0, false, 0)
            switch observation.measurement {
            case .reading(let value):
                if name.hasSuffix(".limit") || name.hasSuffix("size") { break }
                if name.contains("temperature") { (step, restless) = (1, 150) }
                if name.contains("voltage") { (step, restless) = (max(0.001, abs(value) / 500), 400) }
                if name.contains("speed") { (step, restless) = (60, 600) }
                if name.contains("power") || name.contains("current") {
                    (step, restless) = (max(0.1, value / 100), 900)
                }
                if name.contains("await") || name.hasSuffix("busy") || name.hasSuffix("in_flight") { isFree = true }
            case .counter:
                if name.contains("power_on") || attribute.hasPrefix("9.") { (restless, rise) = (160, 1) }
                if name.hasSuffix("requests") || name.hasSuffix("moved") || attribute.hasPrefix("241.")
                    || attribute.hasPrefix("242.")
                {
                    (restless, rise) = (1_000, 2_000_000)
                }
                if attribute == "1.raw" || attribute == "7.raw" { (restless, rise) = (1_000, 200_000) }
            case .state, .event, .unavailable: break
            }
        }

        mutating func next(_ dice: inout SplitMix, at time: Timestamp) -> Observation {
            observation.time = time
            guard isFree || dice.below(1_000) < restless else { return observation }
            switch observation.measurement {
            case .reading(let value):
                if isFree {
                    observation.measurement = .reading((home ?? 1) * (0.5 + Double(dice.below(1_000_003)) / 1_000_003))
                } else {
                    // Back home more often than not, so that nothing wanders off.
                    let isAbove = value > home ?? value
                    let isUp = dice.below(10) < (value == home ? 5 : isAbove ? 3 : 7)
                    let places = (value + (isUp ? step : -step)) * 1_000
                    observation.measurement = .reading(places.rounded() / 1_000)
                }
            case .counter(let value): observation.measurement = .counter(value + 1 + UInt64(dice.below(max(1, rise))))
            case .state, .event, .unavailable: break
            }
            return observation
        }
    }

    private struct Source {
        var name: String
        var interval: Int64
        var movers: [Mover]
        var components: [Component]
        var next: Int64
        var takes: Int64
    }

    private static func recorded(_ probe: String, _ kind: String, _ file: String) async throws -> ProbeResult {
        let url = Recordings.folder(kind).appending(path: file)
        let made = AllProbes.make(tree: SysTree(root: NSTemporaryDirectory() + "nothing"), input: url.path)
        let found = try #require(made.first { $0.name == probe })
        return try await found.observe(at: time, since: nil)
    }

    private static func sources() async throws -> [Source] {
        let files = ["x11dph-t_smartctl_sda", "x11dph-t_smartctl_sdb", "x11dph-t_smartctl_sdm", "r6515_smartctl_sdb"]
        var looks: [ProbeResult] = []
        for file in files {
            let path = "metal-automata-ironlib__\(file).json"
            if let look = try? await recorded("disk-health", "smartctl-json", path) { looks.append(look) }
        }
        try #require(!looks.isEmpty)
        var disks: (movers: [Mover], components: [Component], latencies: [Mover]) = ([], [], [])
        for number in 0..<24 {
            let look = looks[number % looks.count]
            let id = ComponentID(.disk, "wwn-0x5000c5000000\(number)")
            for observation in look.observations where observation.component == look.components.first?.id {
                var own = observation
                own.component = id
                disks.movers.append(Mover(own))
            }
            if var component = look.components.first {
                component = Component(
                    id: id, kind: .disk, name: component.name, part: component.part, attributes: component.attributes)
                disks.components.append(component)
            }
            func add(_ name: String, _ labels: [String: String], _ measurement: Reports.Measurement) {
                disks.latencies.append(
                    Mover(
                        Observation(
                            component: id, signal: Signal(name, labels), measurement: measurement,
                            time: time)))
            }
            for direction in ["read", "write", "discard", "flush"] {
                add("hw.physical_disk.requests", ["direction": direction], .counter(1_000_000))
            }
            for direction in ["read", "write", "discard"] {
                add("hw.physical_disk.moved", ["direction": direction], .counter(10_000_000_000))
            }
            for direction in ["read", "write", "all"] {
                add("hw.physical_disk.await", ["direction": direction], .reading(0.004))
            }
            add("hw.physical_disk.busy", [:], .reading(0.2))
            add("hw.physical_disk.in_flight", [:], .reading(2))
            add("hw.physical_disk.stalled", [:], .reading(0))
            add("hw.physical_disk.timeouts", [:], .counter(0))
            add("hw.physical_disk.failed_commands", [:], .counter(3))
            add("hw.physical_disk.kernel_state", [:], .state("running"))
        }
        let bmc = try await recorded(
            "ipmi", "ipmi",
            "MetricsHub-community-connecto__LinuxIpmiTool_emulation_command_23dd11c6-7005-49f6-b371-8870d6b624c1.txt"
        )
        func source(_ name: String, _ seconds: Int64, _ movers: [Mover], _ components: [Component], takes: Int64)
            -> Source
        {
            Source(name: name, interval: seconds * 1_000, movers: movers, components: components, next: 0, takes: takes)
        }
        // What a board's chips show is what its BMC shows too, six times as often.
        let chips = bmc.observations.filter {
            $0.signal.name.hasPrefix("hw.temperature") || $0.signal.name.hasPrefix("hw.voltage")
                || $0.signal.name.hasPrefix("hw.fan")
        }
        .prefix(40).map { Mover($0) }
        var sources = [
            source("disk-health", 630, disks.movers, disks.components, takes: 4_000),
            source("disk-latency", 60, disks.latencies, [], takes: 12),
            source("ipmi", 60, bmc.observations.map { Mover($0) }, bmc.components, takes: 900),
            source("chip-sensors", 10, chips, [], takes: 6), source("thermal", 30, [], [], takes: 2),
        ]
        for name in ["pcie", "processors", "network", "board", "kernel-log", "machine-checks", "memory-errors", "raid"]
        {
            sources.append(source(name, 60, [], [], takes: 5))
        }
        return sources
    }

    @Test("Bytes, processor and memory of a history of a server with 24 disks", .enabled(if: days != nil))
    func cost() async throws {
        let days = Self.days ?? 1
        var sources = try await Self.sources()
        print(
            "\(sources.reduce(0) { $0 + $1.movers.count }) signals: \(sources.map { "\($0.name) \($0.movers.count)" })")
        let before = Self.resident
        let directory = try ScratchDirectory()
        let keeper = HistoryKeeper(directory: directory.path, log: SpoolFixture.log)
        var recorder = HistoryRecorder(resuming: try #require(await keeper.resume()).last)
        var dice = SplitMix(seed: 1)
        let begin: Int64 = 1_790_000_000_000
        for index in sources.indices { sources[index].next = begin }
        var (recording, keeping, largest) = (0.0, 0.0, 0.0)
        var handOver = begin + 900_000
        let path = HistoryKeeper.path(in: directory.path)
        for second in stride(from: begin, to: begin + Int64(days) * 86_400_000, by: 10_000) {
            // A wake-up comes up to a fifth of a second late.
            let start = Timestamp(milliseconds: second + Int64(dice.below(200)))
            for index in sources.indices where sources[index].next <= second {
                sources[index].next += sources[index].interval
                var observations: [Observation] = []
                for mover in sources[index].movers.indices {
                    observations.append(sources[index].movers[mover].next(&dice, at: start))
                }
                let took = sources[index].takes + Int64(dice.below(Int(sources[index].takes / 2 + 1)))
                let look = HistoryLook(
                    source: sources[index].name, start: start, told: start + .milliseconds(took),
                    interval: sources[index].interval)
                let begun = Self.processorSeconds
                recorder.record(observations, of: look, components: sources[index].components, isNews: false)
                recording += Self.processorSeconds - begun
            }
            guard second >= handOver else { continue }
            handOver += 900_000
            let begun = Self.processorSeconds
            let isKept = await keeper.keep(recorder.take())
            let took = Self.processorSeconds - begun
            #expect(isKept)
            keeping += took
            largest = max(largest, took)
        }
        let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        print(
            "\(days) days: \(bytes) bytes, \(bytes / days) a day; processor a day: \(recording / Double(days)) s to record, "
                + "\(keeping / Double(days)) s to keep, once \(largest) s; \(Self.resident), before \(before)")
        for row in try Self.tables(path) { print(row) }
        #expect(bytes < 12 << 20)
        let oldest = try RecordedHistory(path: path, days: 90).looks.first.map { try HistoryLooks.looks($0.body) }?
            .first
        #expect((oldest?.start).map { $0 < Timestamp(milliseconds: begin + 86_400_000) } == true)
        let begun = Self.processorSeconds
        let forecast = try HistoryReplay.forecast(
            candidate: ShippedPack.built(), running: ShippedPack.built(), path: path, days: min(days, 14),
            order: AllProbes.make().map(\.name))
        print(
            "a forecast of \(forecast.span / 86_400) days: \(Self.processorSeconds - begun) s of processor, \(Self.resident)"
        )
        #expect(forecast.entries.isEmpty)
        let replay = try ReplayForecast(
            of: RecordedHistory(path: path, days: min(days, 14)), by: ShippedPack.built(), order: [])
        print("patterns: \(replay.classes)")
    }

    private static func tables(_ path: String) throws -> [String] {
        var database = try SQLite(reading: path)
        var lines: [String] = []
        for table in ["looks", "chunk", "journal", "event", "components", "state"] {
            let row = try database.rows("SELECT count(*), coalesce(sum(length(body)), 0) FROM \(table)")[0]
            lines.append("\(table): \(row[0].integer ?? 0) rows, \(row[1].integer ?? 0) bytes")
        }
        for row in try database.rows(
            "SELECT loss, count(*), sum(length(body)), count(DISTINCT series) FROM chunk GROUP BY loss")
        {
            lines.append(
                "loss \(row[0].integer ?? 0): \(row[1].integer ?? 0) rows, \(row[2].integer ?? 0) bytes, "
                    + "\(row[3].integer ?? 0) signals")
        }
        return lines
    }

    private static var processorSeconds: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static var resident: String {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        return status.split(separator: "\n").filter { $0.hasPrefix("VmRSS") || $0.hasPrefix("VmHWM") }.joined(
            separator: ", ")
    }
}
