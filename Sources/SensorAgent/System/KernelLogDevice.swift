import Glibc

/// `/dev/kmsg`, the kernel's log, read record by record without waiting (Documentation/ABI/testing/dev-kmsg).
struct KernelLogDevice: ~Copyable {
    static let path = "/dev/kmsg"
    /// Bytes of one record with its properties; a smaller buffer is refused by the kernel (EINVAL).
    static let recordBytes = 8192

    /// What one read gave.
    enum Next: Hashable, Sendable {
        case record([UInt8])
        /// The records that were to come had been overwritten; the next read goes on with the oldest that is left.
        case overwritten
        /// Nothing more now.
        case end
    }

    private let descriptor: Int32

    /// - Parameter path: of this machine, not of a recorded tree.
    init(_ path: String = KernelLogDevice.path) throws(SysTreeError) {
        descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw .failed(path: path, errno: errno) }
    }

    deinit { close(descriptor) }

    func next() throws(SysTreeError) -> Next {
        let result = KernelLogDevice.read(descriptor)
        switch result {
        case .success(let next): return next
        case .failure(let problem): throw problem
        }
    }

    private static func read(_ descriptor: Int32) -> Result<Next, SysTreeError> {
        var buffer = [UInt8](repeating: 0, count: recordBytes)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { return .success(.record(Array(buffer[..<count]))) }
            if count == 0 { return .success(.end) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .success(.end)
            case EPIPE: return .success(.overwritten)
            default: return .failure(.failed(path: path, errno: errno))
            }
        }
    }

    /// One element when a message comes that `matters`; none for what is in the log already.
    static func prompts(_ matters: @escaping @Sendable ([UInt8]) -> Bool) -> AsyncStream<String> {
        FilePoll.stream {
            let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            if descriptor >= 0 { lseek(descriptor, 0, SEEK_END) }
            return descriptor
        } news: { descriptor in
            var found: String?
            while case .success(let next) = read(descriptor), next != .end {
                guard found == nil else { continue }
                switch next {
                case .record(let record): if matters(record) { found = "a message of the kernel" }
                case .overwritten: found = "more messages than the kernel's log holds"
                case .end: break
                }
            }
            return found
        }
    }
}
