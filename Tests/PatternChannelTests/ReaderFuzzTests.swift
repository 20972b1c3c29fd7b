import Foundation
import PatternChannel
import Reports
import TestSupport
import Testing

/// What comes from a stick, a mirror or a maker whose key was stolen, from a seed: it is read or refused, and nothing traps.
@Suite("Readers of channels under hostile bytes")
struct ReaderFuzzTests {
    // MARK: Archives

    /// Puts the sum that fits into the header at a place, so that what lies behind the sum is reached.
    private func sealed(_ tar: Data, header: Int) -> Data {
        var tar = tar
        guard tar.count >= header + 512 else { return tar }
        tar.replaceSubrange(header + 148..<header + 156, with: Data("        ".utf8))
        let sum = tar[header..<header + 512].reduce(0) { $0 + Int($1) }
        let digits = String(sum, radix: 8)
        let field = String(repeating: "0", count: 6 - digits.count) + digits + "\u{0} "
        tar.replaceSubrange(header + 148..<header + 156, with: Data(field.utf8))
        return tar
    }

    private func archive() -> Data {
        ChannelArchive([
            ChannelFile(path: "metadata/timestamp.json", bytes: Data("{}".utf8)),
            ChannelFile(path: "metadata/1.root.json", bytes: Data(count: 700)),
        ]).tar
    }

    @Test(
        "A length that is none of octal digits is refused, whatever number it could be taken for",
        arguments: ["-0000000001", "-7777777777", "+0000000002", "9", "0x2", "", "77777777777", " -1"])
    func lengths(text: String) {
        var tar = archive()
        tar.replaceSubrange(124..<136, with: Data(text.utf8) + Data(count: 12 - text.utf8.count))
        #expect(throws: ArchiveProblem.self) { try ChannelArchive(tar: sealed(tar, header: 0)) }
    }

