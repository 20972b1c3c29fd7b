import CZlib
public import FoundationEssentials

/// gzip (RFC 1952), bounded.
public enum Gzip {
    /// Bytes inflated at a time.
    private static let step = 64 << 10

    public static func compress(_ data: Data) throws(GzipError) -> Data {
        guard data.count <= Int(UInt32.max) else { throw .tooLarge(limit: Int(UInt32.max)) }
        var stream = unsafe z_stream()
        // 15 bits of window, 16 more for gzip's header and trailer instead of zlib's; 8 is zlib's default memory level.
        guard
            unsafe deflateInit2_(
                &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                CInt(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw .outOfMemory }
        defer { _ = unsafe deflateEnd(&stream) }
        var output = Data(count: Int(unsafe deflateBound(&stream, UInt(data.count))))
        let result = unsafe data.withUnsafeBytes { source in
            unsafe output.withUnsafeMutableBytes { target in
                unsafe stream.next_in = UnsafeMutablePointer(
                    mutating: source.bindMemory(to: UInt8.self).baseAddress)
                unsafe stream.avail_in = UInt32(source.count)
                unsafe stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
                unsafe stream.avail_out = UInt32(target.count)
                return unsafe deflate(&stream, Z_FINISH)
            }
        }
        guard result == Z_STREAM_END else { throw .outOfMemory }
        return output.prefix(Int(unsafe stream.total_out))
    }

    /// - Parameter limit: bytes of output; one more is refused, whatever the input claims.
    public static func decompress(_ data: Data, limit: Int) throws(GzipError) -> Data {
        guard data.count <= Int(UInt32.max) else { throw .tooLarge(limit: limit) }
        var stream = unsafe z_stream()
        guard
            unsafe inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw .outOfMemory }
        defer { _ = unsafe inflateEnd(&stream) }
        let outcome: Result<Data, GzipError> = unsafe data.withUnsafeBytes { source in
            unsafe stream.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
            unsafe stream.avail_in = UInt32(source.count)
            return unsafe inflateAll(&stream, limit: limit)
        }
        return try outcome.get()
    }

    private static func inflateAll(_ stream: inout z_stream, limit: Int) -> Result<Data, GzipError> {
        var output = Data()
        var piece = [UInt8](repeating: 0, count: step)
        while true {
            let (result, count) = unsafe piece.withUnsafeMutableBufferPointer { target in
                unsafe stream.next_out = target.baseAddress
                unsafe stream.avail_out = UInt32(target.count)
                let result = unsafe inflate(&stream, Z_NO_FLUSH)
                return (result, target.count - Int(unsafe stream.avail_out))
            }
            guard output.count + count <= limit else { return .failure(.tooLarge(limit: limit)) }
            output.append(contentsOf: piece[..<count])
            switch result {
            case Z_OK: continue
            case Z_STREAM_END:
                // RFC 1952, 2.2: a file is a series of members.
                if unsafe stream.avail_in == 0 { return .success(output) }
                _ = unsafe inflateReset(&stream)
            case Z_BUF_ERROR: return .failure(.truncated)
            case Z_MEM_ERROR: return .failure(.outOfMemory)
            default: return .failure(.malformed)
            }
        }
    }
}

public enum GzipError: Error, Sendable, Hashable, CustomStringConvertible {
    case malformed, truncated, outOfMemory
    /// - Parameter limit: bytes.
    case tooLarge(limit: Int)

    public var description: String {
        switch self {
        case .malformed: "the data are not gzip, or damaged"
        case .truncated: "the gzip data end too early"
        case .outOfMemory: "out of memory for gzip"
        case .tooLarge(let limit): "the data are larger than \(limit) bytes"
        }
    }
}

/// gzip (RFC 1952) read a piece at a time: for what is too large to lie in memory whole.
@safe public final class GzipReader {
    /// zlib's state points back at its stream, so that this must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether all that was begun has ended: only here may the input end.
    public private(set) var isAtEnd = true

    public init() throws(GzipError) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .outOfMemory
        }
    }

    deinit {
        _ = unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Inflates until the input is used up or the output is full.
    /// - Parameters:
    ///   - input: gzip data; what was used is taken off its front.
    ///   - output: what is inflated is written here, from `start` to at most the end.
    /// - Returns: bytes written.
    public func inflate(
        _ input: inout ArraySlice<UInt8>, into output: inout [UInt8], from start: Int
    ) throws(GzipError) -> Int {
        var written = 0
        while !input.isEmpty, start + written < output.count {
            let (result, used, made) = unsafe input.withUnsafeBufferPointer { source in
                unsafe output.withUnsafeMutableBufferPointer { target in
                    let room = unsafe target[(start + written)...]
                    unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                    unsafe stream.pointee.avail_in = UInt32(clamping: source.count)
                    unsafe stream.pointee.next_out = UnsafeMutableBufferPointer(rebasing: room).baseAddress
                    unsafe stream.pointee.avail_out = UInt32(clamping: room.count)
                    let offered = unsafe (stream.pointee.avail_in, stream.pointee.avail_out)
                    let result = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                    return (
                        result, Int(unsafe offered.0 - stream.pointee.avail_in),
                        Int(unsafe offered.1 - stream.pointee.avail_out)
                    )
                }
            }
            input = input.dropFirst(used)
            written += made
            isAtEnd = false
            switch result {
            case Z_OK: continue
            case Z_STREAM_END:
                // RFC 1952, 2.2: a file is a series of members.
                isAtEnd = true
                _ = unsafe inflateReset(stream)
            // No progress is possible with what there is: more input or more room is needed.
            case Z_BUF_ERROR: return written
            case Z_MEM_ERROR: throw .outOfMemory
            default: throw .malformed
            }
        }
        return written
    }
}
