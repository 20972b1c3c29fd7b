import Glibc

/// A tree of small files that the kernel writes: `/` of this machine, or a recorded one.
///
/// Every probe that reads files reads them through this, so that it runs on a recording as on the machine. Paths are
/// absolute inside the tree (`/sys/class/hwmon`). Reads are bounded, never block on a pipe, and never leave the tree:
/// links are resolved as the kernel would inside a chroot (`RESOLVE_IN_ROOT` of openat2(2)).
public struct SysTree: Sendable {
    /// Bytes read of one file; a sysfs attribute is at most one page (4096), a recorded one may be anything.
    public static let fileBytes = 64 << 10
    /// Names read of one directory.
    public static let directoryEntries = 16_384
    /// Links followed for one path, as in the kernel (MAXSYMLINKS, path_resolution(7)).
    static let linksFollowed = 40

    /// The folder that stands for `mount`; empty for the machine itself.
    private let root: String
    /// Names of the folders that lead to what was recorded: empty for `/`, `["sys"]` for a recording of `/sys` alone.
    private let mount: [String]
    /// Told each path before it is read; nil: nobody wants to know.
    private var note: (@Sendable (String) -> Void)?

    /// - Parameter root: the folder that stands for `/`; `/` is this machine. A folder without `sys` that has the
    /// folders
    ///   of `/sys`, or those of EDAC in it, is taken for that: recordings often begin there.
    public init(root: String = "/") {
        var trimmed = root
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        self.root = trimmed
        let has: (String) -> Bool = { unsafe access("\(trimmed)/\($0)", F_OK) == 0 }
        if trimmed.isEmpty || has("sys") || has("proc") || has("etc") {
            mount = []
        } else if has("class") || has("devices") {
            mount = ["sys"]
        } else {
            mount = has("mc") ? ["sys", "devices", "system", "edac"] : []
        }
    }

    public var isThisMachine: Bool { root.isEmpty }

    /// The same tree, which tells `note` each path before it is read: what is told last is what a read hangs at.
    func telling(_ note: @escaping @Sendable (String) -> Void) -> SysTree {
        var tree = self
        tree.note = note
        return tree
    }

    /// Tells what is read by other means than this tree's.
    func isAboutToRead(_ path: String) { note?(path) }

    /// The whole file as bytes.
    public func bytes(_ path: String, limit: Int = SysTree.fileBytes) throws(SysTreeError) -> [UInt8] {
        var bytes: [UInt8] = []
        try stream(path, limit: limit) { chunk in
            bytes.append(contentsOf: chunk)
            return true
        }
        return bytes
    }

    /// The file piece by piece, for what is too large to be held.
    /// - Parameter take: returns whether it wants more.
    func stream(
        _ path: String, limit: Int, _ take: (ArraySlice<UInt8>) -> Bool
    ) throws(SysTreeError) {
        note?(path)
        let file = try located(path)
        let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw .failed(path: path, errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .failed(path: path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
        var total = 0
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .failed(path: path, errno: errno)
            }
            if count == 0 { return }
            total += count
            guard total <= limit else { throw .tooLarge(path: path, limit: limit) }
            guard take(chunk[..<count]) else { return }
        }
    }

    /// The file as text without blanks around it; bytes that are no UTF-8 become U+FFFD.
    public func text(_ path: String) throws(SysTreeError) -> String {
        let bytes = try bytes(path)
        let blank: (UInt8) -> Bool = { $0 <= 0x20 }
        guard let first = bytes.firstIndex(where: { !blank($0) }), let last = bytes.lastIndex(where: { !blank($0) })
        else { throw .empty(path: path) }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }

    /// The file as one unsigned decimal number.
    public func count(_ path: String) throws(SysTreeError) -> UInt64 {
        let text = try text(path)
        guard let number = UInt64(text) else { throw .notANumber(path: path, text: String(text.prefix(40))) }
        return number
    }

    /// Names in a directory without `.` and `..`, in natural order (`mc2` before `mc10`).
    public func names(in path: String) throws(SysTreeError) -> [String] {
        try entries(in: path).map(\.name).sorted(by: SysTree.naturallyOrdered)
    }

