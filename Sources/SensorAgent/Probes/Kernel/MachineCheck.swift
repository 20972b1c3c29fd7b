import Reports

/// One machine check as the processor's bank holds it: Intel SDM volume 3B, chapters 16 and 17 (Machine-Check Architecture;
/// Interpreting Error Codes); AMD64 APM volume 2, chapter 9, and the Scalable MCA of its PPRs.
struct MachineCheck: Hashable, Sendable {
    /// The kernel's numbers (arch/x86/include/asm/processor.h).
    enum Vendor: Int, Sendable {
        case intel = 0
        case amd = 2
        case hygon = 9
        case zhaoxin = 10
        var hasScalableBanks: Bool { self == .amd || self == .hygon }
    }

    var processor: Int?
    /// The processor package.
    var socket: Int?
    var bank: Int
    /// MCi_STATUS.
    var status: UInt64
    var address: UInt64?
    /// MCA_IPID of AMD: which kind of unit the bank belongs to.
    var identity: UInt64?
    /// MCG_CAP; nil where the source does not contain it.
    var capabilities: UInt64?
    var vendor = Vendor.intel

    // MARK: Status

    private func bit(_ number: UInt64) -> Bool { status >> number & 1 == 1 }
    private var isUncorrected: Bool { bit(61) }
    private var contextIsCorrupt: Bool { bit(57) }
    /// MCACOD, without bit 12: correction report filtering.
    private var code: UInt16 { UInt16(truncatingIfNeeded: status) & 0xEFFF }

    enum Severity: String, Sendable { case corrected, deferred, uncorrected, fatal }

    var severity: Severity {
        if isUncorrected, contextIsCorrupt { return .fatal }
        if vendor.hasScalableBanks { return bit(44) ? .deferred : isUncorrected ? .uncorrected : .corrected }
        guard isUncorrected else { return .corrected }
        // Neither signalled nor to be acted on: poisoned data that nobody has used yet (UCNA).
        let knowsRecovery = capabilities.map { $0 >> 24 & 1 == 1 } ?? true
        return knowsRecovery && !bit(56) && !bit(55) ? .deferred : .uncorrected
    }

    /// Whether the bank counts corrected errors (MCG_CAP bit 10).
    private var counts: Bool {
        guard vendor == .intel, !isUncorrected, let capabilities else { return false }
        return capabilities >> 10 & 1 == 1
    }

    /// Errors that the bank counted since it was read last (bits 51:38); 1 where it does not count.
    var count: UInt64 { counts ? max(1, status >> 38 & 0x3FFF) : 1 }

    /// Whether there were more than it can count (bit 52).
    private var countOverflowed: Bool { counts && bit(52) }

    /// Bank 255 is made up: the kernel tells of a record of the firmware so (mce/apei.c).
    private static let firmwareBank = 255

    /// Whether the data in the memory were wrong, and no unit of the processor: the code of a memory controller
    /// (MCACOD 0000 0000 1MMM CCCC), or a unified memory controller of AMD.
    private var isOfMemory: Bool {
        guard place.unit == .memory, bank != MachineCheck.firmwareBank else { return false }
        return scalableKind == .memory || scalableKind == nil && (0x80...0xFF).contains(code)
    }

    /// Whether the record is of an error at all: no code, no address and no other information is what banks of processors hold
    /// that only stopped because another one had an error ("no error has been reported", Intel SDM volume 3B, table of
    /// simple error codes). Kinds of AMD's units count their own errors from 0.
    private var namesError: Bool {
        status & 0xFFFF_FFFF != 0 || bit(58) || bit(59) || scalableKind != nil
    }

    /// The processor's own verdict on a cache (threshold-based error status, MCG_CAP bit 11): it has more errors than its
    /// maker tolerates.
    var isYellow: Bool {
        guard vendor == .intel, !isUncorrected, let capabilities, capabilities >> 11 & 1 == 1 else { return false }
        return status >> 53 & 3 == 2
    }

    enum Unit: String, Sendable { case cache, tlb, bus, `internal`, memory, link, unknown }

    /// Which unit of the processor, and of a cache the level (`l0` to `l3`, or `unknown`).
    var place: (unit: Unit, level: String) {
        let byCode = placeByCode
        guard let kind = scalableKind else { return byCode }
        switch kind {
        case .levelTwo: return (.cache, "l2")
        case .levelThree: return (.cache, "l3")
        case .memory: return (.memory, "unknown")
        case .link: return (.link, "unknown")
        case .bus: return (.bus, "unknown")
        case .core:
            // The units of the core report their own caches and lookaside buffers.
            if byCode.unit == .cache { return (.cache, byCode.level == "unknown" ? "l1" : byCode.level) }
            return byCode.unit == .tlb ? byCode : (.internal, "unknown")
        case .service: return (.internal, "unknown")
        }
    }