    @Test("Archives with any bytes under sums that fit are read or refused, and give no more than they hold")
    func archives() {
        let good = archive()
        for seed in UInt64(0)..<20_000 {
            var dice = SplitMix(seed: seed)
            var tar = good
            let header = dice.below(2) * 1_024
            // Of the fields name, mode, length, kind, magic and prefix; else anywhere.
            let fields = [0..<100, 100..<108, 124..<136, 156..<157, 257..<265, 345..<500, 0..<512]
            for _ in 0...dice.below(6) {
                let field = fields[dice.below(fields.count)]
                let bytes = Array("01789-+ ./\u{0}\u{7f}x".utf8) + [UInt8(truncatingIfNeeded: dice.next())]
                tar[header + field.lowerBound + dice.below(field.count)] = bytes[dice.below(bytes.count)]
            }
            tar = sealed(tar, header: header)
            if dice.below(8) == 0 { tar = tar.prefix(dice.below(tar.count)) }
            guard let read = try? ChannelArchive(tar: tar) else { continue }
            #expect(read.files.values.reduce(0) { $0 + $1.count } <= tar.count)
            #expect(
                read.files.keys.allSatisfy { path in
                    ["metadata/", "targets/"].contains { path.hasPrefix($0) } && !path.contains("/.")
                })
        }
    }

    // MARK: Texts of metadata

    @Test("Any text is metadata or not, and metadata comes back as it is written")
    func texts() throws {
        let words = [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\"a\"", "\"signed\":", "-", "0", "9223372036854775807",
            "-9223372036854775808", "1.5", "1e9", "true", "null", "\\u0000", "\"\\ud800\"", "\"\\ud83d\\ude00\"",
            "\u{0}",
            " ", "é",
        ]
        for seed in UInt64(0)..<30_000 {
            var dice = SplitMix(seed: seed)
            var bytes = Data()
            for _ in 0..<dice.below(24) { bytes += Data(words[dice.below(words.count)].utf8) }
            if !bytes.isEmpty, dice.below(4) == 0 {
                bytes[dice.below(bytes.count)] = UInt8(truncatingIfNeeded: dice.next())
            }
            guard let value = try? MetadataValue(json: bytes) else { continue }
            #expect(try MetadataValue(json: value.json) == value)
        }
    }

    // MARK: What is validly signed

    /// Metadata of any content, by the key that may sign it.
    private func signed(_ value: MetadataValue, by key: SigningKey) throws -> Data {
        let signature = MetadataValue.object([
            "keyid": .text(ChannelKey(key.publicKey).id),
            "sig": .text(try key.signature(for: value.canonical).hexadecimal),
        ])
        return MetadataValue.object(["signed": value, "signatures": .array([signature])]).json
    }

    /// The value with something else at one place of it.
    private func changed(_ value: MetadataValue, _ dice: inout SplitMix) -> MetadataValue {
        let extremes: [MetadataValue] = [
            .null, .flag(true), .number(.min), .number(.max), .number(-1), .number(0), .number(1 << 53),
            .text(""), .text(String(repeating: "x", count: 2_000)), .text("../../etc/passwd"), .text("\u{0}"),
            .array([]), .array(Array(repeating: .number(1), count: 70)), .object([:]),
            .object(["targets.json": .object(["version": .number(.max)])]),
        ]
        switch value {
        case .object(var members) where !members.isEmpty && dice.below(4) > 0:
            let name = members.keys.sorted()[dice.below(members.count)]
            switch dice.below(8) {
            case 0: members[name] = nil
            case 1: members["\(name)x"] = members[name]
            default: members[name] = members[name].map { changed($0, &dice) }
            }
            return .object(members)
        case .array(var items) where !items.isEmpty && dice.below(4) > 0:
            let place = dice.below(items.count)
            items[place] = changed(items[place], &dice)
            return .array(items)
        default: return extremes[dice.below(extremes.count)]
        }
    }

    private func content(of file: Data) throws -> MetadataValue {
        guard case .object(let members) = try MetadataValue(json: file), let signed = members["signed"] else {
            throw CocoaError(.coderReadCorrupt)
        }
        return signed
    }

    @Test(
        "Whatever a stolen key signs is taken or refused; what is refused leaves the state of before",
        .timeLimit(.minutes(5)))
    func signedExtremes() throws {
        var maker = try Maker()
        try maker.publish([try Pack(["disk.a": 1, "disk.b": 2]).published()])
        let before = maker.trusted
        try maker.publish(
            [try Pack(["disk.a": 2]).published()], withdrawing: [Withdrawal(pattern: "disk.b", because: "x")])
        let names = maker.repository.files.keys.filter { $0.hasPrefix("metadata/") && !$0.hasSuffix("root.json") }
            .sorted()
        var (taken, refused) = (0, 0)
        for seed in UInt64(0)..<3_000 {
            var dice = SplitMix(seed: seed)
            var repository = maker.repository
            for _ in 0...dice.below(3) {
                let name = names[dice.below(names.count)]
                repository.files[name] = try signed(
                    changed(try content(of: repository.files[name] ?? Data()), &dice), by: maker.online)
            }
            var trusted = before
            let ending = repository.update(&trusted)
            if ending.refusal == nil {
                taken += 1
            } else {
                refused += 1
                #expect(!ending.isNew && ending.files.isEmpty)
                #expect(trusted.timestamp?.bytes == before.timestamp?.bytes)
                #expect(trusted.targets?.bytes == before.targets?.bytes)
            }
            // What is trusted names no path outside the channel.
            #expect(trusted.paths.allSatisfy { !$0.contains("..") })
        }
        #expect(taken > 100 && refused > 1_000, "\(taken) taken, \(refused) refused")
    }

    @Test("Delegations are said and not followed: another maker has a channel of its own")
    func delegations() throws {
        var maker = try Maker()
        try maker.publish([try Pack(["disk.a": 1]).published()])
        var pinned = try TrustedChannel(pinned: maker.pinned)
        let path = try #require(maker.repository.files.keys.first { $0.hasSuffix("targets.json") })
        guard case .object(var members) = try content(of: maker.repository.files[path] ?? Data()) else { return }
        members["delegations"] = .object(["keys": .object([:]), "roles": .array([])])
        maker.repository.files[path] = try signed(.object(members), by: maker.online)
        let ending = maker.repository.update(&pinned)
        #expect(ending.refusal == nil && ending.warnings.contains(.delegations(file: path)), "\(ending)")
    }
}
