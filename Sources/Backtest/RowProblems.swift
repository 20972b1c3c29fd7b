import Reports

/// Rows and values that could not be used: how many of each kind, and where the first one stands.
public struct RowProblems: Sendable, Encodable {
    public enum Kind: String, Sendable, CaseIterable, Encodable {
        case fieldCount = "another number of fields than the first line"
        case noSerial = "no serial number"
        case badDate = "no date such as 2016-04-01 between 1990 and 2100"
        case goesBack = "a date before the drive's last row"
        case repeated = "a second row of one drive and day"
        case notANumber = "a value that is no number from 0 to 2^64"
        case lineTooLong = "a line longer than the limit"
        case shortRead = "a row that was no longer there when it was read again"

        func words(in language: Language) -> String {
            switch self {
            case .fieldCount: language(rawValue, "eine andere Zahl von Feldern als in der ersten Zeile")
            case .noSerial: language(rawValue, "keine Seriennummer")
            case .badDate: language(rawValue, "kein Datum wie 2016-04-01 zwischen 1990 und 2100")
            case .goesBack: language(rawValue, "ein Datum vor der letzten Zeile des Laufwerks")
            case .repeated: language(rawValue, "eine zweite Zeile eines Laufwerks an einem Tag")
            case .notANumber: language(rawValue, "ein Wert, der keine Zahl von 0 bis 2^64 ist")
            case .lineTooLong: language(rawValue, "eine Zeile über der Höchstlänge")
            case .shortRead: language(rawValue, "eine Zeile, die beim zweiten Lesen nicht mehr da war")
            }
        }
    }

    public struct Entry: Sendable, Encodable {
        public var problem: Kind
        public var count: Int
        public var firstFile: String
        /// From 1, the header included; nil where the file can no longer be read.
        @Nullable public var firstLine: Int?
        /// Bytes from the beginning of the (unpacked) file.
        public var firstOffset: Int

        /// `fleet.csv:17`.
        func firstPlace(in language: Language = .english) -> String {
            firstLine.map { "\(firstFile):\($0)" }
                ?? "\(firstFile)\(language(" at byte ", ", Byte "))\(firstOffset)"
        }
    }

    struct Place: Comparable {
        var file: Int
        var offset: Int
        static func < (left: Place, right: Place) -> Bool {
            (left.file, left.offset) < (right.file, right.offset)
        }
    }

    private var counts = [Int](repeating: 0, count: Kind.allCases.count)
    private var first = [Place?](repeating: nil, count: Kind.allCases.count)
    private var lines = [Int?](repeating: nil, count: Kind.allCases.count)
    private var files: [String] = []

    mutating func note(_ kind: Kind, at place: Place) {
        let index = Kind.allCases.firstIndex(of: kind) ?? 0
        counts[index] += 1
        first[index] = min(first[index] ?? place, place)
    }

    mutating func add(_ other: RowProblems) {
        for index in counts.indices {
            counts[index] += other.counts[index]
            if let place = other.first[index] { first[index] = min(first[index] ?? place, place) }
        }
    }

    /// Finds the lines of the first places, which are known by bytes only: once, when all is counted.
    mutating func locate(in files: [String]) {
        self.files = files
        for (number, places) in Dictionary(
            grouping: first.indices.filter { first[$0] != nil }, by: { first[$0]?.file ?? 0 })
        where files.indices.contains(number) {
            guard let file = try? UnpackedFile(path: files[number]) else { continue }
            let wanted = places.map { (index: $0, offset: first[$0]?.offset ?? 0) }.sorted { $0.offset < $1.offset }
            var buffer = [UInt8](repeating: 0, count: RowProblems.pieceBytes)
            var (begin, line, next) = (0, 1, 0)
            while next < wanted.count {
                let count = (try? file.read(into: &buffer, from: 0)) ?? 0
                for place in 0..<count {
                    while next < wanted.count, wanted[next].offset == begin + place {
                        lines[wanted[next].index] = line
                        next += 1
                    }
                    if buffer[place] == UInt8(ascii: "\n") { line += 1 }
                }
                begin += count
                if count == 0 { break }
            }
        }
    }

    /// Bytes that are read at once while lines are counted.
    private static let pieceBytes = 1 << 20

    public func count(of kind: Kind) -> Int { counts[Kind.allCases.firstIndex(of: kind) ?? 0] }

    public var entries: [Entry] {
        Kind.allCases.enumerated().compactMap { index, kind in
            guard let place = first[index] else { return nil }
            let file = files.indices.contains(place.file) ? files[place.file] : "?"
            return Entry(
                problem: kind, count: counts[index], firstFile: file, firstLine: lines[index],
                firstOffset: place.offset)
        }
    }

    public func encode(to encoder: any Encoder) throws { try entries.encode(to: encoder) }
}
