import FaultPatterns

/// Makes wrong things of right ones.
struct Mutator {
    /// Expressions and other texts of real patterns.
    let texts: [String]
    /// Parts of real patterns' trees.
    let parts: [SourceNode]

    private static let place = SourceLocation(file: "fuzz")

    private static let words = [
        "and", "or", "not", "limit", "ahead", "(", ")", "[", "]", "{", "}", ",", "\"", "<", "<=", ">", ">=", "==", "!=",
        "=", "+", "-",
        "*",
        "/", "true", "false", "0", "1", "-1", "1e308", "1e309", "-1e308", "1e-320", "9223372036854775807",
        "18446744073709551615", "18446744073709551616", "0.1", ".", "..", "1h", "0s", "400d", "401d",
        "99999999999999999999d", "1ms", "30d", "under", "beside", "self", "parent", "anywhere", "increase(", "rises(",
        "rate(", "delta(", "changes(", "resets(", "min_over_time(", "max_over_time(", "avg_over_time(",
        "sum_over_time(", "count_over_time(", "stddev_over_time(", "quantile_over_time(", "absent_over_time(",
        "lifetime_max(", "lifetime_min(", "known_for(", "days_since(", "first_nonzero(", "last_increase(", "count(",
        "abs(", "min(", "max(", "bits(", "serd(", "serd_by(", "distinct(", "distinct_by(", "events(", "groups(",
        "sum_of(", "max_of(", "bucket(", "deriv(",
        "predict_linear(", "time_to(", "baseline(", "z(", "cusum_low(", "cusum_high(", "sequence(", "above(",
        "under_max(", "under_count(", "peers_median(", "peers_mad(", "active(", "model(", "unidentified", "under self",
        "under parent", "beside self", "under chassis", "within 1h", "unidentified within 1h",
        "disk.* unidentified within 24h",
        "active(\"disk.*\", unidentified) > 0", "hw.temperature",
        "hw.physical_disk.smart{attribute=\"197.raw\"}", "hw.physical_disk.io_error{operation=\"any\"}", "hw.status",
        "\u{0}", "\u{7f}", "\u{feff}", "\u{202e}", "\u{1F468}\u{200D}\u{1F469}", "\u{301}", "\n", "\t", "\\", "'", "%",
        "64", "63", "32", "samples", "2 samples", "1 samples and 5m", "never", "nan", "inf", "0x10", "1_000",
    ]

    // MARK: Texts

    func text(_ text: String, _ random: inout SplitMix) -> String {
        var characters = Array(text.unicodeScalars.prefix(8_000))
        for _ in 0...random.below(4) {
            let place = random.below(characters.count + 1)
            switch random.below(11) {
            case 0, 1: characters.insert(contentsOf: " \(random.pick(Self.words)) ".unicodeScalars, at: place)
            case 2: characters.insert(contentsOf: random.pick(Self.words).unicodeScalars, at: place)
            case 3:
                guard place < characters.count else { continue }
                characters.removeSubrange(place..<min(characters.count, place + 1 + random.below(8)))
            case 4:
                guard place < characters.count else { continue }
                characters[place] = Unicode.Scalar(UInt8(random.below(256)))
            case 5:
                // A piece of another text.
                let other = Array(random.pick(texts).unicodeScalars)
                let begin = random.below(other.count)
                let piece = other[begin..<min(other.count, begin + 1 + random.below(60))]
                characters.insert(contentsOf: piece, at: place)
            case 6:
                let begin = random.below(characters.count)
                let piece = characters[begin..<min(characters.count, begin + 1 + random.below(40))]
                for _ in 0...random.below(4) { characters.insert(contentsOf: piece, at: min(place, characters.count)) }
            case 7:
                // Nesting.
                let depth = 1 + random.below(random.once(in: 20) ? 2_000 : 50)
                let (open, close) = random.pick([("(", ")"), ("not ", ""), ("-", ""), ("abs(", ")"), ("[", "]")])
                characters =
                    Array(String(repeating: open, count: depth).unicodeScalars) + characters
                    + Array(String(repeating: close, count: depth).unicodeScalars)
            case 8:
                characters = Array(
                    "\(String(String.UnicodeScalarView(characters))) or \(random.pick(texts))".unicodeScalars)
            case 9: characters = Array(random.pick(texts).unicodeScalars)
            default:
                // A number becomes another one.
                guard
                    let digit = characters[min(place, characters.count)...].firstIndex(where: {
                        ("0"..."9").contains($0)
                    })
                else { continue }
                characters.replaceSubrange(digit...digit, with: random.pick(Self.words).unicodeScalars)
            }
        }
        return String(String.UnicodeScalarView(characters))
    }

