import Foundation
import TestSupport
import Testing

/// `callhome patterns keygen … verify`, from the first key to a site without a line.
@Suite("Channels of patterns, by the command")
struct ChannelTests {
    @Test("A private key is for its owner alone, and none is written over another")
    func keys() throws {
        let shop = try PatternWorkshop()
        let path = shop.folder.appending(path: "anna.pem").path
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let before = shop.bytes("anna.pem")
        #expect(try shop.run("keygen", "F/anna").status == 73)
        #expect(shop.bytes("anna.pem") == before)
    }

    @Test(
        "A channel goes on byte for byte: maker, partner, stick, site; and over new packs, a new root and a withdrawal")
    func mirrors() throws {
        let shop = try PatternWorkshop()
        try shop.publish("--root", "F/1.root.json", "--pack", "F/patterns.json")
        func fetchAll() throws {
            try shop.done("fetch", "F/channel", "F/mirror", "--root", "F/1.root.json")
            try shop.done("fetch", "F/mirror", "F/stick.tar", "--root", "F/1.root.json")
            try shop.done("fetch", "F/stick.tar", "F/site", "--root", "F/1.root.json")
        }
        try fetchAll()
        #expect(try shop.files("channel") == shop.files("mirror") && shop.files("mirror") == shop.files("site"))
        #expect(try shop.files("site").count == 5)
        let first = try shop.verified("stick.tar")
        #expect(first.status == 0 && first.report.refusal == nil && first.report.leftAside.isEmpty)
        #expect(first.report.packs.map(\.patterns) == [1] && first.report.version("timestamp") == 1)

        try shop.build("two")
        try shop.publish(
            "--pack", "F/patterns.json", "--withdraw", "disk.ata.active-uncorrectable", "--because", "orders too much")
        try shop.done("keygen", "F/other")
        try shop.done(
            "root", "-o", "F/2.root.json", "--after", "F/1.root.json", "--root-key", "F/anna.pub", "--root-key",
            "F/bert.pub", "--root-key", "F/cora.pub", "--online-key", "F/other.pub")
        try shop.done("sign", "F/2.root.json", "--key", "F/anna.pem")
        let half = try shop.run("publish", "F/channel", "--key", "F/other.pem", "--root", "F/2.root.json")
        #expect(half.status == 65 && half.output.contains("1 of the 2"), "\(half)")
        try shop.done("sign", "F/2.root.json", "--key", "F/cora.pem")
        try shop.done("publish", "F/channel", "--key", "F/other.pem", "--root", "F/2.root.json")
        #expect(try shop.run("publish", "F/channel", "--key", "F/server.pem").status == 65)
        try fetchAll()
        let site = try shop.verified("site")
        #expect(site.status == 0 && site.report.version("root") == 2 && site.report.version("targets") == 3)
        #expect(site.report.packs.first?.withdrawn.map(\.pattern) == ["disk.ata.active-uncorrectable"])
        // The site has what the maker has, the version before it too, and those before that no more.
        try shop.done("publish", "F/channel", "--key", "F/other.pem")
        try fetchAll()
        let (channel, mirrored) = (try shop.files("channel"), try shop.files("site"))
        #expect(mirrored.allSatisfy { channel[$0.key] == $0.value })
        #expect(
            mirrored.keys.filter { $0.hasSuffix(".targets.json") }.sorted()
                == ["metadata/3.targets.json", "metadata/4.targets.json"])
    }

    @Test("What was changed on the way is refused with its reason, and the mirror stays as it was")
    func tampering() throws {
        let shop = try PatternWorkshop()
        try shop.publish("--root", "F/1.root.json", "--pack", "F/patterns.json")
        try shop.done("fetch", "F/channel", "F/mirror", "--root", "F/1.root.json")
        let old = try shop.files("channel")
        try shop.build("two")
        try shop.publish("--pack", "F/patterns.json")
        let new = try shop.files("channel")
        let held = try shop.files("mirror")
        let pack = try #require(new.keys.first { $0.hasPrefix("targets/") && old[$0] == nil })
        for (path, bytes, reason) in [
            (pack, old.first { $0.key.hasPrefix("targets/") }?.value, "other-hash"),
            (pack, Data(repeating: 0x20, count: 1_000_000), "too-large"),
            ("metadata/2.snapshot.json", old["metadata/1.snapshot.json"], "other-version"),
            ("metadata/timestamp.json", Data("{}".utf8), "malformed"),
        ] as [(String, Data?, String)] {
            let file = shop.folder.appending(path: "channel/\(path)")
            try bytes?.write(to: file)
            let fetched = try shop.run("fetch", "F/channel", "F/mirror", "--root", "F/1.root.json")
            #expect(fetched.status == 65 && fetched.output.contains("(\(reason))"), "\(fetched)")
            #expect(try shop.files("mirror") == held)
            let verified = try shop.verified("channel")
            #expect(verified.status == 1 && verified.report.refusal?.reason == reason)
            try new[path]?.write(to: file)
        }
        // A source that was put back to what it was.
        try shop.done("fetch", "F/channel", "F/mirror", "--root", "F/1.root.json")
        try old["metadata/timestamp.json"]?.write(to: shop.folder.appending(path: "channel/metadata/timestamp.json"))
        let back = try shop.run("fetch", "F/channel", "F/mirror", "--root", "F/1.root.json")
        #expect(back.status == 65 && back.output.contains("(rollback)"), "\(back)")
        let behind = try shop.verified("channel", "--at-least", "2")
        #expect(behind.status == 1 && behind.report.refusal?.reason == "behind")
        let foreign = try shop.verified("mirror", "--prefix", "acme")
        #expect(foreign.status == 1 && foreign.report.refusal?.reason == "foreign-pattern")
        #expect(try shop.verified("mirror", "--prefix", "disk").status == 0)
        try Data("#!/bin/sh\n".utf8).write(to: shop.folder.appending(path: "mirror/targets/run.sh"))
        #expect(try shop.verified("mirror").report.leftAside.contains("targets/run.sh"))
    }

    @Test("A server hands it out like a folder; what has no end is not read to it")
    func server() throws {
        let shop = try PatternWorkshop()
        try shop.publish("--root", "F/1.root.json", "--pack", "F/patterns.json")
        let server = try ServerProgram("folder", [shop.folder.appending(path: "channel").path])
        try Data(server["root"].utf8).write(to: shop.folder.appending(path: "ca.pem"))
        let address = "https://127.0.0.1:\(server["port"])"
        try shop.done("fetch", address, "F/mirror", "--root", "F/1.root.json", "--ca", "F/ca.pem")
        #expect(try shop.files("mirror") == shop.files("channel"))
        let endless = try shop.run(
            "fetch", "\(address)/endless@timestamp", "F/mirror", "--root", "F/1.root.json", "--ca", "F/ca.pem")
        #expect(endless.status == 65 && endless.output.contains("(too-large)"), "\(endless)")
        let stranger = try shop.run("fetch", address, "F/mirror", "--root", "F/1.root.json")
        #expect(stranger.status == 69 && stranger.output.contains("(unavailable)"), "\(stranger)")
        #expect(try shop.run("fetch", "http://127.0.0.1/", "F/mirror", "--root", "F/1.root.json").status == 64)
    }

    /// A Python with python-tuf (`pip install tuf`), where there is one.
    private static let python: String? = {
        let named = ProcessInfo.processInfo.environment["CALLHOME_TUF_PYTHON"] ?? "/usr/bin/python3"
        let tried = try? Program.run(named, ["-c", "import tuf.ngclient"])
        return tried?.status == 0 ? named : nil
    }()

    @Test(
        "python-tuf reads what is published, over a new root too",
        .enabled(if: python != nil, "python3 has no python-tuf"))
    func pythonReads() throws {
        let shop = try PatternWorkshop()
        try shop.publish("--root", "F/1.root.json", "--pack", "F/patterns.json")
        try shop.publish("--withdraw", "disk.ata.active-uncorrectable", "--because", "\"too\\much\"\nä😀")
        try shop.done(
            "root", "-o", "F/2.root.json", "--after", "F/1.root.json", "--root-key", "F/anna.pub", "--root-key",
            "F/bert.pub", "--root-key", "F/cora.pub", "--online-key", "F/server.pub")
        try shop.done("sign", "F/2.root.json", "--key", "F/anna.pem")
        try shop.done("sign", "F/2.root.json", "--key", "F/cora.pem")
        try shop.publish("--root", "F/2.root.json")
        let script = Site.packageRoot.appending(path: "Tests/Fixtures/channels/read.py").path
        func read() throws -> (status: Int32, output: String) {
            try Program.run(
                try #require(Self.python),
                ["-W", "ignore", script, "channel", "1.root.json", "patterns.json", "read-\(UUID().uuidString)"].map {
                    ["channel", "1.root.json", "patterns.json"].contains($0) || $0.hasPrefix("read-")
                        ? shop.folder.appending(path: $0).path : $0
                })
        }
        let result = try read()
        let facts = try JSONDecoder().decode([String: String].self, from: Data(result.output.utf8))
        #expect(result.status == 0 && facts["root"] == "2" && facts["patterns"] == "1", "\(result)")
        #expect(facts["withdrawals"] == "disk.ata.active-uncorrectable")
        #expect(facts["bytes"] == "\(shop.bytes("patterns.json")?.count ?? 0)")
        // And refuses it where we would.
        let file = shop.folder.appending(path: "channel/metadata/timestamp.json")
        var text = try String(contentsOf: file, encoding: .utf8)
        text = text.replacing("\"version\":3", with: "\"version\":4")
        try Data(text.utf8).write(to: file)
        #expect(try read().status != 0)
        #expect(try shop.verified("channel").report.refusal?.reason == "signatures")
    }
}
