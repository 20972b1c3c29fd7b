import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Which patterns run")
struct ActivePatternsTests {
    private static let start = Timestamp(seconds: 1_790_000_000)
    private static func content(_ targets: Int64) -> ActivePatterns.Content {
        ActivePatterns.Content(targets: targets, packs: [String(repeating: "\(targets)", count: 64)])
    }

    /// Version 7 runs, as it has for long, and version 8 was swapped in.
    private static func swapped() -> ActivePatterns {
        var active = ActivePatterns(.package, at: start)
        active.activate(content(7), of: "vendor", at: start, boot: "b0")
        active.settle()
        active.activate(content(8), of: "vendor", at: start + .seconds(60), boot: "b0")
        return active
    }

    private static func version(_ active: ActivePatterns) -> Int64? { active.now.channels["vendor"]?.targets }

    @Test(
        "The second crash leads back to what ran before, which is on no probation; what is left is refused, with the reason"
    )
    func crashes() {
        var active = Self.swapped()
        #expect(active.start(boot: "b0") == nil)
        #expect(Self.version(active) == 8 && active.probation?.crashes == 1)
        let because = active.start(boot: "b0")
        #expect(because?.contains("2 times") == true)
        #expect(Self.version(active) == 7 && active.probation == nil && active.before == nil)
        #expect(active.refusal(of: 8, in: "vendor") == because)
        #expect(active.refusal(of: 9, in: "vendor") == nil, "a newer one is taken")
        #expect(active.start(boot: "b0") == nil && Self.version(active) == 7)
    }

    @Test("A stop in order is no crash, however often")
    func stops() {
        var active = Self.swapped()
        for _ in 0..<10 {
            active.stop()
            #expect(active.start(boot: "b0") == nil)
        }
        #expect(Self.version(active) == 8 && active.probation?.crashes == 0)
    }

    @Test("That the machine went down is no crash; one after that counts, whatever the wall clock shows")
    func reboots() {
        var active = Self.swapped()
        for boot in 1...5 { #expect(active.start(boot: "b\(boot)") == nil) }
        #expect(active.probation?.crashes == 0)
        #expect(active.start(boot: "b5") == nil)
        #expect(active.start(boot: "b5") != nil && Self.version(active) == 7)
    }

    @Test("What has settled is not left for a crash")
    func settled() {
        var active = Self.swapped()
        active.settle()
        for _ in 0..<5 { #expect(active.start(boot: "b0") == nil) }
        #expect(Self.version(active) == 8 && active.before?.channels["vendor"]?.targets == 7)
    }

    @Test("Before anything of a channel lies the pack of the package; what comes beside it needs it")
    func package() {
        var active = ActivePatterns(.package, at: Self.start)
        active.activate(Self.content(1), of: "vendor", at: Self.start, boot: "b0")
        #expect(!active.now.needsPackage)
        _ = active.start(boot: "b0")
        _ = active.start(boot: "b0")
        #expect(active.now == .package)
        var bound = Self.content(2)
        bound.prefix = "acme"
        active.activate(bound, of: "acme", at: Self.start, boot: "b0")
        #expect(active.now.needsPackage)
    }

    @Test("Back, since somebody asks for it, refuses nothing")
    func asked() {
        var active = Self.swapped()
        active.goBackAsAsked()
        #expect(Self.version(active) == 7 && active.refusal(of: 8, in: "vendor") == nil && active.before == nil)
    }

    @Test("It is the same once it was written down and read")
    func stored() throws {
        var active = Self.swapped()
        _ = active.start(boot: "b0")
        active.refuse(5, of: "other", because: "its pack cannot be read")
        #expect(try WireFormat.decode(ActivePatterns.self, from: WireFormat.encode(active)) == active)
    }
}
