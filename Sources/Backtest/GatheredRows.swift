/// The rows of files that are not sorted by drive, such as Backblaze's own, one for each day: found drive by drive.
///
/// Only where each row lies is kept in memory; plain files are read again from the disk, gzip is kept unpacked.
final class GatheredRows {
    private struct Row {
        var drive: Int
        var day: Int32
        var file: Int32
        var offset: Int
        var length: Int32
    }

    private let files: [FleetFile]
    /// Unpacked bytes of gzip files, by the number of the file.
    private var unpacked: [Int: [UInt8]] = [:]
    private var unpackedBytes = 0
    private var rows: [Row] = []
    /// Serial numbers in the order in which they were met.
    private var serials: [[UInt8]] = []
    private var drives: [[UInt8]: Int] = [:]
    private(set) var problems = RowProblems()

    // What `next` gives out.
    private var position = 0
    private var chunks = 0

    /// Unpacked bytes that are kept in memory.
    private static let unpackedLimit = 16 << 30
    private static let chunkBytes = 2 << 20

    /// - Parameter progress: takes the bytes read after each file.
    init(_ files: [FleetFile], progress: (Int) -> Void) throws(BacktestError) {
        self.files = files
        var bytesRead = 0
        for number in files.indices {
            try index(number)
            bytesRead += files[number].source.bytes
            progress(bytesRead)
        }
        drives = [:]
        // In the order of serial number and date; of two rows of a day, the first one counts.
        var rank = [Int](repeating: 0, count: serials.count)
        for (place, drive) in serials.indices.sorted(by: { serials[$0].lexicographicallyPrecedes(serials[$1]) })
            .enumerated()
        {
            rank[drive] = place
        }
        serials = []
        for index in rows.indices { rows[index].drive = rank[rows[index].drive] }
        rows.sort { ($0.drive, $0.day, $0.file, $0.offset) < ($1.drive, $1.day, $1.file, $1.offset) }
    }

    private func index(_ number: Int) throws(BacktestError) {
        let file = files[number]
        var source = LineSource(file, number: number, keepsDrives: false)
        if file.source.isGzip { unpacked[number] = [UInt8](repeating: 0, count: file.beginningOffset) }
        var ends = [Int32](repeating: 0, count: file.layout.columns + 1)
        while let chunk = try source.next() {
            guard case .file(_, let offset) = chunk.origin else { continue }
            if file.source.isGzip { try keep(chunk, at: offset, of: number) }
            unsafe chunk.bytes.withUnsafeBytes { buffer in
                guard let csv = unsafe CSVBytes(buffer) else { return }
                var place = 0
                while place < csv.count {
                    var span = ends.mutableSpan
                    let line = csv.split(place, into: &span)
                    take(csv, place, line, ends, RowProblems.Place(file: number, offset: offset + place))
                    place = line.next
                }
            }
        }
        problems.add(source.problems)
    }

    private func keep(_ chunk: Chunk, at offset: Int, of number: Int) throws(BacktestError) {
        let count = chunk.bytes.count - CSVBytes.padding
        unpackedBytes += count
        guard unpackedBytes <= GatheredRows.unpackedLimit else {
            throw .tooLarge(path: files[number].path, limit: GatheredRows.unpackedLimit)
        }
        // A line that was too long left a gap.
        let gap = offset - (unpacked[number]?.count ?? 0)
        if gap > 0 { unpacked[number]? += [UInt8](repeating: 0, count: gap) }
        unpacked[number]? += chunk.bytes.prefix(count)
    }

    private func take(
        _ csv: CSVBytes, _ start: Int, _ line: CSVBytes.Line, _ ends: [Int32], _ origin: RowProblems.Place
    ) {
        let layout = files[origin.file].layout
        guard line.fields == layout.columns else {
            if line.fields > 1 || ends[0] > 0 { problems.note(.fieldCount, at: origin) }
            return
        }
        func field(_ column: Int) -> Range<Int> {
            let begin = column == 0 ? start : start + Int(ends[column - 1]) + 1
            return begin..<max(begin, start + Int(ends[column]))
        }
        let serial = csv.bytes(field(layout.serial))
        guard !serial.isEmpty else { return problems.note(.noSerial, at: origin) }
        guard let day = csv.day(field(layout.date)) else { return problems.note(.badDate, at: origin) }
        let drive = drives[serial] ?? serials.count
        if drive == serials.count {
            drives[serial] = drive
            serials.append(serial)
        }
        rows.append(
            Row(
                drive: drive, day: Int32(day), file: Int32(origin.file), offset: origin.offset,
                length: Int32(line.next - start)))
    }

    var rowCount: Int { rows.count }
    var rowsGiven: Int { position }

    /// Rows of the next drives; nil at the end.
    func next() -> Chunk? {
        guard position < rows.count else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(GatheredRows.chunkBytes + (1 << 16))
        var places: [RowProblems.Place] = []
        while position < rows.count {
            let isNewDrive = position == 0 || rows[position - 1].drive != rows[position].drive
            if isNewDrive, bytes.count >= GatheredRows.chunkBytes { break }
            append(rows[position], to: &bytes, &places)
            position += 1
        }
        bytes += [UInt8](repeating: 0, count: CSVBytes.padding)
        defer { chunks += 1 }
        return Chunk(number: chunks, bytes: bytes, origin: .rows(places))
    }

    private func append(_ row: Row, to bytes: inout [UInt8], _ places: inout [RowProblems.Place]) {
        let place = RowProblems.Place(file: Int(row.file), offset: row.offset)
        let (begin, length) = (bytes.count, Int(row.length))
        if let text = unpacked[Int(row.file)] {
            bytes += text[row.offset..<(row.offset + length)]
        } else {
            bytes += [UInt8](repeating: 0, count: length)
            guard files[Int(row.file)].source.read(at: row.offset, begin..<(begin + length), of: &bytes) else {
                bytes.removeSubrange(begin...)
                return problems.note(.shortRead, at: place)
            }
        }
        if bytes.last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
        places.append(place)
    }
}
