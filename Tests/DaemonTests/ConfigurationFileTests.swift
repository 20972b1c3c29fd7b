import Daemon
import Foundation
import Testing

@Suite("Configuration files")
struct ConfigurationFileTests {
    private static let keys = [
        "spool.limit", "interval", "collectors", "recipient.*.to", "recipient.*.kind", "password", "on",
    ]

    private enum Kind: String, CaseIterable { case mail, webhook }

    private func parse(_ texts: String..., credentials: String? = nil) throws(ConfigurationErrors) -> ConfigurationFile
    {
        let sources = texts.enumerated().map { ConfigurationFile.Source(path: "file\($0.offset)", text: $0.element) }
        return try whole(ConfigurationFile(parsing: sources, allowing: Self.keys, credentials: credentials))
    }

    private func read(_ path: String, mustExist: Bool = false) throws(ConfigurationErrors) -> ConfigurationFile {
        try whole(ConfigurationFile(path: path, allowing: Self.keys, mustExist: mustExist))
    }

    private func whole(_ file: ConfigurationFile) throws(ConfigurationErrors) -> ConfigurationFile {
        if let errors = ConfigurationErrors(file.errors) { throw errors }
        return file
    }

    @Test("Comments, empty lines, spaces and foreign line ends do not matter")
    func syntax() throws {
        let file = try parse("# comment\r\n; comment\r\n\r\n  interval =  10s \r\non=yes\r\ncollectors = a=b\n")
        #expect(try file.duration("interval") == .seconds(10))
        #expect(try file.flag("on") == true)
        #expect(file.text("collectors") == "a=b")
        #expect(file.text("password") == nil)
        #expect(file.keys == ["collectors", "interval", "on"])
    }

    @Test("An unknown key is refused with file and line, and the key that was meant")
    func unknownKey() throws {
        let error = #expect(throws: ConfigurationErrors.self) { try parse("on = yes", "\n\nintervall = 1s") }
        #expect(error?.description == "file1:3: \"intervall\" is no known key; perhaps interval")
        let named = #expect(throws: ConfigurationErrors.self) { try parse("recipient.desk.knd = mail") }
        #expect(named?.description.hasSuffix("perhaps recipient.desk.kind") == true)
        #expect(throws: ConfigurationErrors.self) { try parse("recipient.a b.to = x") }
        #expect(throws: ConfigurationErrors.self) { try parse("recipient..to = x") }
        #expect(throws: ConfigurationErrors.self) { try parse("recipient.a.b.to = x") }
    }

    @Test(
        "All that is wrong is gathered, whatever kind it is of, in the order of files and lines; the rest still counts")
    func allErrors() {
        let sources = [
            ConfigurationFile.Source(path: "a", text: "on = maybe\nnonsense\ninterval = soon\nspool.limit = 1K"),
            ConfigurationFile.Source(path: "b", text: "[x]\nrecipient.desk.kind = fax\nrecipient.desk.to = x"),
        ]
        var reader = ConfigurationReader(ConfigurationFile(parsing: sources, allowing: Self.keys))
        #expect(reader.choice("recipient.desk.kind", of: Kind.self) == nil)
        #expect(reader.bytes("spool.limit", in: 0...2048) == 1024)
        #expect(reader.duration("interval", in: .zero ... .seconds(5)) == nil)
        #expect(reader.flag("on") == nil)
        reader.refuse("recipient.desk.to", "nobody")
        #expect(reader.errors.map { "\($0.path):\($0.line ?? 0)" } == ["a:1", "a:2", "a:3", "b:1", "b:2", "b:3"])
        #expect(reader.text("recipient.desk.to") == "x")
    }

    @Test("A file of nothing but errors is told in bounds")
    func manyErrors() throws {
        let text = String(repeating: "x\n", count: 5000)
        let error = #expect(throws: ConfigurationErrors.self) { try parse(text) }
        #expect(error?.errors.count == 5000)
        let lines = error?.description.split(separator: "\n") ?? []
        #expect(lines.count == ConfigurationErrors.limit + 1)
        #expect(lines.last == "4900 further errors are not shown: mend these first")
    }

    @Test("What is no assignment is refused", arguments: ["[Section]", "[a] = b", "interval", "= 3"])
    func noAssignment(_ line: String) {
        #expect(throws: ConfigurationErrors.self) { try parse(line) }
    }

    @Test("The last assignment counts; lists gather, and an empty assignment clears them")
    func order() throws {
        let file = try parse("interval = 1s\ncollectors = a, b", "interval = 2s\ncollectors = c,, d ,")
        #expect(try file.duration("interval") == .seconds(2))
        #expect(file.list("collectors") == ["a", "b", "c", "d"])
        #expect(try parse("collectors = a", "collectors =\ncollectors = b").list("collectors") == ["b"])
        #expect(try parse("interval = 1s", "interval =").duration("interval") == nil)
    }

