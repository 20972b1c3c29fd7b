import FoundationEssentials
import Reports

/// One object of a metadata file that is read, with its place for whoever mends it. Names that nobody asks for stay: they
/// are signed with the rest, and later versions of the specification may add some.
struct MetadataFields {
    let members: [String: MetadataValue]
    let place: String

    init(_ value: MetadataValue, at place: String) throws(MetadataProblem) {
        guard case .object(let members) = value else { throw MetadataProblem("\(place): an object is needed") }
        self.members = members
        self.place = place
    }

    func at(_ name: String) -> String { place.isEmpty ? name : "\(place).\(name.prefix(100).debugDescription)" }

    func value(_ name: String) throws(MetadataProblem) -> MetadataValue {
        guard let value = members[name] else { throw MetadataProblem("\(at(name)) is missing") }
        return value
    }

    func object(_ name: String) throws(MetadataProblem) -> MetadataFields {
        try MetadataFields(try value(name), at: at(name))
    }

    func array(_ name: String, atMost limit: Int) throws(MetadataProblem) -> [MetadataValue] {
        guard case .array(let items) = try value(name) else { throw MetadataProblem("\(at(name)): a list is needed") }
        guard items.count <= limit else { throw MetadataProblem("\(at(name)) has \(items.count) entries of \(limit)") }
        return items
    }

    func text(_ name: String, bytes limit: Int = 1_000) throws(MetadataProblem) -> String {
        guard case .text(let text) = try value(name) else { throw MetadataProblem("\(at(name)): a text is needed") }
        guard text.utf8.count <= limit else {
            throw MetadataProblem("\(at(name)) has \(text.utf8.count) bytes of \(limit)")
        }
        return text
    }

    func number(_ name: String, in range: ClosedRange<Int64>) throws(MetadataProblem) -> Int64 {
        guard case .number(let number) = try value(name), range.contains(number) else {
            throw MetadataProblem(
                "\(at(name)): a whole number from \(range.lowerBound) to \(range.upperBound) is needed")
        }
        return number
    }

    func flag(_ name: String) throws(MetadataProblem) -> Bool {
        guard case .flag(let flag) = try value(name) else {
            throw MetadataProblem("\(at(name)): true or false is needed")
        }
        return flag
    }

    /// The object's members in the order of their names.
    func sorted(atMost limit: Int) throws(MetadataProblem) -> [(name: String, value: MetadataValue)] {
        guard members.count <= limit else { throw MetadataProblem("\(place) has \(members.count) entries of \(limit)") }
        return members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// `hashes`, of which only SHA-256 counts.
    func sha256() throws(MetadataProblem) -> String {
        let hash = try object("hashes").text("sha256", bytes: 64)
        guard HexDigits.bytes(of: hash, count: 32) != nil, hash == hash.lowercased() else {
            throw MetadataProblem("\(at("hashes")): sha256 is no 64 lower-case hexadecimal digits")
        }
        return hash
    }
}