    /// Compound error codes of the Intel SDM, table 17-1 ff.; those of AMD's MCACOD are the same.
    private var placeByCode: (unit: Unit, level: String) {
        let levels = ["l0", "l1", "l2", "unknown"]
        switch code {
        case 0: return (.unknown, "unknown")
        case 0x000C...0x000F: return (.cache, levels[Int(code & 3)])
        case 0x0010...0x001F: return (.tlb, "unknown")
        case 0x0080...0x00FF: return (.memory, "unknown")
        case 0x0100...0x01FF: return (.cache, levels[Int(code & 3)])
        // Memory that serves as a cache of other memory.
        case 0x0280...0x02FF: return (.memory, "unknown")
        case 0x0001...0x0007, 0x0400...0x07FF: return (.internal, "unknown")
        case 0x0800...0x0FFF: return (.bus, "unknown")
        default: return (.unknown, "unknown")
        }
    }

    private enum ScalableKind { case core, levelTwo, levelThree, memory, link, bus, service }

    /// Hardware id and type in MCA_IPID (arch/x86/kernel/cpu/mce/amd.c, smca_hwid_mcatypes).
    private var scalableKind: ScalableKind? {
        guard vendor.hasScalableBanks, let identity, identity != 0 else { return nil }
        let hardware = identity >> 32 & 0xFFF
        let type = identity >> 48
        switch (hardware, type) {
        case (0xB0, 0x2): return .levelTwo
        case (0xB0, 0x7): return .levelThree
        case (0xB0, _): return .core
        case (0x96, _): return .memory
        case (0x2E, 0x0), (0x2E, 0x2), (0x50, _), (0x241, _), (0x259, _), (0x267, _), (0x269, _): return .link
        case (0x18, _), (0x46, _), (0x6C, _), (0x80, _): return .bus
        default: return .service
        }
    }

    // MARK: Facts

    var words: String {
        let place = place
        var text = "bank \(bank): \(severity.rawValue) \(place.unit.rawValue) error"
        if place.level != "unknown" { text += ", level \(place.level.dropFirst())" }
        if bit(62) { text += ", others were lost" }
        if countOverflowed { text += ", more than can be counted" }
        text += ", status 0x" + hexadecimal(status, digits: 16)
        if let address, bit(58) { text += ", address 0x" + hexadecimal(address, digits: 1) }
        if let identity, identity != 0 { text += ", IPID 0x" + hexadecimal(identity, digits: 16) }
        return text
    }

    /// None for a bank that holds no error.
    func facts(stamp: KernelMessage.Stamp?) -> [KernelFact] {
        guard let subject = socket.map(KernelSubject.socket) ?? processor.map(KernelSubject.processor) else {
            return []
        }
        let who = processor.map { "processor \($0), " } ?? ""
        return facts(of: subject, stamp: stamp, text: who + words)
    }

    /// - Parameter subject: the processor that the check is of, where not the check itself names it.
    func facts(of subject: KernelSubject, stamp: KernelMessage.Stamp?, text: String) -> [KernelFact] {
        guard bit(63), namesError else { return [] }
        let place = place
        var check = KernelFact(
            recogniser: "machine-check", subject: subject,
            signal: Signal(
                "hw.cpu.machine_check",
                ["unit": place.unit.rawValue, "level": place.level, "severity": severity.rawValue]),
            text: text, stamp: stamp, family: .machineChecks)
        check.count = count
        var facts = [check]
        if isOfMemory {
            // Of servers without EDAC nothing else tells it.
            var error = check
            error.recogniser = "memory-check"
            error.subject = .memoryOf(subject)
            error.signal = Signal("hw.memory.error", ["error.type": severity.rawValue])
            error.family = .checkedMemory
            error.page = bit(58) ? address.map { $0 >> 12 } : nil
            facts.append(error)
        }
        if isYellow, place.unit == .cache {
            var threshold = check
            threshold.recogniser = "cache-threshold"
            threshold.signal = Signal("hw.cpu.cache_threshold")
            threshold.state = "yellow"
            threshold.count = 1
            facts.append(threshold)
        }
        return facts
    }
}
