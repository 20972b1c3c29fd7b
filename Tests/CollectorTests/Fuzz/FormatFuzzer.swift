import Foundation
import TestSupport

/// Changes JSON as somebody would who knows the format and means harm: extremes of every field, deep, wide and long. The
/// same seed gives the same changes.
struct FormatFuzzer {
    private var random: SplitMix
    private let changes: Bool

    /// - Parameter changes: false: all stays as it is, to see that it is taken then.
    init(seed: UInt64, changes: Bool = true) {
        random = SplitMix(seed: seed)
        self.changes = changes
    }

    mutating func below(_ count: Int) -> Int { random.below(count) }
    mutating func once(in count: Int) -> Bool { below(count) == 0 }
    /// A text that means harm, or is only long.
    mutating func word() -> String {
        once(in: 6)
            ? String(repeating: pick(["x", "\u{301}", "ä", "\u{1}"]), count: pick([63, 64, 65, 253, 254, 400, 401]))
            : pick(Self.words)
    }
    mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }

    private static let numbers =
        HostileNumberTests.extremes + [
            "1", "2", "4294967296", "-2147483649", "0.1", "-0.0", "1e400", "123456789012345678901234567890",
            "253402300800000",
            "-62135596800001", "NaN",
        ]

    private static let words = [
        "", " ", "\u{0}", "\u{202E}", "\n\r", "<script>alert(1)</script>", "'; DROP TABLE server; --",
        "../../etc/passwd", "h1",
        "closed", "opened", "updated", "cleared", "order", "plan", "ok", "seen", "unseen", "absent", "en", "de",
        "197.raw{}\"\\", "hw.temperature{x=\"y\"}", "disk:a", "\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F467}",
        "e\u{301}\u{301}\u{301}",
        "-9223372036854775808", "1795000000000", "2026-11-21T07:15:00Z", "{0}{1}{2}{99999999999999999999}", "test:t1",
        "silence",
    ]

    /// One to four changes of `tree`, as it is sent.
    /// - Parameter last: what is put right again, so that what was changed beside it is reached.
    mutating func changed(_ tree: JSONTree, last: (JSONTree) -> JSONTree = { $0 }) -> String {
        guard changes else { return tree.json }
        var tree = tree
        for _ in 0...below(4) { tree = change(tree, depth: 0) }
        tree = last(tree)
        var bytes = Array(tree.json.utf8)
        // Now and then as bytes: what is no JSON at all.
        if once(in: 12), !bytes.isEmpty {
            for _ in 0...below(4) { bytes[below(bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
            if once(in: 3) { bytes.removeLast(below(bytes.count)) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func change(_ tree: JSONTree, depth: Int) -> JSONTree {
        if once(in: 7) || depth > 12 { return replaced(tree) }
        switch tree {
        case .object(var fields):
            let names = fields.keys.sorted()
            guard !names.isEmpty else { return replaced(tree) }
            let name = pick(names)
            switch below(12) {
            case 0: fields[name] = nil
            case 1: fields[pick(Self.words)] = fields[name]
            case 2: for number in 0..<pick([1, 65, 400]) { fields["x\(number)"] = fields[name] }
            default: fields[name] = change(fields[name] ?? .literal("null"), depth: depth + 1)
            }
            return .object(fields)
        case .array(var members):
            guard !members.isEmpty else { return replaced(tree) }
            let place = below(members.count)
            switch below(10) {
            case 0: members.remove(at: place)
            case 1:
                // Wide, as far as the whole stays small enough to be sent.
                let most = max(1, 400_000 / max(1, members[place].json.utf8.count))
                members += Array(
                    repeating: members[place], count: min(most, pick([1, 16, 17, 255, 256, 5_000, 10_001])))
            default: members[place] = change(members[place], depth: depth + 1)
            }
            return .array(members)
        case .text, .literal: return replaced(tree)
        }
    }

    private mutating func replaced(_ tree: JSONTree) -> JSONTree {
        switch below(12) {
        case 0: return .literal(pick(["null", "true", "false"]))
        case 1: return .text(pick(Self.words))
        case 2: return .literal(pick(Self.numbers))
        case 3:
            return .text(
                String(
                    repeating: pick(["x", "\u{301}", "ä", "\u{1}"]), count: pick([400, 401, 4_200, 8_001, 100_000])))
        case 4:
            var deep = tree
            for _ in 0..<pick([2, 15, 17, 511, 600]) { deep = once(in: 2) ? .array([deep]) : .object(["a": deep]) }
            return deep
        case 5: return once(in: 2) ? .object([:]) : .array([])
        default:
            if case .text = tree { return .text(pick(Self.words)) }
            return .literal(pick(Self.numbers))
        }
    }
}
