import CIPMI
import Glibc

/// The kernel's IPMI device (linux/ipmi.h, Documentation/driver-api/ipmi.rst): the only file that makes these calls.
/// Neither call waits; closed with its last owner, whereupon the kernel drops what would still come.
final class IPMIDevice: Sendable {
    /// A message that the driver handed out.
    struct Received: Sendable {
        var isResponse: Bool
        var id: Int
        var function: UInt8
        var command: UInt8
        var data: [UInt8]
    }

    private let descriptor: Int32

    init(_ path: String) throws(SystemError) {
        descriptor = unsafe open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(code: errno) }
    }

    deinit { close(descriptor) }

    /// - Parameters:
    ///   - owner: the address of the controller on its bus.
    ///   - unit: the logical unit within it.
    ///   - id: comes back with the response.
    func send(
        function: UInt8, command: UInt8, data: [UInt8], to owner: UInt8, channel: UInt8, unit: UInt8, as id: Int
    ) throws(SystemError) {
        let code = unsafe data.withUnsafeBufferPointer {
            unsafe callhome_ipmi_send(
                descriptor, id, owner, channel, unit, function, command, $0.baseAddress, Int32(clamping: $0.count))
        }
        guard code == 0 else { throw SystemError(code: code) }
    }

    /// Whether there may be a message, at the latest after `milliseconds`.
    func wait(_ milliseconds: Int32) throws(SystemError) -> Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = unsafe poll(&polled, 1, milliseconds)
        if ready < 0, errno != EINTR { throw SystemError(code: errno) }
        // The driver was unloaded, or took the BMC away.
        guard ready <= 0 || polled.revents & Int16(POLLIN) != 0 else { throw SystemError(code: ENODEV) }
        return ready > 0
    }

    /// The next message; nil: there is none after all.
    func next() throws(SystemError) -> Received? {
        var head = callhome_ipmi_head()
        var data = [UInt8](repeating: 0, count: callhome_ipmi_bytes)
        let code = unsafe data.withUnsafeMutableBufferPointer {
            unsafe callhome_ipmi_receive(descriptor, &head, $0.baseAddress)
        }
        if code == EAGAIN || code == EINTR { return nil }
        guard code == 0 else { throw SystemError(code: code) }
        return Received(
            isResponse: head.type == IPMI_RESPONSE_RECV_TYPE, id: head.id, function: head.function,
            command: head.command, data: Array(data.prefix(Int(max(0, head.count)))))
    }
}