    /// Names with their inodes, in no order: sysfs gives a device that comes back an inode of its own (kernfs), so that
    /// one list shows whether any came, went or took another's place.
    func entries(in path: String) throws(SysTreeError) -> [(name: String, inode: UInt)] {
        note?(path)
        guard let directory = unsafe opendir(try located(path)) else { throw .failed(path: path, errno: errno) }
        defer { unsafe closedir(directory) }
        var entries: [(name: String, inode: UInt)] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            guard entries.count < SysTree.directoryEntries else {
                throw .tooLarge(path: path, limit: SysTree.directoryEntries)
            }
            entries.append((name, unsafe UInt(entry.pointee.d_ino)))
        }
        return entries
    }

    /// Whether there is something at `path`.
    public func exists(_ path: String) -> Bool {
        note?(path)
        guard let file = try? located(path) else { return false }
        // access(2) leaves the capabilities out by which the agent, which is not root, may look into root's folders.
        return unsafe faccessat(AT_FDCWD, file, F_OK, AT_EACCESS) == 0
    }

    /// The path inside the tree that `path` stands for when all links are followed.
    public func resolved(_ path: String) throws(SysTreeError) -> String {
        note?(path)
        var pending = path.split(separator: "/").map(String.init)[...]
        var done: [String] = []
        var links = 0
        while let part = pending.popFirst() {
            if part == "." { continue }
            if part == ".." {
                _ = done.popLast()
                continue
            }
            guard let here = file(done + [part]), let target = SysTree.link(here) else {
                done.append(part)
                continue
            }
            links += 1
            guard links <= SysTree.linksFollowed else { throw .failed(path: path, errno: ELOOP) }
            if target.hasPrefix("/") { done = [] }
            pending = (target.split(separator: "/").map(String.init) + pending)[...]
        }
        return "/" + done.joined(separator: "/")
    }

    private func located(_ path: String) throws(SysTreeError) -> String {
        if root.isEmpty { return path }
        guard let file = file(try resolved(path).split(separator: "/").map(String.init)) else {
            throw .failed(path: path, errno: ENOENT)
        }
        return file
    }

    /// The file that stands for the path `parts`; nil above or beside what was recorded.
    private func file(_ parts: [String]) -> String? {
        guard parts.starts(with: mount) else { return nil }
        return root + "/" + parts.dropFirst(mount.count).joined(separator: "/")
    }

    private static func link(_ file: String) -> String? {
        let capacity = Int(PATH_MAX)
        let target = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let length = unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
                unsafe characters.baseAddress.map { unsafe readlink(file, $0, capacity) } ?? -1
            }
            count = max(length, 0)
        }
        return target.isEmpty ? nil : String(decoding: target, as: UTF8.self)
    }

    /// Compares runs of digits as numbers.
    static func naturallyOrdered(_ left: String, _ right: String) -> Bool {
        var left = Array(left.utf8)[...]
        var right = Array(right.utf8)[...]
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        while let a = left.first, let b = right.first {
            if digits.contains(a), digits.contains(b) {
                let x = left.prefix { digits.contains($0) }.drop { $0 == digits.lowerBound }
                let y = right.prefix { digits.contains($0) }.drop { $0 == digits.lowerBound }
                if x.count != y.count { return x.count < y.count }
                if !x.elementsEqual(y) { return x.lexicographicallyPrecedes(y) }
                left = left.drop { digits.contains($0) }
                right = right.drop { digits.contains($0) }
            } else {
                if a != b { return a < b }
                left = left.dropFirst()
                right = right.dropFirst()
            }
        }
        return left.count < right.count
    }
}

/// Why a file of a `SysTree` gave nothing usable.
public enum SysTreeError: Error, Hashable, Sendable {
    /// A system call failed; the errno is the kernel's.
    case failed(path: String, errno: Int32)
    case notAFile(path: String)
    /// More than `limit` bytes (or names): no kernel attribute is that large.
    case tooLarge(path: String, limit: Int)
    case empty(path: String)
    case notANumber(path: String, text: String)
}
