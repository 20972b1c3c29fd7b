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

    /// One card, as long as the library is open.
    @safe struct Device {
        fileprivate let handle: Pointer
    }

    fileprivate typealias Pointer = UnsafeMutableRawPointer

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

    /// All cards that the library gives a handle of.
    func devices() -> [Device] {
        typealias Count = @convention(c) (UnsafeMutablePointer<UInt32>) -> Int32
        typealias Handle = @convention(c) (UInt32, UnsafeMutablePointer<Pointer?>) -> Int32
        guard let countSymbol = unsafe dlsym(library, "nvmlDeviceGetCount_v2"),
            let handleSymbol = unsafe dlsym(library, "nvmlDeviceGetHandleByIndex_v2")
        else { return [] }
        var count: UInt32 = 0
        guard unsafe unsafeBitCast(countSymbol, to: Count.self)(&count) == 0 else { return [] }
        return (0..<min(count, NVML.deviceLimit)).compactMap { index in
            var device: Pointer?
            guard unsafe unsafeBitCast(handleSymbol, to: Handle.self)(index, &device) == 0, let device = unsafe device
            else { return nil }
            return unsafe Device(handle: device)
        }
    }

    // MARK: One card

    /// `unsigned int` by a function of the device alone.
    func number(_ device: Device, _ name: String) -> UInt32? {
        typealias Get = @convention(c) (Pointer, UnsafeMutablePointer<UInt32>) -> Int32
        guard let symbol = unsafe dlsym(library, name) else { return nil }
        var value: UInt32 = 0
        return unsafe unsafeBitCast(symbol, to: Get.self)(device.handle, &value) == 0 ? value : nil
    }

    func number(_ device: Device, _ name: String, _ kind: UInt32) -> UInt32? {
        typealias Get = @convention(c) (Pointer, UInt32, UnsafeMutablePointer<UInt32>) -> Int32
        guard let symbol = unsafe dlsym(library, name) else { return nil }
        var value: UInt32 = 0
        return unsafe unsafeBitCast(symbol, to: Get.self)(device.handle, kind, &value) == 0 ? value : nil
    }

    /// `unsigned long long`.
    func wide(_ device: Device, _ name: String) -> UInt64? {
        typealias Get = @convention(c) (Pointer, UnsafeMutablePointer<UInt64>) -> Int32
        guard let symbol = unsafe dlsym(library, name) else { return nil }
        var value: UInt64 = 0
        return unsafe unsafeBitCast(symbol, to: Get.self)(device.handle, &value) == 0 ? value : nil
    }

    func wide(_ device: Device, _ name: String, _ first: UInt32, _ second: UInt32) -> UInt64? {
        typealias Get = @convention(c) (Pointer, UInt32, UInt32, UnsafeMutablePointer<UInt64>) -> Int32
        guard let symbol = unsafe dlsym(library, name) else { return nil }
        var value: UInt64 = 0
        return unsafe unsafeBitCast(symbol, to: Get.self)(device.handle, first, second, &value) == 0 ? value : nil
    }

    func text(_ device: Device, _ name: String, _ size: Int) -> String? {
        typealias Get = @convention(c) (Pointer, UnsafeMutablePointer<CChar>, UInt32) -> Int32
        guard let symbol = unsafe dlsym(library, name) else { return nil }
        var buffer = [CChar](repeating: 0, count: size)
        let status = unsafe buffer.withUnsafeMutableBufferPointer { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -1 }
            return unsafe unsafeBitCast(symbol, to: Get.self)(device.handle, start, UInt32(size))
        }
        guard status == 0 else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// nvmlPciInfo_t: 16 bytes of old bus id, five numbers, 32 bytes of `00000000:17:00.0`.
    func busAddress(_ device: Device) -> String? {
        typealias Get = @convention(c) (Pointer, UnsafeMutableRawPointer) -> Int32
        guard let symbol = unsafe dlsym(library, "nvmlDeviceGetPciInfo_v3") else { return nil }
        var buffer = [UInt8](repeating: 0, count: 128)
        let status = unsafe buffer.withUnsafeMutableBytes { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -1 }
            return unsafe unsafeBitCast(symbol, to: Get.self)(device.handle, start)
        }
        guard status == 0 else { return nil }
        return String(decoding: buffer[36..<68].prefix { $0 != 0 }, as: UTF8.self).lowercased()
    }

    /// A count of no room gives the number alone (`NVML_ERROR_INSUFFICIENT_SIZE` is 7).
    func retiredPages(_ device: Device, cause: UInt32) -> UInt64? {
        typealias Get =
            @convention(c) (
                Pointer, UInt32, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt64>?
            ) -> Int32
        guard let symbol = unsafe dlsym(library, "nvmlDeviceGetRetiredPages") else { return nil }
        var count: UInt32 = 0
        let status = unsafe unsafeBitCast(symbol, to: Get.self)(device.handle, cause, &count, nil)
        return status == 0 || status == 7 ? UInt64(count) : nil
    }

    /// Rows of the memory that others took the place of, by why; `pending` and `failed` are flags.
    func remappedRows(
        _ device: Device
    ) -> (corrected: UInt32, uncorrected: UInt32, pending: UInt32, failed: UInt32)? {
        typealias Number = UnsafeMutablePointer<UInt32>
        typealias Get = @convention(c) (Pointer, Number, Number, Number, Number) -> Int32
        guard let symbol = unsafe dlsym(library, "nvmlDeviceGetRemappedRows") else { return nil }
        var (corrected, uncorrected, pending, failed) = (UInt32(0), UInt32(0), UInt32(0), UInt32(0))
        let status = unsafe unsafeBitCast(symbol, to: Get.self)(
            device.handle, &corrected, &uncorrected, &pending, &failed)
        return status == 0 ? (corrected, uncorrected, pending, failed) : nil
    }

    /// Numbers of the links to other cards that are up.
    func activeLinks(_ device: Device) -> [UInt32] {
        typealias State = @convention(c) (Pointer, UInt32, UnsafeMutablePointer<UInt32>) -> Int32
        guard let state = unsafe dlsym(library, "nvmlDeviceGetNvLinkState") else { return [] }
        return (0..<NVML.linkLimit).filter { link in
            var active: UInt32 = 0
            return unsafe unsafeBitCast(state, to: State.self)(device.handle, link, &active) == 0 && active != 0
        }
    }

    /// nvmlEccSramErrorStatus_v1_t: the version, eleven counters of 64 bits, then the flag; of drivers from 550 on.
    func isPastThreshold(_ device: Device) -> Bool? {
        typealias Get = @convention(c) (Pointer, UnsafeMutableRawPointer) -> Int32
        guard let symbol = unsafe dlsym(library, "nvmlDeviceGetSramEccErrorStatus") else { return nil }
        let size = 104
        var buffer = [UInt8](repeating: 0, count: size)
        buffer.put(UInt32(size) | 1 << 24, at: 0)
        let status = unsafe buffer.withUnsafeMutableBytes { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -1 }
            return unsafe unsafeBitCast(symbol, to: Get.self)(device.handle, start)
        }
        return status == 0 ? buffer.word32(96) != 0 : nil
    }
}
