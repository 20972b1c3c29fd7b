import FoundationEssentials
import HTTPTypes
import Reports

/// The lines of a body (NDJSON), one after the other: what is held is one line.
struct BodyLines {
    private var pieces: BodyPieces
    private var piece: ArraySlice<UInt8> = []
    private var isAtEnd = false
    private let lineBytes: Int
    private var blanks = 0
    /// Blank lines of one body that are passed over: millions of them are a few kilobytes of gzip.
    static let blankLines = 1_000

    /// - Parameter lineBytes: of one line.
    init(_ pieces: BodyPieces, lineBytes: Int) {
        self.pieces = pieces
        self.lineBytes = lineBytes
    }

    /// The next line that is not blank; nil at the end.
    /// - Throws: `RequestProblem` for what cannot be inflated, is too large in all, has too long a line, or blank ones
    ///   without end.
    mutating func next() throws(RequestProblem) -> Data? {
        while !isAtEnd {
            let line = try whole()
            if !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { return line }
            blanks += 1
            guard blanks <= BodyLines.blankLines else {
                throw RequestProblem(
                    .contentTooLarge, "too-large",
                    "The body has more than \(BodyLines.blankLines) blank lines: send one envelope a line.")
            }
        }
        return nil
    }

    private mutating func whole() throws(RequestProblem) -> Data {
        var line = Data()
        while true {
            if piece.isEmpty {
                guard let more = try pieces.next() else {
                    isAtEnd = true
                    return line
                }
                piece = more
            }
            let end = piece.firstIndex(of: 0x0A)
            let part = piece[..<(end ?? piece.endIndex)]
            guard part.count <= lineBytes - line.count else {
                throw RequestProblem(
                    .contentTooLarge, "too-large",
                    "One envelope has more than \(lineBytes) bytes: send it in smaller parts.")
            }
            line.append(contentsOf: part)
            piece = piece[(end.map { $0 + 1 } ?? piece.endIndex)...]
            if end != nil { return line }
        }
    }

    /// How many lines there are; nothing of them is kept.
    /// - Parameter most: where counting ends.
    mutating func count(upTo most: Int) throws(RequestProblem) -> Int {
        var count = 0
        while count <= most, try next() != nil { count += 1 }
        return count
    }
}
