import Foundation
import TestSupport

/// Makes of an input the same of another machine: other names of devices, buses and bays, and another order of what has
/// none. What is said of it must be the same.
struct CaseMutation {
    private var random: SplitMix

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    mutating func mutated(_ input: CaseInput) throws -> CaseInput {
        var changed = input
        switch input.content {
        case .tree(let root):
            let scratch = try ScratchFolder()
            try renumber(root, to: scratch.url.appending(path: "root"))
            changed.scratch = scratch
            changed.content = .tree(scratch.url.appending(path: "root"))
        case .text(let text): changed.content = .text(try mutated(text, of: input.probe))
        }
        return changed
    }

    private mutating func mutated(_ text: String, of probe: String) throws -> String {
        if text.first(where: { !$0.isWhitespace }) == "{" {
            let value = try JSONDecoder().decode(ShuffledJSON.self, from: Data(renamed(text, of: probe).utf8))
            return value.text(&random)
        }
        switch probe {
        case "ups": return shuffled(text, between: "\n")
        case "ipmi":
            // Entries of a log are in the order of time.
            if text.contains(#/(?m)^ *[0-9a-f]+ \| \d\d/\d\d/\d{4}/#) { return text }
            return text.contains("Sensor ID") ? shuffled(text, between: "\n\n") : shuffled(text, between: "\n")
        case "kernel-log": return interspersed(renamed(text, of: probe))
        default: return renamed(text, of: probe)
        }
    }

    // MARK: Names

    /// Gives devices other letters and numbers, each the same one everywhere.
    private mutating func renamed(_ text: String, of probe: String) -> String {
        let letters = Int.random(in: 1...10, using: &random)
        let number = Int.random(in: 1...7, using: &random)
        let bus = Int.random(in: 1...60, using: &random)
        var text = text.replacing(#/\bsd([a-p])(?=\d*\b)/#) { match in
            "sd" + String(UnicodeScalar(UInt8(97 + (Int(match.1.utf8.first ?? 97) - 97 + letters) % 16)))
        }
        text = text.replacing(#/\b(ata|md|nvme|eth|ten)(\d{1,2})(?=(n\d)?\b)/#) { match in
            "\(match.1)\((Int(match.2) ?? 0) + number)"
        }
        // By Unicode's rules there is no end of a word between the two numbers of `00.0`.
        let address = #/\b([0-9a-fA-F]{4}|[0-9a-fA-F]{8}):([0-9a-fA-F]{2}):([0-9a-fA-F]{2})\b/#
        text = text.replacing(address.wordBoundaryKind(.simple)) { match in
            let other = ((Int(match.2, radix: 16) ?? 0) + bus) % 256
            return "\(match.1):\(String(format: "%02x", other)):\(match.3)"
        }
        guard probe == "raid-controllers" else { return text }
        // Bays as storcli, ssacli, MegaCli and arcconf call them.
        text = text.replacing("252:", with: "64:").replacing("/e252/", with: "/e64/")
        text = text.replacing(#/\b([12]I:\d:)(\d+)\b/#) { "\($0.1)\((Int($0.2) ?? 0) + number)" }
        text = text.replacing(#/\bbay (\d+)/#) { "bay \((Int($0.1) ?? 0) + number)" }
        text = text.replacing(#/Slot Number: (\d+)/#) { "Slot Number: \((Int($0.1) ?? 0) + number)" }
        return text
    }

    /// Copies a tree; chips and controllers of memory get other numbers.
    private mutating func renumber(_ from: URL, to place: URL) throws {
        let number = Int.random(in: 1...8, using: &random)
        func name(_ path: String) -> String {
            path.replacing(#/\b(hwmon|mc)(\d+)(?=/|$)/#) { "\($0.1)\((Int($0.2) ?? 0) + number)" }
        }
        let files = FileManager.default
        let root = from.resolvingSymlinksInPath().path
        for path in try files.subpathsOfDirectory(atPath: root) {
            let source = "\(root)/\(path)"
            let target = place.appending(path: name(path))
            try files.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            if let link = try? files.destinationOfSymbolicLink(atPath: source) {
                try files.createSymbolicLink(atPath: target.path, withDestinationPath: name(link))
                continue
            }
            if try files.attributesOfItem(atPath: source)[.type] as? FileAttributeType == .typeDirectory {
                try files.createDirectory(at: target, withIntermediateDirectories: true)
            } else {
                try (files.contents(atPath: source) ?? Data()).write(to: target)
            }
        }
    }

    // MARK: Order

    private mutating func shuffled(_ text: String, between separator: String) -> String {
        var pieces = text.components(separatedBy: separator).filter { !$0.allSatisfy(\.isWhitespace) }
        pieces.shuffle(using: &random)
        return pieces.joined(separator: separator) + "\n"
    }

    /// Lines of other programs and drivers before a log and between its lines, at the time of the line after them.
    private mutating func interspersed(_ text: String) -> String {
        var lines: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isChosen = Int.random(in: 0..<3, using: &random) == 0
            if isChosen || lines.isEmpty,
                let stamp = line.firstMatch(of: #/^(\[[^\]]*\] |\w{3} [ \d]\d [\d:]{8} \S+ kernel: )/#)
            {
                lines.append("\(stamp.1)audit: backlog limit exceeded")
            }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }
}

/// A JSON value that is written with the names of its objects in another order.
indirect enum ShuffledJSON: Decodable {
    case object([String: ShuffledJSON])
    case array([ShuffledJSON])
    case string(String)
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case null

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([ShuffledJSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: ShuffledJSON].self))
        }
    }

    func text(_ random: inout SplitMix) -> String {
        switch self {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .integer(let value): return "\(value)"
        case .number(let value): return "\(value)"
        case .string(let value): return ShuffledJSON.quoted(value)
        case .array(let values): return "[" + values.map { $0.text(&random) }.joined(separator: ",") + "]"
        case .object(let fields):
            let names = fields.keys.sorted().shuffled(using: &random)
            let parts = names.map { "\(ShuffledJSON.quoted($0)):\(fields[$0]?.text(&random) ?? "null")" }
            return "{" + parts.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
