import Foundation
import PatternChannel
import Reports
import Testing

@Suite("Updates of a channel")
struct UpdateTests {
    private static let one = Pack(["disk.one": 1, "disk.two": 4])
    private static let two = Pack(["disk.one": 2, "disk.two": 4])

    @Test("The dialogue asks for one file after the other, each bounded, in the order of the specification")
    func order() throws {
        var maker = try Maker()
        let files = try maker.publish([Self.one.published()])
        var asked: [String] = []
        var trusted = try TrustedChannel(pinned: maker.pinned)
        let ending = maker.repository.update(&trusted) { path in
            asked.append(path)
            return nil
        }
        #expect(
            asked == [
                "metadata/2.root.json", "metadata/timestamp.json", "metadata/1.snapshot.json",
                "metadata/1.targets.json", files[0].path,
            ])
        #expect(ending.refusal == nil && ending.isNew && ending.warnings.isEmpty)
        #expect(ending.files.map(\.path) == [files[0].path] + asked[1...3].reversed())
        #expect(ending.files.allSatisfy { maker.repository.files[$0.path] == $0.bytes })
        // Once more: the timestamp says that there is nothing new.
        asked = []
        let again = maker.repository.update(&trusted) { path in
            asked.append(path)
            return nil
        }
        #expect(!again.isNew && again.refusal == nil && again.files.isEmpty && asked.count == 2)
    }

    @Test("What is out of date is said with since when, and stops nothing; a clock decades off stops nothing either")
    func expiry() throws {
        var maker = try Maker()
        try maker.publish([Self.one.published()], lasts: 100)
        var trusted = try TrustedChannel(pinned: maker.pinned)
        let at = maker.repository.update(&trusted, at: Repository.now + .seconds(99))
        #expect(at.refusal == nil && at.warnings.isEmpty)
        let later = maker.repository.update(&trusted, at: Repository.now + .seconds(100))
        #expect(
            later.refusal == nil
                && later.warnings == [.expired(.timestamp, version: 1, since: Repository.now + .seconds(100))])
        var other = try TrustedChannel(pinned: maker.pinned)
        let decades = maker.repository.update(&other, at: Repository.now + .seconds(1_000_000_000))
        #expect(decades.isNew && Set(decades.warnings.map(\.reason)) == ["expired"] && decades.warnings.count == 4)
    }

    @Test("A source that stands behind what a receipt told is refused; a receipt of another channel says nothing here")
    func floor() throws {
        var maker = try Maker()
        try maker.publish([Self.one.published()])
        var trusted = try TrustedChannel(pinned: maker.pinned)
        let behind = maker.repository.update(
            &trusted, floor: ChannelFloor(channel: "vendor", timestampVersion: 2))
        #expect(behind.refusal == .behind(found: 1, told: 2))
        #expect(trusted.timestamp == nil)
        let other = maker.repository.update(&trusted, floor: ChannelFloor(channel: "acme", timestampVersion: 2))
        #expect(other.refusal == nil)
        // Also where it brings what is known: that is a freeze.
        let frozen = maker.repository.update(&trusted, floor: ChannelFloor(channel: "vendor", timestampVersion: 2))
        #expect(frozen.refusal == .behind(found: 1, told: 2))
        #expect(trusted.targets?.content.packs.first?.patterns == Self.one.patterns)
    }

    @Test("Whichever file does not come, comes too slowly, or comes cut off: what was trusted goes on, and is whole")
    func brokenOff() throws {
        var maker = try Maker()
        try maker.publish([Self.one.published()])
        var trusted = try TrustedChannel(pinned: maker.pinned)
        _ = maker.repository.update(&trusted)
        let files = try maker.publish([Self.two.published()])
        #expect(files.count == 4)
        for file in files {
            let answers: [(ChannelUpdate.Answer, String)] = [
                (.failed(because: "too slow"), "unavailable"), (.absent, "missing"), (.tooLarge, "too-large"),
                (.bytes(file.bytes.dropLast()), file.path.hasPrefix("targets/") ? "other-length" : "malformed"),
            ]
            for (answer, reason) in answers {
                // The line feed at the end of metadata says nothing.
                let cut = file.path.hasPrefix("targets/") ? answer : answer.cutting(file.bytes)
                let ending = maker.repository.update(&trusted) { $0 == file.path ? cut : nil }
                #expect(ending.refusal?.reason == reason, "\(file.path): \(ending)")
                #expect(trusted.timestamp?.content.version == 1 && trusted.snapshot?.content.version == 1)
                #expect(trusted.targets?.content.packs.first?.patterns == Self.one.patterns)
            }
        }
        #expect(maker.repository.update(&trusted).isNew)
        #expect(trusted.targets?.content.packs.first?.patterns == Self.two.patterns)
    }

    @Test(
        "A channel that is bound to a prefix brings and withdraws no pattern of another name, not even one that begins alike"
    )
    func prefix() throws {
        let rules = ChannelRules(channel: "acme", prefix: "acme")
        for (pack, withdrawn, foreign) in [
            (Pack(["acme.fan": 1]), [], nil),
            (Pack(["acme.fan": 1, "disk.one": 1]), [], "disk.one"),
            (Pack(["acmeother.fan": 1]), [], "acmeother.fan"),
            (Pack(["acme.fan": 1]), [Withdrawal(pattern: "disk.one", because: "no")], "disk.one"),
        ] as [(Pack, [Withdrawal], String?)] {
            var maker = try Maker()
            try maker.publish([pack.published()], withdrawing: withdrawn)
            var trusted = try TrustedChannel(pinned: maker.pinned)
            let ending = maker.repository.update(&trusted, rules)
            #expect(
                ending.refusal == foreign.map { .foreignPattern(pack: "patterns.json", id: $0, prefix: "acme") },
                "\(ending)")
        }
    }

    @Test(
        "A pack holds what was signed for: no pattern more or less, no other revision or engine level; else the old one goes on"
    )
    func contents() throws {
        for wrong in [
            Pack(["disk.one": 1]), Pack(["disk.one": 1, "disk.two": 5]), Pack(["disk.one": 1, "disk.three": 4]),
            Pack(Self.one.patterns, engineLevel: 2),
        ] {
            var maker = try Maker()
            var published = try wrong.published()
            published.contents = PackContents(engineLevel: 3, patterns: Self.one.patterns)
            try maker.publish([published])
            var trusted = try TrustedChannel(pinned: maker.pinned)
            let ending = maker.repository.update(&trusted)
            #expect(ending.refusal?.reason == "other-contents", "\(ending)")
            #expect(trusted.targets == nil)
        }
    }

    @Test("A pattern that this program cannot read is known by its id alone")
    func unread() throws {
        var maker = try Maker()
        try maker.publish([Self.one.published()])
        let trusted = try TrustedChannel(pinned: maker.pinned)
        for (unread, reason) in [("disk.two", nil), ("disk.nine", "other-contents")] as [(String, String?)] {
            var update = ChannelUpdate(of: trusted, rules: ChannelRules(channel: "vendor"), at: Repository.now)
            while case .read(let path, _) = update.step {
                update.take(maker.repository.files[path].map { .bytes($0) } ?? .absent)
            }
            update.take(.contents(PackContents(engineLevel: 3, patterns: ["disk.one": 1], unread: [unread])))
            guard case .ended(let ending) = update.step else {
                Issue.record("\(update.step)")
                return
            }
            #expect(ending.refusal?.reason == reason)
        }
    }

    @Test(
        "A root counts when enough keys of before and of now signed it; new roots are taken also where the rest is refused"
    )
    func rotation() throws {
        var maker = try Maker()
        try maker.publish([Self.one.published()])
        var trusted = try TrustedChannel(pinned: maker.pinned)
        _ = maker.repository.update(&trusted)
        let old = maker.rootKeys
        maker.rootKeys = [old[0], SigningKey(), SigningKey()]
        let path = ChannelPath.root(2)
        for (signers, found) in [([old[0], maker.rootKeys[1]], 1), ([old[0], old[1]], 1)] {
            maker.repository.files[path] = try Maker.root(
                after: maker.pinned, maker.rootKeys, maker.online, by: signers)
            let ending = maker.repository.update(&trusted)
            guard case .signatures(path, .root, _, found, 2) = ending.refusal else {
                Issue.record("\(ending)")
                continue
            }
            #expect(trusted.root.content.version == 1 && trusted.timestamp != nil)
        }
        try maker.rotate(by: [old[0], old[1], maker.rootKeys[1]])
        let ending = maker.repository.update(&trusted) { $0 == ChannelPath.timestamp ? .failed(because: "cut") : nil }
        #expect(ending.refusal?.reason == "unavailable" && ending.files.map(\.path) == [path])
        #expect(trusted.root.content.version == 2 && trusted.targets != nil)
    }

    @Test("256 roots are gone through in one update, and the next goes on")
    func manyRoots() throws {
        let maker = try Maker()
        var repository = maker.repository
        var root = maker.pinned
        for version in 2...(ChannelLimits.rootsPerUpdate + 2) {
            root = try Maker.root(after: root, maker.rootKeys, maker.online, by: Array(maker.rootKeys.prefix(2)))
            repository.files[ChannelPath.root(Int64(version))] = root
        }
        var trusted = try TrustedChannel(pinned: maker.pinned)
        let last = Int64(ChannelLimits.rootsPerUpdate + 1)
        #expect(repository.update(&trusted).refusal == .tooManyRoots(through: last))
        #expect(repository.update(&trusted).refusal == .missing(file: ChannelPath.timestamp))
        #expect(trusted.root.content.version == last + 1)
    }

    @Test("Of two signed files of one version the first stays, and it is said")
    func twoOfOne() throws {
        var maker = try Maker()
        try maker.publish([Self.one.published()])
        var other = maker
        other.trusted = try TrustedChannel(pinned: maker.pinned)
        try other.publish([Self.two.published()], lasts: 500_000)
        var trusted = try TrustedChannel(pinned: maker.pinned)
        _ = maker.repository.update(&trusted)
        let ending = other.repository.update(&trusted)
        #expect(ending.refusal == nil && ending.warnings.map(\.reason) == ["two-of-one-version"])
        #expect(trusted.targets?.content.packs.first?.patterns == Self.one.patterns)
    }

    @Test("A withdrawal stays in what is published after it, until it is taken back")
    func withdrawals() throws {
        var maker = try Maker()
        let withdrawal = Withdrawal(pattern: "disk.two", because: "orders too much")
        try maker.publish([Self.one.published()], withdrawing: [withdrawal])
        try maker.publish(nil)
        #expect(maker.trusted.timestamp?.content.version == 2)
        #expect(maker.trusted.targets?.content.packs.map(\.withdrawals) == [[withdrawal]])
        var release = ChannelPublisher.Release(
            packs: nil, at: Repository.now, lasts: .seconds(9), timestampLasts: .seconds(9))
        release.restored = ["disk.two"]
        maker.repository.write(try ChannelPublisher.publish(release, in: maker.trusted, keys: [maker.online]))
        _ = maker.repository.update(&maker.trusted)
        #expect(maker.trusted.targets?.content.packs.map(\.withdrawals) == [[]])
    }

    @Test(
        "Nothing is published that readers would refuse: no pack, a strange key, a key of the root as that of the server"
    )
    func publishing() throws {
        var maker = try Maker()
        #expect(throws: PublishingProblem.self) { try maker.publish(nil) }
        #expect(throws: PublishingProblem.self) { try maker.publish([Self.one.published()], with: [SigningKey()]) }
        #expect(throws: PublishingProblem.self) {
            try Maker.root(after: nil, maker.rootKeys, maker.rootKeys[0], by: [])
        }
        #expect(throws: PublishingProblem.self) {
            try ChannelPublisher.root(
                after: nil, rootKeys: [maker.online.publicKey, maker.online.publicKey], threshold: 2,
                onlineKeys: [SigningKey().publicKey], expires: Repository.now)
        }
        let unsigned = try Maker.root(after: nil, maker.rootKeys, maker.online, by: [maker.rootKeys[0]])
        let (found, needed) = try ChannelPublisher.signatures(of: unsigned)
        #expect(found == 1 && needed == 2)
        #expect(throws: ChannelRefusal.self) { try TrustedChannel(pinned: unsigned) }
    }
}

extension ChannelUpdate.Answer {
    /// Metadata without its end.
    fileprivate func cutting(_ bytes: Data) -> ChannelUpdate.Answer {
        if case .bytes = self { return .bytes(bytes.dropLast(2)) }
        return self
    }
}
