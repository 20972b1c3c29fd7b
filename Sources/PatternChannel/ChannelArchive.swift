public import FoundationEssentials

/// A channel as one file, to carry: a tar archive (POSIX ustar) of its files. What reads it trusts none of it; what is in it is
/// verified as from any other source.
public struct ChannelArchive: Sendable {
    /// Bytes by path.
    public let files: [String: Data]

    private static let block = 512
    /// Bytes with what fills the last block.
    private static func padded(_ length: Int) -> Int { (length + block - 1) / block * block }
    private static let magic = Data("ustar\u{0}00".utf8)

    public init(_ files: [ChannelFile]) {
        self.files = Dictionary(files.map { ($0.path, $0.bytes) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Throws: for what is no such archive: links, folders with other rights, names that lead elsewhere, two files of one
    ///   name, sums that do not fit.
    public init(tar: Data) throws(ArchiveProblem) {
        guard tar.count <= ChannelLimits.archiveBytes else {
            throw ArchiveProblem("it has \(tar.count) bytes of \(ChannelLimits.archiveBytes)")
        }
        var files: [String: Data] = [:]
        var rest = tar[...]
        while let header = ChannelArchive.header(&rest) {
            let entry = try Entry(header, number: files.count + 1)
            guard rest.count >= entry.length else { throw ArchiveProblem("\(entry.path) is cut off") }
            // Folders are written by tar(1), and say nothing.
            if entry.isFile {
                guard files.count < ChannelLimits.archiveFiles else {
                    throw ArchiveProblem("it has more than \(ChannelLimits.archiveFiles) files")
                }
                guard files.updateValue(Data(rest.prefix(entry.length)), forKey: entry.path) == nil else {
                    throw ArchiveProblem("\(entry.path) stands in it twice")
                }
            }
            rest = rest.dropFirst(ChannelArchive.padded(entry.length))
        }
        guard !files.isEmpty else { throw ArchiveProblem("it is no tar archive, or an empty one") }
        self.files = files
    }

    /// The next header; nil at the end, which is a block of zeros.
    private static func header(_ rest: inout Data.SubSequence) -> Data? {
        guard rest.count >= block else { return nil }
        let header = Data(rest.prefix(block))
        guard header.contains(where: { $0 != 0 }) else { return nil }
        rest = rest.dropFirst(block)
        return header
    }

    /// What a header says.
    private struct Entry {
        var path: String
        var length: Int
        var isFile: Bool

        init(_ header: Data, number: Int) throws(ArchiveProblem) {
            let kind = header[156]
            var sum = 8 * 0x20
            for (place, byte) in header.enumerated() where !(148..<156).contains(place) { sum += Int(byte) }
            guard header[257..<262] == ChannelArchive.magic.prefix(5), Entry.octal(header[148..<156]) == sum else {
                throw ArchiveProblem("the header of file \(number) is none of a tar archive (ustar)")
            }
            let (name, prefix) = (Entry.text(header[0..<100]), Entry.text(header[345..<500]))
            var path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            if path.hasPrefix("./") { path.removeFirst(2) }
            self.path = path
            guard let length = Entry.octal(header[124..<136]), length <= ChannelLimits.archiveBytes else {
                throw ArchiveProblem("the header of file \(number) has no length")
            }
            self.length = length
            isFile = kind == UInt8(ascii: "0") || kind == 0
            guard isFile || (kind == UInt8(ascii: "5") && length == 0) else {
                throw ArchiveProblem("\(path.prefix(100).debugDescription) is no plain file")
            }
            if isFile, !Entry.isPath(path) {
                throw ArchiveProblem("\(path.prefix(100).debugDescription) is no path of a channel")
            }
        }

        /// `metadata/NAME` or `targets/NAME`.
        private static func isPath(_ path: String) -> Bool {
            let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            guard parts.count == 2, ["metadata", "targets"].contains(String(decoding: parts[0], as: UTF8.self)) else {
                return false
            }
            return parts[1].first != UInt8(ascii: ".") && !parts[1].isEmpty
                && parts[1].allSatisfy { (0x21..<0x7F).contains($0) }
        }

        private static func text(_ field: Data) -> String { String(decoding: field.prefix { $0 != 0 }, as: UTF8.self) }

        /// Digits alone: `Int` would take a sign as well.
        private static func octal(_ field: Data) -> Int? {
            let digits = field.filter { $0 != 0 && $0 != 0x20 }
            guard digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
            return Int(String(decoding: digits, as: UTF8.self), radix: 8)
        }
    }

    /// The same files give the same bytes: names in order, no owner, no time.
    public var tar: Data {
        var archive = Data()
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
            archive += ChannelArchive.header(of: path, length: bytes.count)
            archive += bytes
            archive += Data(count: ChannelArchive.padded(bytes.count) - bytes.count)
        }
        return archive + Data(count: 2 * ChannelArchive.block)
    }

    private static func header(of path: String, length: Int) -> Data {
        var header = Data(count: block)
        func put(_ text: String, at place: Int) {
            header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
        }
        func octal(_ number: Int, digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        // The folder stands in the prefix, so that a hash and a name fit in the name.
        let parts = path.split(separator: "/", maxSplits: 1)
        put(String(parts.last ?? "").prefixUTF8(100), at: 0)
        if parts.count == 2 { put(String(parts[0]).prefixUTF8(155), at: 345) }
        put("0000644\u{0}0000000\u{0}0000000\u{0}", at: 100)
        put(octal(length, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        header.replaceSubrange(257..<257 + magic.count, with: magic)
        let sum = header.reduce(0) { $0 + Int($1) }
        put(octal(sum, digits: 6) + "\u{0} ", at: 148)
        return header
    }
}

extension String {
    fileprivate func prefixUTF8(_ bytes: Int) -> String { String(decoding: utf8.prefix(bytes), as: UTF8.self) }
}

/// Why a file is no channel.
public struct ArchiveProblem: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    init(_ description: String) { self.description = description }
}
