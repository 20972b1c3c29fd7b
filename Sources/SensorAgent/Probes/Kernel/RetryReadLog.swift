/// What a memory controller of Intel's server processors kept of one read that it had to correct (RetryRdErrLog), as
/// EDAC's drivers print it behind an error: `retry_rd_err_log[0001a209 00000000 00800000 0440d001 000015da]`, the
/// registers log, misc, parity, address1, address2 and, but on Skylake, address3, in hexadecimal.
///
/// The registers are of a channel and keep the last error, which need not be the one that is reported: what does not
/// `belongs(to:)` says nothing. Sources: drivers/edac/skx_base.c (`skx_show_retry_rd_err_log`) and i10nm_base.c
/// (`show_retry_rd_err_log`, `struct reg_rrl`) of Linux.
struct RetryReadLog: Hashable, Sendable {
    /// How the registers are laid out, by the number of words and their digits. The raw values are those of the label
    /// `layout` of `hw.memory.error_bits`.
    enum Layout: String, Hashable, Sendable {
        /// Skylake and Cascade Lake: skx_edac always prints them.
        case skylake
        /// Ice Lake: i10nm_edac does where its `retry_rd_err_log` is 1 or 2, as for all later ones.
        case iceLake = "ice_lake"
        /// Sapphire Rapids and later, of DDR5: 64 bits of parity, taken for 16 beats of 4 lines.
        case doubleBurst = "double_burst"
    }

    let layout: Layout
    let log: UInt32
    let parity: UInt64
    private let address: UInt32
    let row: UInt64

    /// Characters between the brackets, at most: two sets of six words.
    static let characters = 160

    /// nil where the text holds no such words, or words of a form that no driver is known to print.
    init?(in text: Substring) {
        guard let (words, rest) = RetryReadLog.words(after: "retry_rd_err_log[", in: text) else { return nil }
        let six = [8, 8, 16, 8, 8, 16]
        var first = 0
        switch words.map(\.utf8.count) {
        case [8, 8, 8, 8, 8]: layout = .skylake
        case [8, 8, 8, 8, 8, 16]: layout = .iceLake
        case six: layout = .doubleBurst
        case six + six:
            layout = .doubleBurst
            // Sapphire Rapids prints the last error and then the first one, Granite Rapids the first and then the last.
            // Their counters differ: of 4 digits, two in a register, or of 8.
            switch RetryReadLog.words(after: "correrrcnt[", in: rest)?.words.first?.utf8.count {
            case 4: break
            case 8: first = 6
            default: return nil
            }
        default: return nil
        }
        let numbers = words.compactMap { UInt64($0, radix: 16) }
        guard numbers.count == words.count, let log = UInt32(exactly: numbers[first]),
            let address = UInt32(exactly: numbers[first + 3])
        else { return nil }
        (self.log, self.address) = (log, address)
        parity = numbers[first + 2]
        row = numbers[first + 4] & 0x1F_FFFF
    }

    /// The hexadecimal words between `mark` and the next bracket, and what follows.
    private static func words(after mark: String, in text: Substring) -> (words: [Substring], rest: Substring)? {
        guard let start = text.firstRange(of: mark)?.upperBound else { return nil }
        let inside = text[start...].prefix(characters)
        guard let end = inside.firstIndex(of: "]") else { return nil }
        let words = inside[..<end].split(separator: " ")
        let areDigits = words.allSatisfy { $0.allSatisfy { $0.isASCII && $0.isHexDigit } }
        return areDigits ? (words, text[end...]) : nil
    }

    // MARK: The register `log`

    private var isValid: Bool { log & 1 != 0 }
    /// It keeps an error that could not be corrected, until somebody clears it: later errors leave no trace in it.
    var isLocked: Bool { log & 1 << 1 != 0 }
    private var foundNoError: Bool { log & 1 << 8 != 0 }
    private var isOfPatrol: Bool { log & 1 << 12 != 0 }
    /// How the words were corrected: 0 and 1 by one device (SDDC), 2 and 3 with one spared, 4 to 7 by devices of two
    /// ranks (ADDDC, whose words are laid out otherwise), 8 of persistent memory, 9 and 10 of devices with 8 lines.
    private var mode: UInt32 { log >> 3 & 15 }

    /// Whether the words tell lines and beats.
    var tellsBits: Bool { isValid && !foundNoError && parity != 0 && mode <= 1 }

    // MARK: The address

    /// The device that was corrected, which has four lines: the absolute number of a line is 4 · device + bit.
    var device: Int { Int(address & 0x3F) }
    /// The chip select of the channel: four of each module.
    private var chipSelect: Int { Int(address >> 6 & 7) }

    /// Bank group and bank, where their places in the word are known.
    private var bank: (group: UInt64, address: UInt64)? {
        layout == .skylake ? (UInt64(address >> 12 & 3), UInt64(address >> 14 & 3)) : nil
    }

    /// Whether it is of the error that was reported: of the same row, and as far as both tell, of the same module, rank
    /// and bank. An error without a row has no log that is surely its own.
    func belongs(to error: MemoryErrorText) -> Bool {
        guard error.value(of: "row") == row else { return false }
        // Beyond Ice Lake no source says where the chip select stands.
        if layout != .doubleBurst {
            if let slot = error.slot, slot != chipSelect >> 2 { return false }
            if let rank = error.value(of: "rank", "physicalrankid"), rank & 3 != chipSelect & 3 { return false }
        }
        if let bank, let group = error.value(of: "bankgroup", "bank_group", "bg"),
            let address = error.value(of: "bank", "bank_address", "ba")
        {
            return bank == (group, address)
        }
        return true
    }

    // MARK: The bits

    /// How many beats the register holds.
    var burst: Int { layout == .doubleBurst ? 16 : 8 }
    /// The lines that were wrong in any beat, of the device's four.
    var lines: [Int] {
        (0..<4).filter { line in beats.contains { parity >> (4 * UInt64($0) + UInt64(line)) & 1 != 0 } }
    }
    /// The beats in which any line was wrong.
    var beats: [Int] { (0..<burst).filter { parity >> (4 * UInt64($0)) & 15 != 0 } }
    var bits: Int { parity.nonzeroBitCount }
    /// The device that failed, where that is sure: a log that is locked names that of an older error, and beyond Ice Lake
    /// no source says where the device stands.
    var knownDevice: Int? { isLocked || layout == .doubleBurst ? nil : device }

    /// - Parameter error: that it belongs to.
    func isOfScrub(_ error: MemoryErrorText) -> Bool {
        // The driver takes the registers by the kind of error that it reports; Skylake has one set for both.
        error.message.lowercased().contains("scrub") || layout == .skylake && isOfPatrol
    }
}

extension [Int] {
    /// From the first to the last.
    var span: Int { (last ?? 0) - (first ?? 0) }
}