    // MARK: Trees

    /// Changes one text of a pattern, or its shape.
    func tree(_ node: SourceNode, _ random: inout SplitMix) -> SourceNode {
        var changed = node
        for _ in 0...random.below(2) {
            changed = change(changed, depth: 0, &random)
        }
        return changed
    }

    private func change(_ node: SourceNode, depth: Int, _ random: inout SplitMix) -> SourceNode {
        if depth > 0, random.once(in: 12) { return reshaped(node, &random) }
        switch node.content {
        case .scalar(let text): return SourceNode(.scalar(self.text(text, &random)), at: node.location)
        case .sequence(var items):
            guard !items.isEmpty else { return SourceNode(.sequence([random.pick(parts)]), at: node.location) }
            let index = random.below(items.count)
            switch random.below(10) {
            case 0: items.remove(at: index)
            case 1: items.append(random.pick(parts))
            case 2: items.append(items[index])
            default: items[index] = change(items[index], depth: depth + 1, &random)
            }
            return SourceNode(.sequence(items), at: node.location)
        case .mapping(var entries):
            guard !entries.isEmpty else { return node }
            // Expressions more often than texts for people.
            var index = random.below(entries.count)
            if depth == 0, !random.once(in: 4) {
                let keys = ["when", "let", "tunable", "clear", "urgency", "for", "variants", "because", "explains"]
                index = entries.firstIndex { keys.contains($0.key) && random.once(in: 2) } ?? index
            }
            switch random.below(24) {
            case 0: entries.remove(at: index)
            case 1: entries.append(entries[index])
            case 2: entries[index].key = text(entries[index].key, &random)
            case 3: entries[index].value = random.pick(parts)
            default: entries[index].value = change(entries[index].value, depth: depth + 1, &random)
            }
            return SourceNode(.mapping(entries), at: node.location)
        }
    }

    private func reshaped(_ node: SourceNode, _ random: inout SplitMix) -> SourceNode {
        switch random.below(5) {
        case 0: return SourceNode(.sequence([node]), at: node.location)
        case 1:
            return SourceNode(
                .mapping([SourceNode.Entry(key: random.pick(texts), location: Self.place, value: node)]),
                at: node.location)
        case 2: return SourceNode(.scalar(random.pick(texts)), at: node.location)
        case 3: return random.pick(parts)
        default:
            var deep = node
            for _ in 0...random.below(40) { deep = SourceNode(.sequence([deep]), at: Self.place) }
            return deep
        }
    }

    // MARK: Bytes

    func bytes(_ original: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var bytes = original
        for _ in 0...random.below(6) {
            guard !bytes.isEmpty else { return bytes }
            let place = random.below(bytes.count)
            switch random.below(7) {
            case 0: bytes[place] = UInt8(random.below(256))
            case 1: bytes[place] ^= 1 << UInt8(random.below(8))
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(20)))
            case 3: bytes.insert(contentsOf: Array(random.pick(Self.words).utf8), at: place)
            case 4:
                let piece = Array(bytes[place..<min(bytes.count, place + 1 + random.below(200))])
                bytes.insert(contentsOf: piece, at: random.below(bytes.count))
            case 5:
                // A digit becomes a huge or negative number.
                guard let digit = bytes[place...].firstIndex(where: { (0x30...0x39).contains($0) }) else { continue }
                let number = random.pick(["-1", "1e999", "4294967296", "-0", "1e-999", "18446744073709551616", "0"])
                bytes.replaceSubrange(digit...digit, with: Array(number.utf8))
            default: bytes.removeSubrange(place...)
            }
        }
        return bytes
    }
}
