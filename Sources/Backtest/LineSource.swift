/// Whole lines in memory, with the padding that `CSVBytes` wants.
struct Chunk: Sendable {
    /// Counted from 0 in the order of the input.
    var number: Int
    var bytes: [UInt8]
    var origin: Origin

    enum Origin: Sendable {
        /// Lines as they follow one another in a file, from this place on.
        case file(Int, offset: Int)
        /// One place for each line.
        case rows([RowProblems.Place])
    }
}

/// The lines of a file in large pieces; where it is sorted by drive, with all rows of a drive in one piece.
struct LineSource {
    private let file: FleetFile
    private let number: Int
    private let keepsDrives: Bool
    private var rest: [UInt8]
    /// Where `rest` begins in the unpacked file.
    private var offset: Int
    private var isEnded = false
    private var chunks = 0
    private(set) var problems = RowProblems()

    /// Bytes of one piece, and so of the longest line.
    private static let chunkBytes = 2 << 20
    /// Bytes of one drive's rows that are kept together.
    private static let driveBytes = 64 << 20

    init(_ file: FleetFile, number: Int, keepsDrives: Bool) {
        self.file = file
        self.number = number
        self.keepsDrives = keepsDrives
        rest = file.beginning
        offset = file.beginningOffset
    }

    /// The next piece; nil at the end.
    mutating func next() throws(BacktestError) -> Chunk? {
        guard !isEnded else { return nil }
        var buffer = [UInt8](repeating: 0, count: max(LineSource.chunkBytes, 2 * rest.count))
        buffer.replaceSubrange(0..<rest.count, with: rest)
        var filled = rest.count
        rest = []
        while true {
            filled = try fill(&buffer, filled)
            guard let complete = isEnded ? filled : buffer[..<filled].lastIndex(of: UInt8(ascii: "\n")).map({ $0 + 1 })
            else {
                // Only a line that fills the buffer comes here, and that is longer than the limit.
                try skipLine(dropping: filled)
                buffer.replaceSubrange(0..<rest.count, with: rest)
                filled = rest.count
                rest = []
                continue
            }
            let cut = isEnded ? filled : boundary(buffer, complete, filled)
            if cut == 0, !isEnded {
                buffer += [UInt8](repeating: 0, count: buffer.count)
                continue
            }
            rest = Array(buffer[cut..<filled])
            let begin = offset
            offset += cut
            buffer.removeSubrange(cut...)
            buffer += [UInt8](repeating: 0, count: CSVBytes.padding)
            defer { chunks += 1 }
            return Chunk(number: chunks, bytes: buffer, origin: .file(number, offset: begin))
        }
    }

    private mutating func fill(_ buffer: inout [UInt8], _ begin: Int) throws(BacktestError) -> Int {
        var filled = begin
        while filled < buffer.count {
            let count = try file.source.read(into: &buffer, from: filled)
            if count == 0 {
                isEnded = true
                break
            }
            filled += count
        }
        return filled
    }

    /// Reads on to the end of a line that is too long.
    private mutating func skipLine(dropping count: Int) throws(BacktestError) {
        problems.note(.lineTooLong, at: RowProblems.Place(file: number, offset: offset))
        offset += count
        var piece = [UInt8](repeating: 0, count: LineSource.chunkBytes)
        while true {
            let count = try file.source.read(into: &piece, from: 0)
            guard count > 0 else {
                isEnded = true
                return
            }
            if let end = piece[..<count].firstIndex(of: UInt8(ascii: "\n")) {
                offset += end + 1
                rest = Array(piece[(end + 1)..<count])
                return
            }
            offset += count
        }
    }

    /// Where the last drive of the complete lines begins, which may go on behind them; 0 where all are of one drive.
    private func boundary(_ buffer: [UInt8], _ complete: Int, _ filled: Int) -> Int {
        guard keepsDrives else { return complete }
        var cut = complete
        var serial: ArraySlice<UInt8>?
        while cut > 0 {
            let begin = buffer[..<(cut - 1)].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            let found = field(file.layout.serial, of: buffer[begin..<(cut - 1)])
            if let serial, serial != found { return cut }
            serial = found
            cut = begin
        }
        // Behind them may be a line that is too long; whether the drive goes on behind that is seen when it does.
        let isEndless = complete >= LineSource.driveBytes || filled - complete >= LineSource.chunkBytes
        return isEndless ? complete : 0
    }

    private func field(_ column: Int, of line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = line
        for _ in 0..<column { rest = rest[(rest.firstIndex(of: UInt8(ascii: ",")).map { $0 + 1 } ?? rest.endIndex)...] }
        return rest.prefix { $0 != UInt8(ascii: ",") }
    }
}
