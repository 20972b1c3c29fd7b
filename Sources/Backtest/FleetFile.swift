import FoundationEssentials
import Glibc

/// One file of a fleet's history: what its columns mean, and its lines.
final class FleetFile {
    let source: UnpackedFile
    let layout: CSVLayout
    /// What was read behind the first line while looking for its end.
    let beginning: [UInt8]
    /// Where `beginning` begins in the unpacked file.
    let beginningOffset: Int

    var path: String { source.path }

    /// Bytes of a first line that is believed to be one.
    private static let headerBytes = 256 << 10

    init(path: String) throws(BacktestError) {
        source = try UnpackedFile(path: path)
        var text = [UInt8](repeating: 0, count: FleetFile.headerBytes)
        var filled = 0
        var end: Int?
        while end == nil, filled < text.count {
            let count = try source.read(into: &text, from: filled)
            if count == 0 { break }
            end = text[filled..<(filled + count)].firstIndex(of: UInt8(ascii: "\n"))
            filled += count
        }
        guard end != nil || filled < text.count else {
            throw .header(path: path, because: "the first line has more than \(text.count) bytes; it is no header")
        }
        do { layout = try CSVLayout(header: String(decoding: text[..<(end ?? filled)], as: UTF8.self)) } catch {
            throw .header(path: path, because: "\(error)")
        }
        beginningOffset = min(filled, (end ?? filled) + 1)
        beginning = Array(text[beginningOffset..<filled])
    }

    /// The files of `paths`: each a file, or a folder with files in it.
    static func paths(in paths: [String]) throws(BacktestError) -> [String] {
        var found: [String] = []
        for path in paths {
            var isFolder = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw .unreadable(path: path, because: UnpackedFile.words(ENOENT))
            }
            guard isFolder else {
                found.append(path)
                continue
            }
            let names: [String]
            do { names = try FileManager.default.subpathsOfDirectory(atPath: path) } catch {
                throw .unreadable(path: path, because: "\(error)")
            }
            // macOS puts files of its own beside the others when it packs them.
            let inside = names.filter { name in
                (name.hasSuffix(".csv") || name.hasSuffix(".csv.gz"))
                    && !name.split(separator: "/").contains { $0.hasPrefix(".") || $0 == "__MACOSX" }
            }
            guard !inside.isEmpty else { throw .noFiles(path: path) }
            found += inside.sorted().map { "\(path)/\($0)" }
        }
        return found
    }
}
