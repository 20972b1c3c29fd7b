/// Writes numbers of few bits one behind the other, the highest bit first.
struct BitWriter {
    private(set) var bytes: [UInt8] = []
    /// Bits of the last byte that are free.
    private var free = 0

    /// - Parameter count: 0 to 64; higher bits of the value are left out.
    mutating func write(_ value: UInt64, bits count: Int) {
        var left = count
        while left > 0 {
            if free == 0 {
                bytes.append(0)
                free = 8
            }
            let taken = min(free, left)
            let piece = (value >> UInt64(left - taken)) & ((1 << UInt64(taken)) - 1)
            bytes[bytes.count - 1] |= UInt8(truncatingIfNeeded: piece << UInt64(free - taken))
            free -= taken
            left -= taken
        }
    }

    /// A number that is small more often than not: as many ones as there are classes below it, a zero, and its bits.
    mutating func write(_ value: UInt64, in classes: BitClasses) {
        for (index, width) in classes.widths.enumerated() {
            guard index == classes.widths.count - 1 || value < 1 << UInt64(width) else {
                write(1, bits: 1)
                continue
            }
            if index < classes.widths.count - 1 { write(0, bits: 1) }
            return write(value, bits: width)
        }
    }

    /// A difference, modulo 2^64, so that there is none that cannot be written.
    mutating func write(difference: Int64, in classes: BitClasses) {
        write(UInt64(bitPattern: (difference << 1) ^ (difference >> 63)), in: classes)
    }
}

/// How many bits a number of each class takes, the smallest first; the last class is of 64, which holds any.
struct BitClasses {
    let widths: [Int]

    /// Of times: mostly none at all, as of what is looked at evenly.
    static let ofTimes = BitClasses(widths: [0, 4, 8, 14, 24, 64])
    /// Of values that change by a little.
    static let ofValues = BitClasses(widths: [2, 5, 9, 16, 32, 64])
    /// Of words' numbers.
    static let ofWords = BitClasses(widths: [1, 3, 7, 64])
}

/// Reads what `BitWriter` wrote. Past the end there is nothing: whoever reads on is told.
struct BitReader {
    private let bytes: ArraySlice<UInt8>
    private var place: Int
    private var used = 0

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    /// Bits that were not read yet.
    var left: Int { (bytes.endIndex - place) * 8 - used }

    mutating func read(bits count: Int) throws(HistoryChunkError) -> UInt64 {
        guard count <= left else { throw .truncated }
        var value: UInt64 = 0
        var wanted = count
        while wanted > 0 {
            let taken = min(8 - used, wanted)
            let piece = (bytes[place] >> UInt8(8 - used - taken)) & UInt8((1 << taken) - 1)
            value = value << UInt64(taken) | UInt64(piece)
            used += taken
            wanted -= taken
            if used == 8 {
                used = 0
                place += 1
            }
        }
        return value
    }

    mutating func read(in classes: BitClasses) throws(HistoryChunkError) -> UInt64 {
        for width in classes.widths.dropLast() {
            if try read(bits: 1) == 0 { return try read(bits: width) }
        }
        return try read(bits: classes.widths.last ?? 64)
    }

    mutating func readDifference(in classes: BitClasses) throws(HistoryChunkError) -> Int64 {
        let folded = try read(in: classes)
        return Int64(bitPattern: folded >> 1) ^ -Int64(bitPattern: folded & 1)
    }
}

/// A time that goes on as evenly as it did: the difference of two differences (Pelkonen et al., VLDB 2015, section 4.1.1).
/// All of it modulo 2^64, so that it comes back as it was whatever the clock did.
struct TimeSteps {
    private var last: Int64 = 0
    private var step: Int64 = 0

    mutating func difference(to time: Int64) -> Int64 {
        let next = time &- last
        defer { (last, step) = (time, next) }
        return next &- step
    }

    mutating func time(after difference: Int64) -> Int64 {
        step = step &+ difference
        last = last &+ step
        return last
    }
}
