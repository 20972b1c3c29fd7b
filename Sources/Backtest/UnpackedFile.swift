import Glibc
import Transfer

/// The bytes of a file, plain or gzip, as they are when unpacked.
final class UnpackedFile {
    let path: String
    /// Of the file as it lies on the disk.
    let bytes: Int
    let isGzip: Bool
    /// Of the file as it lies on the disk.
    private(set) var bytesRead = 0

    private let descriptor: CInt
    private let gzip: GzipReader?
    private var input: [UInt8] = []
    private var waiting: ArraySlice<UInt8> = []

    private static let inputBytes = 1 << 20

    init(path: String) throws(BacktestError) {
        self.path = path
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        descriptor = file
        guard file >= 0 else { throw .unreadable(path: path, because: UnpackedFile.words(errno)) }
        var information = stat()
        var magic = [UInt8](repeating: 0, count: 2)
        let isKnown = unsafe fstat(file, &information) == 0
        let count = unsafe magic.withUnsafeMutableBytes { unsafe pread(file, $0.baseAddress, 2, 0) }
        guard isKnown, count >= 0 else {
            let problem = UnpackedFile.words(errno)
            close(file)
            throw .unreadable(path: path, because: problem)
        }
        bytes = Int(information.st_size)
        // RFC 1952, 2.3.1.
        isGzip = count == 2 && magic == [0x1F, 0x8B]
        do { gzip = isGzip ? try GzipReader() : nil } catch {
            close(file)
            throw .damaged(path: path, because: "\(error)")
        }
        if isGzip { input = [UInt8](repeating: 0, count: UnpackedFile.inputBytes) }
    }

    deinit { close(descriptor) }

    static func words(_ number: CInt) -> String { unsafe String(cString: strerror(number)) }

    /// Reads into `output` from `start` to at most its end.
    /// - Returns: how many bytes; 0 at the end of the file.
    func read(into output: inout [UInt8], from start: Int) throws(BacktestError) -> Int {
        guard let gzip else {
            let count = try fill(&output, from: start)
            bytesRead += count
            return count
        }
        while true {
            if waiting.isEmpty {
                let count = try fill(&input, from: 0)
                bytesRead += count
                guard count > 0 else {
                    if gzip.isAtEnd { return 0 }
                    throw .damaged(path: path, because: "\(GzipError.truncated)")
                }
                waiting = input[..<count]
            }
            do {
                let count = try gzip.inflate(&waiting, into: &output, from: start)
                if count > 0 { return count }
            } catch { throw .damaged(path: path, because: "\(error)") }
        }
    }

    private func fill(_ buffer: inout [UInt8], from start: Int) throws(BacktestError) -> Int {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { target in
                unsafe Glibc.read(descriptor, target.baseAddress?.advanced(by: start), target.count - start)
            }
            if count >= 0 { return count }
            guard errno == EINTR else { throw .unreadable(path: path, because: UnpackedFile.words(errno)) }
        }
    }

    /// Reads bytes of a plain file where they lie.
    /// - Returns: whether all of them were there.
    func read(at offset: Int, _ range: Range<Int>, of buffer: inout [UInt8]) -> Bool {
        var done = 0
        while done < range.count {
            let count = unsafe buffer.withUnsafeMutableBytes { target in
                unsafe pread(
                    descriptor, target.baseAddress?.advanced(by: range.lowerBound + done), range.count - done,
                    off_t(offset + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }
}
