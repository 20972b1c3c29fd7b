import Reports
import Testing

@Suite("Words about things")
struct WordingTests {
    @Test(
        "Kind, name and place of a part are each said once",
        arguments: [
            ("cable", ComponentKind.cable, "cable", nil, "cable"),
            ("Kabel", .cable, "cable", nil, "Kabel"),
            ("Kabel", .cable, "cable", "cable", "Kabel"),
            ("memory module", .dimm, "DIMM_C1", "DIMM_C1", "memory module DIMM_C1"),
            ("memory module", .dimm, "DIMM C1", "DIMM_C1", "memory module DIMM C1"),
            ("memory module", .dimm, "CPU0 DIMM_C1", "DIMM_C1", "memory module CPU0 DIMM_C1"),
            ("memory module", .dimm, "DIMM_C10", "DIMM_C1", "memory module DIMM_C10 · DIMM_C1"),
            ("disk", .disk, "/dev/sda", "Bay 3", "disk /dev/sda · Bay 3"),
            ("fan", .fan, "Fan 2", "FAN2", "Fan 2 · FAN2"),
            ("Lüfter", .fan, "Fan 2", nil, "Lüfter Fan 2"),
            ("memory row", .memoryRow, "memory_row", nil, "memory row"),
            ("fan", .fan, "", nil, "fan"),
        ] as [(String, ComponentKind, String, String?, String)])
    func partNames(kind: String, rawKind: ComponentKind, name: String, location: String?, text: String) {
        #expect(PartName(kind: kind, rawKind: rawKind, name: name, location: location).text == text)
    }

    @Test("One thing is singular, none and many are plural")
    func counted() {
        #expect(Wording.counted(1, "case") == "1 case")
        #expect(Wording.counted(0, "case") == "0 cases")
        #expect(Wording.counted(2, "Fall", "Fälle") == "2 Fälle")
        #expect([0, 1, 2].map { Wording.form($0, "hat", "haben") } == ["haben", "hat", "haben"])
    }
}

@Suite("Misspelt commands")
struct CommandTreeTests {
    private let program = CommandTree(
        name: "callhome",
        commands: [
            CommandTree(name: "status", commands: [], hasDefault: false),
            CommandTree(
                name: "cases",
                commands: ["list", "show"].map { CommandTree(name: $0, commands: [], hasDefault: false) },
                hasDefault: true),
        ], hasDefault: false)

    @Test(
        "A command that there is not is named with the nearest, and with all where none is near",
        arguments: [
            ("statsu", "callhome has no command statsu; perhaps status"),
            ("cases shw", "callhome cases has no command shw; perhaps show"),
            ("xyzzy --json", "callhome has no command xyzzy; there are cases, status"),
        ])
    func misspelt(line: String, hint: String) {
        #expect(program.hint(for: line.split(separator: " ").map(String.init)) == hint)
    }

    @Test(
        "What is no command's name is no misspelt command",
        arguments: ["status x", "cases CH-1", "--verison", "help", ""])
    func others(line: String) {
        #expect(program.hint(for: line.split(separator: " ").map(String.init)) == nil)
    }
}
