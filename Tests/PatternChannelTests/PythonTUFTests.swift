import Foundation
import PatternChannel
import Reports
import TestSupport
import Testing

/// Channels and attacks that python-tuf made (Tests/Fixtures/channels/make.py): what must come of each.
@Suite("Channels that python-tuf made")
struct PythonTUFTests {
    private struct Case: Decodable {
        var name: String
        var pinned: String
        var before: [String: String]
        var offered: [String: String]
        var longer: [String: Int]
    }

    /// What must come of a case: the refusal's reason, and which file it names; nil where it is taken.
    struct Expected: Sendable, CustomTestStringConvertible {
        var name: String
        var reason: String?
        var word: String
        var warnings: [String] = []
        var testDescription: String { name }
    }

    static let expected: [Expected] = [
        Expected(name: "newer", reason: nil, word: ""),
        Expected(name: "withdrawal", reason: nil, word: ""),
        Expected(name: "away for a year", reason: nil, word: ""),
        Expected(name: "fast forward, and the way back", reason: nil, word: ""),
        Expected(name: "a further pack", reason: nil, word: ""),
        Expected(name: "rollback", reason: "rollback", word: "versions never fall"),
        Expected(name: "freeze", reason: nil, word: "", warnings: ["expired"]),
        Expected(
            name: "replayed timestamp", reason: "rollback", word: "timestamp.json brings version 1, and 2 is known"),
        Expected(name: "mix and match of snapshots", reason: "other-version", word: "snapshot.json is version 2"),
        Expected(name: "mix and match of targets", reason: "other-version", word: "targets.json is version 2"),
        Expected(name: "mix and match of packs", reason: "other-hash", word: "another SHA-256"),
        Expected(name: "wrong key", reason: "signatures", word: "timestamp.json has 0 of the 1"),
        Expected(name: "one key of two stolen", reason: "signatures", word: "2.root.json has 1 of the 2"),
        Expected(name: "one stolen key under two names", reason: "signatures", word: "2.root.json has 1 of the 2"),
        Expected(name: "key revoked", reason: "signatures", word: "timestamp.json has 0 of the 1"),
        Expected(name: "endless pack", reason: "too-large", word: "patterns.json is larger than"),
        Expected(name: "endless timestamp", reason: "too-large", word: "timestamp.json is larger than 16384 bytes"),
        Expected(name: "endless root", reason: "too-large", word: "2.root.json is larger than 512000 bytes"),
        Expected(
            name: "extraneous targets", reason: "other-contents", word: "it holds disk.three, which is not listed"),
        Expected(name: "expired root", reason: nil, word: "", warnings: ["expired"]),
        Expected(name: "rollback of targets", reason: "rollback", word: "for targets.json brings version 1"),
        Expected(name: "rollback of the snapshot", reason: "rollback", word: "for the snapshot brings version 1"),
    ]

    private static func cases() throws -> [Case] {
        let file = ServerProgram.packageRoot.appending(path: "Tests/Fixtures/channels/python-tuf.json")
        return try JSONDecoder().decode([Case].self, from: try Data(contentsOf: file))
    }

    private static func repository(_ files: [String: String]) -> Repository {
        Repository(files: files.mapValues { Data($0.utf8) })
    }

    @Test("Each is taken, or refused with its own reason, and what was trusted before goes on", arguments: expected)
    func cases(expected: Expected) throws {
        let tried = try #require(try Self.cases().first { $0.name == expected.name })
        var trusted = try TrustedChannel(pinned: Data(tried.pinned.utf8))
        let first = Self.repository(tried.before).update(&trusted)
        #expect(first.refusal == nil && first.isNew, "\(first)")
        let (packs, timestamp) = (trusted.targets?.content.packs, trusted.timestamp?.content.version)
        var offered = Self.repository(tried.offered)
        for (path, count) in tried.longer { offered.files[path]?.append(Data(repeating: 0x20, count: count)) }
        let ending = offered.update(&trusted)
        #expect(ending.refusal?.reason == expected.reason, "\(ending)")
        if let refusal = ending.refusal { #expect("\(refusal)".contains(expected.word), "\(refusal)") }
        #expect(Set(ending.warnings.map(\.reason)).isSuperset(of: expected.warnings), "\(ending.warnings)")
        if expected.reason != nil {
            // A key that was revoked takes its list along; what runs is the reader's, and nothing came in its place.
            if expected.name != "key revoked" {
                #expect(trusted.targets?.content.packs == packs)
                #expect(trusted.timestamp?.content.version == timestamp)
            }
            #expect(!ending.isNew && !ending.files.contains { $0.path.hasPrefix("targets/") })
        }
    }

    @Test("Every case has its expectation")
    func complete() throws {
        #expect(Set(try Self.cases().map(\.name)) == Set(Self.expected.map(\.name)))
    }

    @Test("A withdrawal of python-tuf's repository is read")
    func withdrawal() throws {
        let tried = try #require(try Self.cases().first { $0.name == "withdrawal" })
        var trusted = try TrustedChannel(pinned: Data(tried.pinned.utf8))
        _ = Self.repository(tried.offered).update(&trusted)
        #expect(
            trusted.targets?.content.packs.first?.withdrawals
                == [Withdrawal(pattern: "disk.one", because: "orders too much")])
    }

    @Test("A new root is known by name, twenty rotations on, and after a stolen key's fast forward versions start anew")
    func rotations() throws {
        let all = try Self.cases()
        for (name, root, timestamp) in [("away for a year", 22, 2), ("fast forward, and the way back", 2, 2)]
            as [(String, Int64, Int64)]
        {
            let tried = try #require(all.first { $0.name == name })
            var trusted = try TrustedChannel(pinned: Data(tried.pinned.utf8))
            _ = Self.repository(tried.before).update(&trusted)
            let ending = Self.repository(tried.offered).update(&trusted)
            #expect(
                trusted.root.content.version == root && trusted.timestamp?.content.version == timestamp, "\(ending)")
            #expect(ending.files.prefix(Int(root) - 1).map(\.path) == (2...root).map(ChannelPath.root))
        }
    }
}
