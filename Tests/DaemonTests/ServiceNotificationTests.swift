import Daemon
import Foundation
import Testing

@Suite("Notifications to systemd")
struct ServiceNotificationTests {
    /// A datagram socket as systemd opens it.
    private final class Receiver {
        let descriptor: Int32
        init(_ path: String, abstract: Bool = false) throws {
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let bytes = (abstract ? [0] : []) + Array(path.utf8)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
            let length = socklen_t(2 + bytes.count)
            let result = unsafe withUnsafePointer(to: address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, length) }
            }
            try #require(result == 0)
        }
        deinit { close(descriptor) }
        func receive() -> String {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = unsafe recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }
    }

    @Test("Every state is one datagram, and a status is one line")
    func states() throws {
        let folder = try Scratch()
        let receiver = try Receiver(folder.path("notify"))
        let notification = ServiceNotification(environment: ["NOTIFY_SOCKET": folder.path("notify")])
        #expect(notification.ready(status: "two\nlines READY=0"))
        #expect(receiver.receive() == "READY=1\nSTATUS=two lines READY=0")
        notification.watchdog()
        #expect(receiver.receive() == "WATCHDOG=1")
        notification.status("working")
        #expect(receiver.receive() == "STATUS=working")
        notification.stopping()
        #expect(receiver.receive() == "STOPPING=1")
        notification.reloading()
        #expect(receiver.receive().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
    }

    @Test("A socket in the abstract name space is reached")
    func abstractSocket() throws {
        let name = "callhome-test-\(UUID().uuidString)"
        let receiver = try Receiver(name, abstract: true)
        #expect(ServiceNotification(environment: ["NOTIFY_SOCKET": "@" + name]).watchdog())
        #expect(receiver.receive() == "WATCHDOG=1")
    }

    @Test("Without systemd, or with a socket that is not there, nothing happens")
    func nobody() {
        #expect(!ServiceNotification(environment: [:]).ready(status: ""))
        #expect(!ServiceNotification(environment: ["NOTIFY_SOCKET": "/nowhere/notify"]).watchdog())
        let long = String(repeating: "x", count: 300)
        #expect(!ServiceNotification(environment: ["NOTIFY_SOCKET": "/" + long]).watchdog())
    }

    @Test("The watchdog's interval is read if it is meant for this process")
    func watchdogInterval() {
        let own = ["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "\(getpid())"]
        #expect(ServiceNotification(environment: own).watchdogInterval == .seconds(30))
        #expect(ServiceNotification(environment: ["WATCHDOG_USEC": "30000000"]).watchdogInterval == .seconds(30))
        #expect(
            ServiceNotification(environment: ["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"]).watchdogInterval == nil
        )
        for value in ["", "0", "-5", "soon"] {
            #expect(ServiceNotification(environment: ["WATCHDOG_USEC": value]).watchdogInterval == nil)
        }
    }
}
