import Foundation
import Reports
import TestSupport
import Transfer

/// Files of `../shared/data`, which are read in place.
enum RecordedTable {
    static func url(_ path: String) -> URL {
        ServerProgram.packageRoot.appending(path: "../shared/data/\(path)").standardizedFileURL
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try Gzip.decompress(try Data(contentsOf: url(path)), limit: 100 << 20), as: UTF8.self)
    }

    /// A row by the names of its columns.
    struct Row {
        fileprivate let places: [Substring: Int]
        let cells: [Substring]

        subscript(_ name: Substring) -> Substring {
            guard let place = places[name], cells.indices.contains(place) else { return "" }
            return cells[place]
        }

        func number(_ name: Substring) -> Int? { Double(self[name]).flatMap { Int(exactly: $0.rounded()) } }
    }

    static func rows(_ path: String) throws -> (head: [Substring], rows: [Row]) {
        var lines = try text(path).split(separator: "\n")
        let head = lines.removeFirst().split(separator: ",", omittingEmptySubsequences: false)
        let places = Dictionary(head.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return (
            head,
            lines.map { Row(places: places, cells: $0.split(separator: ",", omittingEmptySubsequences: false)) }
        )
    }
}
