import Glibc

/// How much a file system can still take.
enum DiskRoom {
    /// Bytes that this user may still write there; nil where the file system does not say.
    static func free(in directory: String) -> Int64? {
        var status = statvfs()
        guard unsafe statvfs(directory, &status) == 0 else { return nil }
        return Int64(clamping: status.f_bavail.multipliedReportingOverflow(by: status.f_frsize).partialValue)
    }

    /// Whether so many bytes fit; true where the file system does not say.
    static func has(_ bytes: Int64, in directory: String) -> Bool { free(in: directory).map { $0 >= bytes } ?? true }
}
