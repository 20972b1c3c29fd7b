extension MachineCheck {
    /// `CPU 3: Machine Check: 0 Bank 7: 8c00004000010090` (arch/x86/kernel/cpu/mce/core.c); `Machine Check Exception: 5` of
    /// fatal ones.
    init?(rawLine words: Substring) {
        guard words.hasPrefix("CPU "), let check = words.firstRange(of: ": Machine Check"),
            let bank = words.firstRange(of: " Bank ")
        else { return nil }
        let rest = words[bank.upperBound...]
        let parts = rest.split(separator: ":", maxSplits: 1)
        guard let processor = Int(words.dropFirst(4)[..<check.lowerBound]), parts.count == 2,
            let number = Int(parts[0]),
            let status = MachineCheck.hexadecimalNumber(parts[1].split(separator: " ").first ?? "")
        else { return nil }
        self.init(processor: processor, bank: number, status: status)
    }

    /// `CPU:2 (17:31:0) MC27_STATUS[-|CE|…]: 0x9c2040000000010b` (drivers/edac/mce_amd.c).
    init?(decodedLine words: Substring) {
        guard words.hasPrefix("CPU:"), let mark = words.firstRange(of: "_STATUS["),
            let end = words.firstRange(of: "]: "), let bank = words[..<mark.lowerBound].split(separator: " ").last,
            bank.hasPrefix("MC"), let number = Int(bank.dropFirst(2)),
            let status = MachineCheck.hexadecimalNumber(words[end.upperBound...].prefix { $0 != " " }),
            let processor = Int(words.dropFirst(4).prefix { $0.isNumber })
        else { return nil }
        self.init(processor: processor, bank: number, status: status, vendor: .amd)
    }

    /// A line after the first: `TSC 0 ADDR 3f7fc0 MISC 86`, `PROCESSOR 0:50654 TIME … SOCKET 1 APIC 0`, `Error Addr: 0x…`,
    /// `IPID: 0x…, Syndrome: 0x…`.
    mutating func take(detailLine line: Substring) {
        let words = line.split(whereSeparator: { " ,".contains($0) }).map(String.init)
        for (index, word) in words.enumerated() where index + 1 < words.count {
            let next = words[index + 1]
            switch word {
            case "ADDR", "Addr:": address = MachineCheck.hexadecimalNumber(next) ?? address
            case "IPID:", "IPID": identity = MachineCheck.hexadecimalNumber(next) ?? identity
            case "SOCKET": socket = Int(next) ?? socket
            case "PROCESSOR": vendor = Int(next.prefix { $0 != ":" }).flatMap(Vendor.init) ?? vendor
            default: break
            }
        }
    }

    static func hexadecimalNumber(_ digits: some StringProtocol) -> UInt64? {
        digits.hasPrefix("0x") ? UInt64(digits.dropFirst(2), radix: 16) : UInt64(digits, radix: 16)
    }
}
