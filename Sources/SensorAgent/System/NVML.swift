import Glibc

/// NVIDIA's management library (NVML, docs.nvidia.com/deploy/nvml-api), found at run time and never linked: the only
/// file that calls it.
///
/// Opened for one look and closed after it: who keeps it open keeps a card from being reset, and its driver from being
/// updated.
@safe struct NVML: ~Copyable {
    /// Cards taken at most.
    static let deviceLimit: UInt32 = 64
    /// Links between cards asked for each; H100 has 18.
    private static let linkLimit: UInt32 = 24

    /// Why there is nothing to read.
    enum Failure: Error, Hashable {
        /// The library is not installed.
        case missing
        /// It is, and refuses: its own number (`NVML_ERROR_DRIVER_NOT_LOADED` is 9).
        case refused(Int32)
    }

    private typealias Device = UnsafeMutableRawPointer

    private let library: UnsafeMutableRawPointer

    /// - Parameter names: what dlopen(3) is to look for; tests name their own.
    init(names: [String] = ["libnvidia-ml.so.1"]) throws(Failure) {
        guard let library = unsafe names.lazy.compactMap({ unsafe dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else {
            throw .missing
        }
        typealias Initialise = @convention(c) () -> Int32
        guard let symbol = unsafe dlsym(library, "nvmlInit_v2") else {
            unsafe dlclose(library)
            throw .refused(-1)
        }
        let status = unsafe unsafeBitCast(symbol, to: Initialise.self)()
        guard status == 0 else {
            unsafe dlclose(library)
            throw .refused(status)
        }
        unsafe self.library = library
    }

    deinit {
        typealias Shutdown = @convention(c) () -> Int32
        if let symbol = unsafe dlsym(library, "nvmlShutdown") {
            _ = unsafe unsafeBitCast(symbol, to: Shutdown.self)()
        }
        unsafe dlclose(library)
    }

    /// All cards; one that does not answer is told of by what it was last known as, its address.
    func readings() -> [GPUReading] {
        typealias Count = @convention(c) (UnsafeMutablePointer<UInt32>) -> Int32
        typealias Handle = @convention(c) (UInt32, UnsafeMutablePointer<Device?>) -> Int32
        guard let countSymbol = unsafe dlsym(library, "nvmlDeviceGetCount_v2"),
            let handleSymbol = unsafe dlsym(library, "nvmlDeviceGetHandleByIndex_v2")
        else { return [] }
        var count: UInt32 = 0
        guard unsafe unsafeBitCast(countSymbol, to: Count.self)(&count) == 0 else { return [] }
        return (0..<min(count, NVML.deviceLimit)).compactMap { index in
            var device: Device?
            guard unsafe unsafeBitCast(handleSymbol, to: Handle.self)(index, &device) == 0, let device = unsafe device
            else { return nil }
            return unsafe reading(device)
        }
    }

    // MARK: One card

    private func reading(_ device: Device) -> GPUReading {
        var reading = GPUReading()
        reading.maker = "NVIDIA"
        reading.model = unsafe text(device, "nvmlDeviceGetName", 96)
        reading.uuid = unsafe text(device, "nvmlDeviceGetUUID", 96)
        reading.serial = unsafe text(device, "nvmlDeviceGetSerial", 30)
        reading.partNumber = unsafe text(device, "nvmlDeviceGetBoardPartNumber", 80)
        reading.firmware = unsafe text(device, "nvmlDeviceGetVbiosVersion", 32)
        reading.address = unsafe address(device)
        reading.temperature = unsafe number(device, "nvmlDeviceGetTemperature", 0).map(Double.init)
        for (limit, kind) in [("high.emergency", 0), ("high.critical", 1), ("high.degraded", 3)] as [(String, UInt32)] {
            // Where a card counts down to its limit instead, the number is a difference.
            if let value = unsafe number(device, "nvmlDeviceGetTemperatureThreshold", kind), (30...150).contains(value)
            {
                reading.temperatureLimits[limit] = Double(value)
            }
        }
        reading.power = unsafe number(device, "nvmlDeviceGetPowerUsage").map { Double($0) / 1000 }
        reading.powerLimit = unsafe number(device, "nvmlDeviceGetEnforcedPowerLimit").map { Double($0) / 1000 }
        reading.fan = unsafe number(device, "nvmlDeviceGetFanSpeed").map { Double($0) / 100 }
        for (scope, counter) in [("volatile", 0), ("aggregate", 1)] as [(String, UInt32)] {
            for (type, kind) in [("corrected", 0), ("uncorrected", 1)] as [(String, UInt32)] {
                reading.errors[.init(scope: scope, type: type)] = unsafe wide(
                    device, "nvmlDeviceGetTotalEccErrors", kind, counter)
            }
        }
        let retired = [0, 1].map { unsafe retiredPages(device, cause: $0) }
        if let first = retired[0], let second = retired[1] { reading.retiredPages = first &+ second }
        unsafe readRemappedRows(device, &reading)
        if let reasons = unsafe wide(device, "nvmlDeviceGetCurrentClocksThrottleReasons") {
            reading.slowdowns = ["thermal": reasons & 0x40 != 0, "power_brake": reasons & 0x80 != 0]
        }
        reading.replays = unsafe number(device, "nvmlDeviceGetPcieReplayCounter").map(UInt64.init)
        unsafe readLinks(device, &reading)
        reading.isPastThreshold = unsafe isPastThreshold(device)
        return reading
    }

    /// `unsigned int` by a function of the device alone.
    private func number(_ device: Device, _ name: String) -> UInt32? {
        typealias Get = @convention(c) (Device, UnsafeMutablePointer<UInt32>) -> Int32
        guard let symbol = unsafe dlsym(library, name) else { return nil }
        var value: UInt32 = 0
        return unsafe unsafeBitCast(symbol, to: Get.self)(device, &value) == 0 ? value : nil
    }

    private func number(_ device: Device, _ name: String, _ kind: UInt32) -> UInt32? {
        typealias Get = @convention(c) (Device, UInt32, UnsafeMutablePointer<UInt32>) -> Int32
        guard let symbol = unsafe dlsym(library, name) else { return nil }
        var value: UInt32 = 0
        return unsafe unsafeBitCast(symbol, to: Get.self)(device, kind, &value) == 0 ? value : nil
    }

    /// `unsigned long long`.
    private func wide(_ device: Device, _ name: String) -> UInt64? {
        typealias Get = @convention(c) (Device, UnsafeMutablePointer<UInt64>) -> Int32
        guard let symbol = unsafe dlsym(library, name) else { return nil }
        var value: UInt64 = 0
        return unsafe unsafeBitCast(symbol, to: Get.self)(device, &value) == 0 ? value : nil
    }

    private func wide(_ device: Device, _ name: String, _ first: UInt32, _ second: UInt32) -> UInt64? {
        typealias Get = @convention(c) (Device, UInt32, UInt32, UnsafeMutablePointer<UInt64>) -> Int32
        guard let symbol = unsafe dlsym(library, name) else { return nil }
        var value: UInt64 = 0
        return unsafe unsafeBitCast(symbol, to: Get.self)(device, first, second, &value) == 0 ? value : nil
    }

    private func text(_ device: Device, _ name: String, _ size: Int) -> String? {
        typealias Get = @convention(c) (Device, UnsafeMutablePointer<CChar>, UInt32) -> Int32
        guard let symbol = unsafe dlsym(library, name) else { return nil }
        var buffer = [CChar](repeating: 0, count: size)
        let status = unsafe buffer.withUnsafeMutableBufferPointer { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -1 }
            return unsafe unsafeBitCast(symbol, to: Get.self)(device, start, UInt32(size))
        }
        guard status == 0 else { return nil }
        return Filler.removed(String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    /// nvmlPciInfo_t: 16 bytes of old bus id, five numbers, 32 bytes of `00000000:17:00.0`.
    private func address(_ device: Device) -> PCIAddress? {
        typealias Get = @convention(c) (Device, UnsafeMutableRawPointer) -> Int32
        guard let symbol = unsafe dlsym(library, "nvmlDeviceGetPciInfo_v3") else { return nil }
        var buffer = [UInt8](repeating: 0, count: 128)
        let status = unsafe buffer.withUnsafeMutableBytes { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -1 }
            return unsafe unsafeBitCast(symbol, to: Get.self)(device, start)
        }
        guard status == 0 else { return nil }
        return PCIAddress(String(decoding: buffer[36..<68].prefix { $0 != 0 }, as: UTF8.self).lowercased())
    }

    /// A count of no room gives the number alone (`NVML_ERROR_INSUFFICIENT_SIZE` is 7).
    private func retiredPages(_ device: Device, cause: UInt32) -> UInt64? {
        typealias Get =
            @convention(c) (
                Device, UInt32, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt64>?
            ) -> Int32
        guard let symbol = unsafe dlsym(library, "nvmlDeviceGetRetiredPages") else { return nil }
        var count: UInt32 = 0
        let status = unsafe unsafeBitCast(symbol, to: Get.self)(device, cause, &count, nil)
        return status == 0 || status == 7 ? UInt64(count) : nil
    }

    private func readRemappedRows(_ device: Device, _ reading: inout GPUReading) {
        typealias Number = UnsafeMutablePointer<UInt32>
        typealias Get = @convention(c) (Device, Number, Number, Number, Number) -> Int32
        guard let symbol = unsafe dlsym(library, "nvmlDeviceGetRemappedRows") else { return }
        var (corrected, uncorrected, pending, failed) = (UInt32(0), UInt32(0), UInt32(0), UInt32(0))
        let status = unsafe unsafeBitCast(symbol, to: Get.self)(device, &corrected, &uncorrected, &pending, &failed)
        guard status == 0 else { return }
        reading.remappedRows = [
            "corrected": UInt64(corrected), "uncorrected": UInt64(uncorrected), "pending": pending == 0 ? 0 : 1,
            "failed": failed == 0 ? 0 : 1,
        ]
    }

    /// Counters of NVLink: 0 replays, 1 recoveries, 2 CRC errors of flits, 3 of data.
    private func readLinks(_ device: Device, _ reading: inout GPUReading) {
        typealias State = @convention(c) (Device, UInt32, UnsafeMutablePointer<UInt32>) -> Int32
        typealias Get = @convention(c) (Device, UInt32, UInt32, UnsafeMutablePointer<UInt64>) -> Int32
        guard let state = unsafe dlsym(library, "nvmlDeviceGetNvLinkState"),
            let symbol = unsafe dlsym(library, "nvmlDeviceGetNvLinkErrorCounter")
        else { return }
        for link in 0..<NVML.linkLimit {
            var active: UInt32 = 0
            guard unsafe unsafeBitCast(state, to: State.self)(device, link, &active) == 0, active != 0 else { continue }
            for (counter, type) in [(0, "replay"), (1, "recovery"), (2, "crc"), (3, "crc")] as [(UInt32, String)] {
                var value: UInt64 = 0
                guard unsafe unsafeBitCast(symbol, to: Get.self)(device, link, counter, &value) == 0 else { continue }
                reading.linkErrors[type, default: 0] &+= value
            }
        }
    }

    /// nvmlEccSramErrorStatus_v1_t: the version, eleven counters of 64 bits, then the flag; of drivers from 550 on.
    private func isPastThreshold(_ device: Device) -> Bool? {
        typealias Get = @convention(c) (Device, UnsafeMutableRawPointer) -> Int32
        guard let symbol = unsafe dlsym(library, "nvmlDeviceGetSramEccErrorStatus") else { return nil }
        let size = 104
        var buffer = [UInt8](repeating: 0, count: size)
        buffer.put(UInt32(size) | 1 << 24, at: 0)
        let status = unsafe buffer.withUnsafeMutableBytes { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -1 }
            return unsafe unsafeBitCast(symbol, to: Get.self)(device, start)
        }
        return status == 0 ? buffer.word32(96) != 0 : nil
    }
}
