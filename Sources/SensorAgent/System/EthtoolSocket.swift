import Glibc

/// What a network driver returns through the ethtool ioctl (linux/ethtool.h, `SIOCETHTOOL` of netdevice(7)): the only
/// file that makes these calls. Only getters, each with a buffer of its own size.
struct EthtoolSocket: ~Copyable {
    /// Statistics taken from one device; mlx5 has 3,000 with all its queues.
    static let statisticLimit: UInt32 = 8_192
    /// Bytes of a module's memory: as much as the kernel hands out (ETH_MODULE_SFF_8636_MAX_LEN).
    static let moduleBytes: UInt32 = 640

    private let descriptor: Int32

    /// nil where the system gives no socket.
    init?() {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// The firmware of a card, as its driver writes it (`ETHTOOL_GDRVINFO`).
    func firmware(of interface: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 196)
        guard call(interface, EthtoolSocket.getDriverInfo, &buffer) == nil else { return nil }
        let text = buffer[68..<100].prefix { $0 != 0 }
        return String(decoding: text, as: UTF8.self)
    }

    /// The driver's own counters by name (`ETHTOOL_GSTRINGS`, `ETHTOOL_GSTATS`); empty where it has none.
    func statistics(of interface: String) -> [(name: String, value: UInt64)] {
        var info = [UInt8](repeating: 0, count: 20)
        info.put(UInt64(1) << EthtoolSocket.statisticsSet, at: 8)
        guard call(interface, EthtoolSocket.getSetInfo, &info) == nil, info.word64(8) != 0 else { return [] }
        let count = info.word32(16)
        guard count > 0, count <= EthtoolSocket.statisticLimit else { return [] }
        // A driver whose number of counters changes meanwhile writes as many as it has now: room for that.
        let room = Int(count) * 2
        var names = [UInt8](repeating: 0, count: 12 + room * EthtoolSocket.nameBytes)
        names.put(EthtoolSocket.statisticsSet, at: 4)
        names.put(count, at: 8)
        var values = [UInt8](repeating: 0, count: 8 + room * 8)
        values.put(count, at: 4)
        guard call(interface, EthtoolSocket.getStrings, &names) == nil,
            call(interface, EthtoolSocket.getStatistics, &values) == nil
        else { return [] }
        return (0..<Int(min(count, names.word32(8), values.word32(4)))).map { index in
            let start = 12 + index * EthtoolSocket.nameBytes
            let name = names[start..<(start + EthtoolSocket.nameBytes)].prefix { $0 != 0 }
            return (String(decoding: name, as: UTF8.self), values.word64(8 + index * 8))
        }
    }

    /// The memory of the plugged-in module as the driver maps it (`ETHTOOL_GMODULEINFO`, `ETHTOOL_GMODULEEEPROM`).
    /// - Throws: errno: `EOPNOTSUPP` for a driver without, `EPERM` without CAP_NET_ADMIN, `EIO` and others for a module
    ///   that does not answer.
    func module(of interface: String) throws(SystemError) -> [UInt8] {
        var info = [UInt8](repeating: 0, count: 44)
        if let code = call(interface, EthtoolSocket.getModuleInfo, &info) { throw SystemError(code: code) }
        let length = min(info.word32(8), EthtoolSocket.moduleBytes)
        guard length >= 128 else { throw SystemError(code: ENODATA) }
        var memory = [UInt8](repeating: 0, count: 16 + Int(length))
        memory.put(length, at: 12)
        if let code = call(interface, EthtoolSocket.getModuleMemory, &memory) { throw SystemError(code: code) }
        return Array(memory[16..<(16 + Int(min(length, memory.word32(12))))])
    }

    // MARK: The call

    private static let getDriverInfo: UInt32 = 0x03
    private static let getStrings: UInt32 = 0x1B
    private static let getStatistics: UInt32 = 0x1D
    private static let getSetInfo: UInt32 = 0x37
    private static let getModuleInfo: UInt32 = 0x42
    private static let getModuleMemory: UInt32 = 0x43
    private static let request: UInt = 0x8946  // SIOCETHTOOL
    private static let nameBytes = 32  // ETH_GSTRING_LEN
    private static let statisticsSet: UInt32 = 1  // ETH_SS_STATS

    /// Returns errno; nil when it went well. `buffer` is the command's structure, in which its number is set here.
    private func call(_ interface: String, _ command: UInt32, _ buffer: inout [UInt8]) -> Int32? {
        buffer.put(command, at: 0)
        // struct ifreq: 16 bytes of name, then a union that holds the address of the structure.
        var request = [UInt8](repeating: 0, count: 40)
        let name = Array(interface.utf8)
        guard name.count < 16 else { return ENODEV }
        request.replaceSubrange(0..<name.count, with: name)
        return unsafe buffer.withUnsafeMutableBytes { memory in
            unsafe request.withUnsafeMutableBytes { bytes -> Int32? in
                unsafe bytes.storeBytes(of: UInt(bitPattern: memory.baseAddress), toByteOffset: 16, as: UInt.self)
                guard let address = bytes.baseAddress else { return EINVAL }
                return unsafe ioctl(descriptor, EthtoolSocket.request, address) == 0 ? nil : errno
            }
        }
    }
}

/// A system call that failed, with errno(3).
struct SystemError: Error, Hashable { var code: Int32 }

/// Numbers in the byte order of this machine, inside buffers that the kernel reads and writes.
extension [UInt8] {
    mutating func put(_ number: some FixedWidthInteger, at offset: Int) {
        for (index, byte) in withNativeBytes(number).enumerated() where offset + index < count {
            self[offset + index] = byte
        }
    }

    private func withNativeBytes(_ number: some FixedWidthInteger) -> [UInt8] {
        let bytes = (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        return 1.littleEndian == 1 ? bytes : bytes.reversed()
    }

    func word32(_ offset: Int) -> UInt32 { UInt32(truncatingIfNeeded: word(offset, 4)) }
    func word64(_ offset: Int) -> UInt64 { word(offset, 8) }

    private func word(_ offset: Int, _ width: Int) -> UInt64 {
        guard offset >= 0, offset + width <= count else { return 0 }
        let bytes = self[offset..<(offset + width)]
        let little = 1.littleEndian == 1 ? Array(bytes) : bytes.reversed()
        return little.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
