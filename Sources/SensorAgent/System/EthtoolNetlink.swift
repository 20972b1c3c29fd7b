import Glibc

/// What ethtool returns through generic netlink alone (Documentation/networking/ethtool-netlink.rst): counts of forward
/// error correction, and pages of a module's memory. The only file that speaks netlink.
struct EthtoolNetlink: ~Copyable {
    /// Bytes of one answer.
    private static let answerBytes = 32 << 10
    /// Milliseconds that the kernel, which asks the module over I²C, may take for one answer.
    private static let patience: Int = 3_000

    private let descriptor: Int32
    private var family: UInt16 = 0
    private var sequence: UInt32 = 0

    /// nil where the kernel has no ethtool netlink (before 5.6).
    init?() {
        descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), EthtoolNetlink.generic)
        guard descriptor >= 0 else { return nil }
        var wait = timeval(tv_sec: EthtoolNetlink.patience / 1000, tv_usec: 0)
        _ = unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var name = Attributes()
        name.add(EthtoolNetlink.familyName, text: "ethtool")
        let answer = try? ask(type: UInt16(EthtoolNetlink.controller), command: EthtoolNetlink.getFamily, name)
        guard let number = answer?[EthtoolNetlink.familyNumber]?.word16 else { return nil }
        family = number
    }

    deinit { close(descriptor) }

    /// Blocks that forward error correction mended and could not mend, all lanes together.
    struct Correction: Hashable, Sendable {
        var corrected: UInt64?
        var uncorrected: UInt64?
    }

    /// - Throws: errno: `EOPNOTSUPP` for a driver that counts none.
    mutating func correction(of interface: String) throws(SystemError) -> Correction {
        var attributes = Attributes()
        attributes.addHeader(interface, flags: EthtoolNetlink.withStatistics)
        let answer = try ask(type: family, command: EthtoolNetlink.getCorrection, attributes)
        guard let statistics = answer[EthtoolNetlink.correctionStatistics]?.nested else {
            throw SystemError(code: EOPNOTSUPP)
        }
        // The whole port comes first, then the lanes.
        return Correction(
            corrected: statistics[EthtoolNetlink.corrected]?.word64,
            uncorrected: statistics[EthtoolNetlink.uncorrected]?.word64)
    }

    /// 128 bytes of a module's memory.
    /// - Parameters:
    ///   - page: of the upper half; the lower half is page 0 from offset 0.
    ///   - offset: 0 or 128.
    ///   - address: on the module's I²C bus; 0x50, of an SFP's diagnostics 0x51.
    mutating func module(
        of interface: String, page: UInt8, offset: UInt32, address: UInt8 = 0x50
    ) throws(SystemError) -> [UInt8] {
        var attributes = Attributes()
        attributes.addHeader(interface, flags: 0)
        attributes.add(EthtoolNetlink.memoryOffset, offset)
        attributes.add(EthtoolNetlink.memoryLength, UInt32(128))
        attributes.add(EthtoolNetlink.memoryPage, page)
        attributes.add(EthtoolNetlink.memoryBank, UInt8(0))
        attributes.add(EthtoolNetlink.memoryAddress, address)
        let answer = try ask(type: family, command: EthtoolNetlink.getMemory, attributes)
        guard let data = answer[EthtoolNetlink.memoryData]?.bytes, data.count == 128 else {
            throw SystemError(code: ENODATA)
        }
        return data
    }

    // MARK: Numbers of linux/genetlink.h and linux/ethtool_netlink.h

    private static let generic: Int32 = 16  // NETLINK_GENERIC
    private static let controller: Int32 = 0x10
    private static let getFamily: UInt8 = 3
    private static let familyNumber: UInt16 = 1
    private static let familyName: UInt16 = 2
    private static let withStatistics: UInt32 = 1 << 2
    private static let getCorrection: UInt8 = 29
    private static let correctionStatistics: UInt16 = 5
    private static let corrected: UInt16 = 2
    private static let uncorrected: UInt16 = 3
    private static let getMemory: UInt8 = 31
    private static let memoryOffset: UInt16 = 2
    private static let memoryLength: UInt16 = 3
    private static let memoryPage: UInt16 = 4
    private static let memoryBank: UInt16 = 5
    private static let memoryAddress: UInt16 = 6
    private static let memoryData: UInt16 = 7
    private static let headerName: UInt16 = 2
    private static let headerFlags: UInt16 = 3
    private static let errorMessage: UInt16 = 2  // NLMSG_ERROR

    // MARK: Messages

    /// Attributes of a request (netlink(7)): length, type, value, filled up to four bytes.
    private struct Attributes {
        private(set) var bytes: [UInt8] = []

        mutating func add(_ type: UInt16, bytes value: [UInt8]) {
            var head = [UInt8](repeating: 0, count: 4)
            head.put(UInt16(4 + value.count), at: 0)
            head.put(type, at: 2)
            bytes += head + value + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
        }

        mutating func add(_ type: UInt16, _ number: some FixedWidthInteger) {
            var value = [UInt8](repeating: 0, count: number.bitWidth / 8)
            value.put(number, at: 0)
            add(type, bytes: value)
        }

        mutating func add(_ type: UInt16, text: String) { add(type, bytes: Array(text.utf8) + [0]) }

        mutating func addHeader(_ interface: String, flags: UInt32) {
            var header = Attributes()
            header.add(EthtoolNetlink.headerName, text: interface)
            header.add(EthtoolNetlink.headerFlags, flags)
            add(1 | 1 << 15, bytes: header.bytes)  // ETHTOOL_A_*_HEADER, NLA_F_NESTED
        }
    }

    /// One attribute of an answer.
    struct Attribute {
        let bytes: [UInt8]
        var word16: UInt16? { bytes.count >= 2 ? UInt16(truncatingIfNeeded: (bytes + [0, 0]).word32(0)) : nil }
        var word64: UInt64? { bytes.count >= 8 ? bytes.word64(0) : nil }
        var nested: [UInt16: Attribute] { EthtoolNetlink.attributes(in: bytes[...]) }
    }

    /// Parses attributes; what is cut off or shorter than its head ends the list.
    static func attributes(in bytes: ArraySlice<UInt8>) -> [UInt16: Attribute] {
        var found: [UInt16: Attribute] = [:]
        var rest = Array(bytes)
        while rest.count >= 4 {
            let head = rest.word32(0)
            let (length, type) =
                1.littleEndian == 1
                ? (Int(head & 0xFFFF), UInt16(head >> 16)) : (Int(head >> 16), UInt16(head & 0xFFFF))
            guard length >= 4, length <= rest.count else { break }
            found[type & 0x3FFF] = Attribute(bytes: Array(rest[4..<length]))
            rest.removeFirst(min(rest.count, (length + 3) & ~3))
        }
        return found
    }

    private mutating func ask(
        type: UInt16, command: UInt8, _ attributes: Attributes
    ) throws(SystemError) -> [UInt16: Attribute] {
        sequence += 1
        var message = [UInt8](repeating: 0, count: 20)
        message.put(UInt32(20 + attributes.bytes.count), at: 0)
        message.put(type, at: 4)
        message.put(UInt16(1), at: 6)  // NLM_F_REQUEST
        message.put(sequence, at: 8)
        message[16] = command
        message[17] = 1  // version
        message += attributes.bytes
        let sent = unsafe message.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, 0) }
        guard sent == message.count else { throw SystemError(code: errno) }
        var buffer = [UInt8](repeating: 0, count: EthtoolNetlink.answerBytes)
        // An answer that came too late for the question before is passed over.
        for _ in 0..<8 {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EINTR { continue }
            guard count >= 20 else { throw SystemError(code: count < 0 ? errno : EBADMSG) }
            let answer = Array(buffer[..<count])
            guard answer.word32(8) == sequence else { continue }
            let length = Int(answer.word32(0))
            guard length >= 20, length <= count else { throw SystemError(code: EBADMSG) }
            let kind = Attribute(bytes: Array(answer[4..<6])).word16
            if kind == EthtoolNetlink.errorMessage {
                let code = Int32(bitPattern: answer.word32(16))
                throw SystemError(code: code < 0 ? 0 - max(code, -4095) : EBADMSG)
            }
            return EthtoolNetlink.attributes(in: answer[20..<length])
        }
        throw SystemError(code: ETIMEDOUT)
    }
}
