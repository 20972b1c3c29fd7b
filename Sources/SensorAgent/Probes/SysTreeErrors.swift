import Glibc
import Reports

extension SysTreeError {
    static let noSuchFile = ENOENT
    static let busy = EBUSY

    /// For one file of many: why its value is not there.
    var unavailable: Unavailable {
        switch self {
        case .failed(_, ENOENT), .failed(_, ENODEV), .failed(_, ENOTSUP): .notSupported
        case .failed(_, EACCES), .failed(_, EPERM): .denied
        case .failed: .readError
        case .notAFile, .tooLarge, .empty, .notANumber: .malformed
        }
    }

    /// For a whole interface.
    var probeError: ProbeError {
        switch self {
        case .failed(let path, ENOENT): .absent(because: "\(path) is not there")
        case .failed(let path, EACCES), .failed(let path, EPERM): .denied(path: path)
        case .failed(let path, let errno): .unreadable(path: path, errno: errno)
        case .notAFile(let path): .malformed(path: path, problem: "is no regular file")
        case .tooLarge(let path, let limit): .malformed(path: path, problem: "is larger than \(limit)")
        case .empty(let path): .malformed(path: path, problem: "is empty")
        case .notANumber(let path, let text): .malformed(path: path, problem: "says \"\(text)\" where a number belongs")
        }
    }
}
