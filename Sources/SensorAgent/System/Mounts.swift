/// `/proc/self/mountinfo` (proc(5), Documentation/filesystems/proc.rst 3.5): what is mounted where, and how.
struct Mounts: Sendable {
    static let path = "/proc/self/mountinfo"
    /// Bytes read of the file; hosts of containers have thousands of mounts.
    static let fileBytes = 8 << 20
    /// Mounts taken.
    static let mountLimit = 20_000

    struct Mount: Hashable, Sendable {
        /// `8:1`, the device's number, by which `/sys/dev/block` knows it.
        var device: String
        /// The folder of the file system that is mounted: `/`, or a part of it.
        var root: String
        var folder: String
        /// `ext4`.
        var type: String
        /// `/dev/sda1`.
        var source: String
        /// Whether the file system itself may not be written to, in whatever way it was mounted.
        var isReadOnly: Bool
        /// ext4's word for a file system that it does not write to any more since it found it damaged (Linux 6.15).
        var isEmergency: Bool
        /// The file system gave up, and answers nothing but errors.
        var isShutDown: Bool
    }

    private(set) var mounts: [Mount] = []

    init(parsing bytes: [UInt8]) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard mounts.count < Mounts.mountLimit else { return }
            let words = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            // `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
            guard let dash = words.firstIndex(of: "-"), dash >= 6, words.count >= dash + 4 else { continue }
            let options = words[dash + 3].split(separator: ",")
            mounts.append(
                Mount(
                    device: words[2], root: Mounts.plain(words[3]), folder: Mounts.plain(words[4]),
                    type: words[dash + 1], source: Mounts.plain(words[dash + 2]),
                    isReadOnly: options.contains("ro") || options.contains("emergency_ro"),
                    isEmergency: options.contains("emergency_ro"), isShutDown: options.contains("shutdown")))
        }
    }

    /// Blanks, tabulators, line ends and backslashes are written as `\040` and the like.
    private static func plain(_ text: String) -> String {
        guard text.contains("\\") else { return text }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
