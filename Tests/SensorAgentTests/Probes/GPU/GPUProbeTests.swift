import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Graphics cards")
struct GraphicsCardsTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    private func value(_ result: ProbeResult, _ signal: Signal) -> Reports.Measurement? {
        result.observations.first { $0.signal == signal }?.measurement
    }

    /// A library with NVIDIA's names, compiled for the test: one card of known values.
    private static let library = """
        #include <string.h>
        typedef void *device;
        int nvmlInit_v2(void) { return INIT; }
        int nvmlShutdown(void) { return 0; }
        int nvmlDeviceGetCount_v2(unsigned *count) { *count = 1; return 0; }
        int nvmlDeviceGetHandleByIndex_v2(unsigned index, device *handle) { *handle = (device)&strlen; return (int)index; }
        int nvmlDeviceGetName(device d, char *text, unsigned size) { strncpy(text, "Made Up 9000", size); return 0; }
        int nvmlDeviceGetUUID(device d, char *text, unsigned size) { strncpy(text, "GPU-0001", size); return 0; }
        int nvmlDeviceGetSerial(device d, char *text, unsigned size) { return 3; }
        struct pci { char old[16]; unsigned domain, bus, place, id, card; char bus_id[32]; };
        int nvmlDeviceGetPciInfo_v3(device d, struct pci *pci) {
            memset(pci, 0, sizeof *pci); strcpy(pci->bus_id, "00000000:3B:00.0"); return 0;
        }
        int nvmlDeviceGetTemperature(device d, int sensor, unsigned *value) { *value = 71; return 0; }
        int nvmlDeviceGetTemperatureThreshold(device d, int kind, unsigned *value) { *value = 95 - kind; return 0; }
        int nvmlDeviceGetPowerUsage(device d, unsigned *value) { *value = 250500; return 0; }
        int nvmlDeviceGetFanSpeed(device d, unsigned *value) { return 3; }
        int nvmlDeviceGetTotalEccErrors(device d, int type, int counter, unsigned long long *value) {
            *value = 100 * type + 10 * counter + 1; return 0;
        }
        int nvmlDeviceGetRetiredPages(device d, int cause, unsigned *count, unsigned long long *pages) {
            *count = 4 + cause; return pages ? 1 : 7;
        }
        int nvmlDeviceGetRemappedRows(device d, unsigned *a, unsigned *b, unsigned *c, unsigned *e) {
            *a = 2; *b = 1; *c = 1; *e = 0; return 0;
        }
        int nvmlDeviceGetCurrentClocksThrottleReasons(device d, unsigned long long *value) { *value = 0x44; return 0; }
        int nvmlDeviceGetPcieReplayCounter(device d, unsigned *value) { *value = 12; return 0; }
        int nvmlDeviceGetNvLinkState(device d, unsigned link, unsigned *active) { *active = link < 2; return 0; }
        int nvmlDeviceGetNvLinkErrorCounter(device d, unsigned link, int counter, unsigned long long *value) {
            *value = 10 * link + counter; return 0;
        }
        struct sram { unsigned version; unsigned long long counts[11]; unsigned past; };
        int nvmlDeviceGetSramEccErrorStatus(device d, struct sram *sram) {
            if (sram->version != (sizeof *sram | 1 << 24)) return 25;
            sram->past = 1; return 0;
        }
        """

    /// - Parameter code: more of the library.
    private func compiled(initialises status: Int, code: String = "") async throws -> (ScratchFolder, String) {
        let scratch = try ScratchFolder()
        try scratch.write("nvml.c", Self.library + code)
        let (source, library) = (
            scratch.url.appending(path: "nvml.c").path, scratch.url.appending(path: "nvml.so").path
        )
        let (exit, _) = try await run("cc", ["-shared", "-fPIC", "-DINIT=\(status)", "-o", library, source])
        try #require(exit == 0)
        return (scratch, library)
    }

    private func tree() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        try scratch.write("sys/bus/pci/drivers/nvidia/0000:3b:00.0/power/runtime_status", "active\n")
        return scratch
    }

    @Test(
        "a card that each question starts is asked once in an hour, and what it counts since then is not told",
        .enabled(if: isInstalled("cc")))
    func notPersistent() async throws {
        let count = """

            int nvmlDeviceGetPersistenceMode(device d, unsigned *mode) { *mode = 0; return 0; }
            """
        let (scratch, library) = try await compiled(initialises: 0, code: count)
        defer { withExtendedLifetime(scratch) {} }
        let tree = try tree()
        let probe = GPUProbe(tree: SysTree(root: tree.url.path), libraries: [library])
        let first = try await probe.observe(at: Self.now, since: nil)
        let volatile = Signal("hw.gpu.ecc_errors", ["counter": "volatile", "error.type": "uncorrected"])
        #expect(value(first, volatile) == .unavailable(.notPersistent))
        #expect(value(first, Signal("hw.gpu.pcie_replays")) == .unavailable(.notPersistent))
        #expect(value(first, Signal("hw.errors", ["error.type": "corrected"])) == .counter(11))
        #expect(value(first, Signal("hw.temperature")) == .reading(71))
        let soon = try await probe.observe(at: Self.now + .seconds(3_540), since: nil)
        #expect(soon.observations.isEmpty && soon.components == first.components)
        let later = try await probe.observe(at: Self.now + .seconds(3_600), since: nil)
        #expect(value(later, Signal("hw.temperature")) == .reading(71))
    }

    @Test("NVIDIA's library is found at run time and asked for all that it tells", .enabled(if: isInstalled("cc")))
    func library() async throws {
        let (scratch, library) = try await compiled(initialises: 0)
        defer { withExtendedLifetime(scratch) {} }
        let tree = try tree()
        let result = try await GPUProbe(tree: SysTree(root: tree.url.path), libraries: [library])
            .observe(at: Self.now, since: nil)
        let card = try #require(result.components.first)
        #expect(card.id.rawValue == "gpu:GPU-0001")
        #expect(card.parent?.rawValue == "pcie_device:0000:3b:00.0")
        #expect(card.part.model == "Made Up 9000")
        #expect(result.components.count == 1)
        let expected: [(Signal, Reports.Measurement)] = [
            (Signal("hw.temperature"), .reading(71)),
            (Signal("hw.temperature.limit", ["limit_type": "high.emergency"]), .reading(95)),
            (Signal("hw.temperature.limit", ["limit_type": "high.critical"]), .reading(94)),
            (Signal("hw.temperature.limit", ["limit_type": "high.degraded"]), .reading(92)),
            (Signal("hw.power"), .reading(250.5)),
            (Signal("hw.errors", ["error.type": "corrected"]), .counter(11)),
            (Signal("hw.errors", ["error.type": "uncorrected"]), .counter(111)),
            (Signal("hw.gpu.ecc_errors", ["counter": "volatile", "error.type": "uncorrected"]), .counter(101)),
            (Signal("hw.memory.retired_pages"), .counter(9)),
            (Signal("hw.gpu.row_remaps", ["cause": "corrected"]), .counter(2)),
            (Signal("hw.gpu.row_remaps", ["cause": "pending"]), .counter(1)),
            (Signal("hw.gpu.row_remaps", ["cause": "failed"]), .counter(0)),
            (Signal("hw.gpu.slowdown", ["reason": "thermal"]), .state("asserted")),
            (Signal("hw.gpu.slowdown", ["reason": "power_brake"]), .state("clear")),
            (Signal("hw.gpu.pcie_replays"), .counter(12)),
            // Links 0 and 1: counters 2 and 3 of each are CRC errors.
            (Signal("hw.gpu.nvlink_errors", ["type": "crc"]), .counter(2 + 3 + 12 + 13)),
            (Signal("hw.gpu.nvlink_errors", ["type": "recovery"]), .counter(1 + 11)),
            (Signal("hw.gpu.sram_threshold"), .state("asserted")),
        ]
        for (signal, measurement) in expected { #expect(value(result, signal) == measurement, "\(signal)") }
        for observation in result.observations {
            #expect(
                SignalCatalogue.objection(to: observation.signal, of: .gpu, measurement: observation.measurement) == nil
            )
        }
    }

    @Test("a card that sleeps is not woken: what it told before is unavailable", .enabled(if: isInstalled("cc")))
    func asleep() async throws {
        let (scratch, library) = try await compiled(initialises: 0)
        defer { withExtendedLifetime(scratch) {} }
        let tree = try tree()
        let probe = GPUProbe(tree: SysTree(root: tree.url.path), libraries: [library])
        _ = try await probe.observe(at: Self.now, since: nil)
        try tree.write("sys/bus/pci/drivers/nvidia/0000:3b:00.0/power/runtime_status", "suspended\n")
        let result = try await probe.observe(at: Self.now + .seconds(60), since: nil)
        #expect(value(result, Signal("hw.temperature")) == .unavailable(.asleep))
    }

    @Test("a library that refuses, or is none, is said so", .enabled(if: isInstalled("cc")))
    func refuses() async throws {
        let (scratch, library) = try await compiled(initialises: 9)
        let tree = try tree()
        for (path, word) in [
            (library, "error 9"), (scratch.url.appending(path: "nvml.c").path, "not installed"),
            ("/nonexistent.so", "not installed"),
        ] {
            let error = await #expect(throws: ProbeError.self) {
                try await GPUProbe(tree: SysTree(root: tree.url.path), libraries: [path])
                    .observe(at: Self.now, since: nil)
            }
            #expect(error?.description.contains(word) == true)
        }
    }

    @Test("a card of AMD is read from its driver's files")
    func radeon() async throws {
        let scratch = try ScratchFolder()
        let device = "sys/devices/pci0000:00/0000:00:03.0/0000:63:00.0"
        for (file, text) in [
            ("vendor", "0x1002"), ("product_name", "Instinct MI50"), ("unique_id", "2f048617326b1ea"),
            ("pcie_replay_count", "3"), ("ras/umc_err_count", "ue: 1\nce: 20"), ("ras/sdma_err_count", "ue: 0\nce: 2"),
            ("ras/gpu_vram_bad_pages", "0x00000001 : 0x00001000 : R\n0x00000002 : 0x00001000 : R"),
        ] { try scratch.write("\(device)/\(file)", text + "\n") }
        try scratch.link("\(device)/drm/card0/device", to: "../../../0000:63:00.0")
        try scratch.link("sys/class/drm/card0", to: "../../devices/pci0000:00/0000:00:03.0/0000:63:00.0/drm/card0")
        let result = try await GPUProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.now, since: nil)
        #expect(result.components.first?.id.rawValue == "gpu:2f048617326b1ea")
        #expect(result.components.first?.parent?.rawValue == "pcie_device:0000:63:00.0")
        #expect(value(result, Signal("hw.errors", ["error.type": "corrected"])) == .counter(22))
        #expect(value(result, Signal("hw.errors", ["error.type": "uncorrected"])) == .counter(1))
        #expect(value(result, Signal("hw.memory.retired_pages")) == .counter(2))
        #expect(value(result, Signal("hw.gpu.pcie_replays")) == .counter(3))
    }

    // MARK: Recordings

    private struct Card: Decodable {
        var temperature: Double?
        var fan: Double?
        var replays: Double?
        var single: Double?
        var double: Double?
        var sram: Double?
        var dram: Double?
    }

    @Test("recorded reports give what another program reads in them", .recorded("gpu"))
    func recorded() async throws {
        let files = Recordings.entries("gpu")
        guard !files.isEmpty else { return }
        var read = 0
        var cards = 0
        var refused: [String] = []
        for file in files {
            let result: ProbeResult
            do throws(ProbeError) {
                result = try await GPUProbe(tree: SysTree(), input: file.path).observe(at: Self.now, since: nil)
            } catch {
                refused.append("\(file.lastPathComponent): \(error)")
                continue
            }
            read += 1
            guard file.pathExtension == "xml" else { continue }
            let script = Recordings.package.appending(path: "Tests/Independent/network.py").path
            let (status, json) = try await run("python3", [script, "nvidia", file.path])
            #expect(status == 0)
            let others = try #require(try JSONDecoder().decode([[Card]].self, from: json).first)
            let own = result.components.filter { $0.kind == .gpu }
            #expect(own.count == others.count)
            for (component, other) in zip(own, others) {
                cards += 1
                let number = { (signal: Signal) in
                    result.observations.first { $0.component == component.id && $0.signal == signal }?.measurement
                        .number
                }
                #expect(number(Signal("hw.temperature")) == other.temperature)
                #expect(number(Signal("hw.gpu.pcie_replays")) == other.replays)
                let corrected = other.single ?? other.sram.map { $0 + (other.dram ?? 0) }
                #expect(
                    number(Signal("hw.errors", ["error.type": "corrected"])) == corrected, "\(file.lastPathComponent)")
                if let double = other.double {
                    #expect(number(Signal("hw.errors", ["error.type": "uncorrected"])) == double)
                }
            }
        }
        print("gpu: \(read) reports read, \(cards) cards compared, \(refused.count) refused")
        for words in refused { print("  \(words)") }
        #expect(read == 13)
        #expect(refused.count == 1)
    }

    @Test("a report that is cut anywhere is refused and never read in part", .recorded("gpu"))
    func cut() async throws {
        guard let file = Recordings.entries("gpu").first(where: { $0.lastPathComponent.contains("2gpu-v100.xml") })
        else { return }
        let bytes = Array(try Data(contentsOf: file))
        for length in stride(from: 1, to: bytes.count - 20, by: 997) {
            #expect(throws: NvidiaReport.Refusal.self) { try NvidiaReport(parsing: Array(bytes[..<length])) }
        }
    }

    @Test("the text of nvidia-smi -q tells what its XML tells")
    func text() throws {
        let log = """

            ==============NVSMI LOG==============

            Driver Version                            : 550.54

            Attached GPUs                             : 1
            GPU 00000000:17:00.0
                Product Name                          : NVIDIA A100
                GPU UUID                              : GPU-77
                Serial Number                         : 1650
                PCI
                    Bus Id                            : 00000000:17:00.0
                    Replays Since Reset               : 5
                Clocks Event Reasons
                    HW Slowdown                       : Not Active
                        HW Thermal Slowdown           : Active
                        HW Power Brake Slowdown       : Not Active
                ECC Errors
                    Aggregate
                        SRAM Correctable              : 1
                        SRAM Uncorrectable Parity     : 2
                        SRAM Uncorrectable SEC-DED    : 3
                        DRAM Correctable              : 10
                        DRAM Uncorrectable            : 20
                        SRAM Threshold Exceeded       : Yes
                Remapped Rows
                    Correctable Error                 : 4
                    Uncorrectable Error               : 0
                    Pending                           : No
                    Remapping Failure Occurred        : Yes
                Temperature
                    GPU Current Temp                  : 33 C
            """
        let reading = try #require(try NvidiaReport(parsing: Array(log.utf8)).readings.first)
        #expect(reading.uuid == "GPU-77")
        #expect(reading.address?.description == "0000:17:00.0")
        #expect(reading.temperature == 33)
        #expect(reading.replays == 5)
        #expect(reading.slowdowns == ["thermal": true, "power_brake": false])
        #expect(reading.errors[.init(scope: "aggregate", type: "corrected")] == 11)
        #expect(reading.errors[.init(scope: "aggregate", type: "uncorrected")] == 25)
        #expect(reading.isPastThreshold == true)
        #expect(reading.remappedRows == ["corrected": 4, "uncorrected": 0, "pending": 0, "failed": 1])
    }
}