    @Test("Names of the user's choice are found")
    func names() throws {
        let file = try parse("recipient.desk.to = a\nrecipient.desk.kind = mail\nrecipient.hook-2.kind = webhook")
        #expect(file.names(under: "recipient") == ["desk", "hook-2"])
        #expect(try file.choice("recipient.hook-2.kind", of: Kind.self) == .webhook)
        let error = #expect(throws: ConfigurationError.self) {
            try parse("recipient.desk.kind = fax").choice("recipient.desk.kind", of: Kind.self)
        }
        #expect(error?.description == "file0:1: recipient.desk.kind: \"fax\" is none of mail, webhook")
    }

    @Test(
        "Time spans have units",
        arguments: [
            ("90", 90_000), ("500ms", 500), ("10s", 10_000), ("5min", 300_000), ("2h", 7_200_000), ("1min 30s", 90_000),
            ("3 d", 259_200_000), ("0", 0),
        ])
    func durations(_ text: String, _ milliseconds: Int64) throws {
        #expect(try parse("interval = \(text)").duration("interval") == .milliseconds(milliseconds))
    }

    @Test(
        "What is no time span, or overflows, is refused",
        arguments: ["soon", "-1s", "1.5s", "10 20", "5x", "10s 5", "99999999999999999999", "9999999999999999w", "s"])
    func badDurations(_ text: String) throws {
        let file = try parse("interval = \(text)")
        #expect(throws: ConfigurationError.self) { try file.duration("interval") }
    }

    @Test("Sizes have units, and limits hold at the limit")
    func sizes() throws {
        for (text, bytes) in [
            ("65536", 65_536), ("64KiB", 65_536), ("64M", 64 << 20), ("2GiB", 2 << 30), ("1 T", 1 << 40),
        ] {
            #expect(try parse("spool.limit = \(text)").bytes("spool.limit") == bytes)
        }
        for text in ["64KB", "1.5M", "-1", "9999999999999T", "M"] {
            #expect(throws: ConfigurationError.self) { try parse("spool.limit = \(text)").bytes("spool.limit") }
        }
        let file = try parse("spool.limit = 1K\ninterval = 10")
        #expect(try file.bytes("spool.limit", in: 1024...2048) == 1024)
        #expect(throws: ConfigurationError.self) { try file.bytes("spool.limit", in: 1025...2048) }
        #expect(try file.integer("interval", in: 1...10) == 10)
        #expect(throws: ConfigurationError.self) { try file.integer("interval", in: 1...9) }
        #expect(try file.duration("interval", in: .seconds(10) ... .seconds(11)) == .seconds(10))
        #expect(throws: ConfigurationError.self) { try file.duration("interval", in: .seconds(11) ... .seconds(12)) }
    }

    @Test("A file is read with its drop-ins in the order of their names; a missing one means defaults")
    func dropIns() throws {
        let folder = try Scratch()
        let path = folder.path("agent.conf")
        #expect(try read(path).keys == [])
        #expect(throws: ConfigurationErrors.self) { try read(path, mustExist: true) }
        try folder.write("agent.conf", "interval = 1s")
        try folder.write("agent.conf.d/20-b.conf", "interval = 3s")
        try folder.write("agent.conf.d/10-a.conf", "interval = 2s\non = yes")
        try folder.write("agent.conf.d/30.conf.disabled", "unknown = x")
        let file = try read(path)
        #expect(try file.duration("interval") == .seconds(3))
        #expect(try file.flag("on") == true)
        #expect(file.error("interval", "x").description == "\(path).d/20-b.conf:1: interval: x")
    }

    @Test("A file that is too large, no text, or a directory is refused")
    func hostileFiles() throws {
        let folder = try Scratch()
        let limit = ConfigurationFile.maximumBytes
        try folder.write("a.conf", String(repeating: "#", count: limit))
        #expect(try read(folder.path("a.conf")).keys == [])
        try folder.write("a.conf", String(repeating: "#", count: limit + 1))
        #expect(throws: ConfigurationErrors.self) { try read(folder.path("a.conf")) }
        try Data([0xFF, 0xFE, 0x00]).write(to: URL(filePath: folder.path("b.conf")))
        #expect(throws: ConfigurationErrors.self) { try read(folder.path("b.conf")) }
        #expect(throws: ConfigurationErrors.self) { try read(folder.path("")) }
    }

    @Test("A secret comes from systemd's credentials or from a file that is not everyone's")
    func secrets() throws {
        let folder = try Scratch()
        try folder.write("smtp", "s3cret \n")
        let credential = try parse("password = smtp", credentials: folder.path(""))
        #expect(try credential.secret("password") == "s3cret ")
        let file = try parse("password = \(folder.path("smtp"))")
        try folder.setMode("smtp", 0o604)
        let error = #expect(throws: ConfigurationError.self) { try file.secret("password") }
        #expect(error?.problem.contains("everyone may read") == true)
        #expect(error?.description.contains("s3cret") == false)
        try folder.setMode("smtp", 0o600)
        #expect(try file.secret("password") == "s3cret ")
        for (value, directory) in [
            ("missing", folder.path("")), ("../smtp", folder.path("")), ("smtp", nil), ("/no/file", nil),
        ] {
            #expect(throws: ConfigurationError.self) {
                try parse("password = \(value)", credentials: directory).secret("password")
            }
        }
        try folder.write("smtp", "\n")
        #expect(throws: ConfigurationError.self) { try credential.secret("password") }
    }
}

/// A directory of one test.
struct Scratch: ~Copyable {
    private let url: URL
    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "callhome-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(at: url) }
    func path(_ name: String) -> String { name.isEmpty ? url.path : url.appending(path: name).path }
    func write(_ name: String, _ text: String) throws {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
    func setMode(_ name: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(name))
    }
}
