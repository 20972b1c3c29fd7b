public import FoundationEssentials
import Glibc

/// Reports to systemd how the service is doing: sd_notify(3), by datagrams to the socket that systemd names.
///
/// Without systemd every call does nothing.
public struct ServiceNotification: Sendable {
    /// Half of this time should pass between two calls of `watchdog`; nil where systemd does not watch.
    public let watchdogInterval: Duration?
    private let socketPath: String?

    public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        socketPath = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        let isForOther = environment["WATCHDOG_PID"].map { $0 != "\(getpid())" } ?? false
        let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init) ?? 0
        watchdogInterval = isForOther || microseconds <= 0 ? nil : .microseconds(microseconds)
    }

    /// The service is up. - Parameter status: one line for `systemctl status`.
    @discardableResult
    public func ready(status: String) -> Bool { send(["READY=1", "STATUS=\(ServiceNotification.line(status))"]) }

    @discardableResult
    public func status(_ text: String) -> Bool { send(["STATUS=\(ServiceNotification.line(text))"]) }

    /// The service is alive. Only to be sent after the work itself was seen to go on.
    @discardableResult
    public func watchdog() -> Bool { send(["WATCHDOG=1"]) }

    @discardableResult
    public func stopping() -> Bool { send(["STOPPING=1"]) }

    /// The configuration is being read again; `ready` ends it. systemd asks for the time of it (CLOCK_MONOTONIC).
    @discardableResult
    public func reloading() -> Bool {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return send(["RELOADING=1", "MONOTONIC_USEC=\(time.tv_sec * 1_000_000 + time.tv_nsec / 1000)"])
    }

    private static func line(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }.prefix(500)) }

    /// - Returns: whether systemd took it; false as well where there is none.
    private func send(_ fields: [String]) -> Bool {
        guard let socketPath else { return false }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(socketPath.utf8)
        // A socket in the abstract name space (unix(7)) begins with a null byte, which the environment writes as `@`.
        let isAbstract = path.first == UInt8(ascii: "@")
        if isAbstract { path[0] = 0 }
        let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { place in
            guard path.count < place.count else { return false }
            unsafe place.copyBytes(from: path)
            return true
        }
        guard fits else { return false }
        let length = (MemoryLayout.offset(of: \sockaddr_un.sun_path) ?? 2) + path.count + (isAbstract ? 0 : 1)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let message = Array(fields.joined(separator: "\n").utf8)
        let sent = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                unsafe sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), target, socklen_t(length))
            }
        }
        return sent == message.count
    }
}
