import Glibc
import Testing

@testable import SensorAgent

@Suite("Pages of code")
struct CodePagesTests {
    private static func segment(
        _ type: Int32, _ flags: Int32, at address: UInt64, bytes: UInt64, inMemory: UInt64? = nil
    ) -> Elf64_Phdr {
        var header = Elf64_Phdr()
        header.p_type = UInt32(type)
        header.p_flags = UInt32(flags)
        header.p_vaddr = address
        header.p_filesz = bytes
        header.p_memsz = inMemory ?? bytes
        return header
    }

    @Test("Only what nobody may write to is unmapped, in whole pages: no data, no constants that were relocated")
    func ranges() {
        // As lld lays out a program (readelf -lW): constants, code, what is read-only after relocation, data.
        let segments = [
            Self.segment(PT_PHDR, PF_R, at: 0x40, bytes: 0x268),
            Self.segment(PT_LOAD, PF_R, at: 0, bytes: 0x9_f0b4),
            Self.segment(PT_LOAD, PF_R | PF_X, at: 0xa_00c0, bytes: 0x12_3456),
            Self.segment(PT_LOAD, PF_R | PF_W, at: 0x1c_5520, bytes: 0x8_0000, inMemory: 0x8_1ae0),
            Self.segment(PT_LOAD, PF_R | PF_W, at: 0x24_7ae0, bytes: 0x1_0000, inMemory: 0xf_0000),
            Self.segment(PT_GNU_RELRO, PF_R, at: 0x1c_5520, bytes: 0x8_0000, inMemory: 0x8_1ae0),
            Self.segment(PT_LOAD, PF_R, at: 0x40_0000, bytes: 0),
        ]
        #expect(
            CodePages.ranges(of: segments, base: 0x5500_0000_0000, page: 4_096) == [
                0x5500_0000_0000..<0x5500_000a_0000, 0x5500_000a_0000..<0x5500_001c_4000,
            ])
        // Pages of 64 kB, as some ARM servers have them.
        #expect(
            CodePages.ranges(of: Array(segments[1...1]), base: 0x5500_0000_0000, page: 65_536)
                == [0x5500_0000_0000..<0x5500_000a_0000])
    }

    @Test("The program runs on when its pages were unmapped, and is smaller than before")
    func unmap() throws {
        let before = try #require(CodePages.usage())
        CodePages.unmap()
        let after = try #require(CodePages.usage())
        // By how much depends on what other tests use meanwhile.
        #expect(after.mapped < before.mapped, "\(before) before, \(after) afterwards")
    }

    @Test("What was written to stays: not a page less of it afterwards")
    func keepsWhatWasWritten() throws {
        // Pages of files that were written to, relocations among them, count as anonymous (proc_pid_smaps(5)).
        func written() throws -> [Substring: Int] {
            var sizes: [Substring: Int] = [:]
            var mapping: Substring = ""
            let maps = try SysTree().bytes("/proc/self/smaps", limit: 16 << 20)
            for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
                let fields = line.split(separator: " ")
                if fields.count > 5, fields[5].contains(".so") {
                    mapping = fields[0]
                } else if !fields[0].hasSuffix(":") {
                    mapping = ""
                } else if fields[0] == "Anonymous:", !mapping.isEmpty {
                    sizes[mapping] = Int(fields[1])
                }
            }
            return sizes
        }
        let before = try written()
        CodePages.unmap()
        let after = try written()
        #expect(before.values.reduce(0, +) > 0)
        for (mapping, size) in before { #expect(after[mapping, default: 0] >= size, "\(mapping): \(size) kB before") }
    }

    @Test("The first heartbeat ends the start; then what is mapped is unmapped again where it is worth it")
    func worthIt() {
        var pages = CodePages()
        let much = CodePages.worthwhile, little = CodePages.worthwhile - 1
        #expect(pages.decide(CodePages.Usage(mapped: much, readings: 300), at: .seconds(100)) == .unmap)
        #expect(pages.decide(CodePages.Usage(mapped: little, readings: 300), at: .seconds(160)) == .tooLittle)
        #expect(pages.decide(CodePages.Usage(mapped: much, readings: 300), at: .seconds(220)) == .unmap)
    }

    @Test("Once code had to be read from the disk again, nothing is unmapped for ten minutes after the last reading")
    func diskWasRead() {
        var pages = CodePages()
        let much = CodePages.worthwhile
        #expect(pages.decide(CodePages.Usage(mapped: much, readings: 5), at: .seconds(100)) == .unmap)
        #expect(pages.decide(CodePages.Usage(mapped: much, readings: 6), at: .seconds(160)) == .diskWasRead)
        #expect(pages.decide(CodePages.Usage(mapped: much, readings: 7), at: .seconds(220)) == .diskWasRead)
        #expect(pages.decide(CodePages.Usage(mapped: much, readings: 7), at: .seconds(819)) == .diskWasRead)
        #expect(pages.decide(CodePages.Usage(mapped: much, readings: 7), at: .seconds(820)) == .unmap)
    }
}
