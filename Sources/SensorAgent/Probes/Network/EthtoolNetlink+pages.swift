extension EthtoolNetlink {
    /// The memory of a module in the order of `TransceiverMemory`: the lower page, then the upper ones that hold
    /// identity, limits and what is measured; nil where nothing is plugged in.
    mutating func pages(of interface: String) -> [UInt8]? {
        guard var memory = try? module(of: interface, page: 0, offset: 0) else { return nil }
        guard let identity = try? module(of: interface, page: 0, offset: 128) else { return memory }
        memory += identity
        switch memory[0] {
        case 0x02, 0x03, 0x0B:
            // Diagnostics of an SFP are a second device on its bus.
            for offset: UInt32 in [0, 128] {
                guard let half = try? module(of: interface, page: 0, offset: offset, address: 0x51) else { break }
                memory += half
            }
        case 0x0C, 0x0D, 0x11: add([3], of: interface, to: &memory)
        default:
            // Bit 7 of byte 2: there are no further pages.
            if memory[2] & 0x80 == 0 { add([1, 2, 0x11], of: interface, to: &memory) }
        }
        return memory
    }

    private mutating func add(_ pages: [UInt8], of interface: String, to memory: inout [UInt8]) {
        for page in pages {
            guard let bytes = try? module(of: interface, page: page, offset: 128) else { return }
            let start = TransceiverMemory.page(Int(page))
            memory += [UInt8](repeating: 0, count: max(0, start - memory.count)) + bytes
        }
    }
}
