import CUdev
import Glibc
import Reports

/// A device as udev knows it.
struct UdevDevice: Hashable, Sendable {
    /// `block`, `net`, `nvme`.
    var subsystem: String
    /// Name in its subsystem: `sda`, `eth0`.
    var name: String
    /// Path below `/sys`.
    var path: String
    /// What the rules of udev found out (`ID_MODEL`, `ID_WWN`, …); empty where the daemon does not run.
    var properties: [String: String]
    /// Whether its rules have run for the device.
    var isInitialized: Bool
}

/// libudev (systemd's, libudev(3)): the only file that imports it.
enum DeviceMonitor {
    /// Devices taken from one enumeration.
    static let deviceLimit = 16_384
    /// Properties taken from one device.
    static let propertyLimit = 256

    /// All devices of `subsystems` now; nil where libudev cannot be opened.
    static func devices(in subsystems: [String]) -> [UdevDevice]? {
        guard let context = unsafe udev_new() else { return nil }
        defer { unsafe _ = udev_unref(context) }
        guard let enumeration = unsafe udev_enumerate_new(context) else { return nil }
        defer { unsafe _ = udev_enumerate_unref(enumeration) }
        for subsystem in subsystems { unsafe udev_enumerate_add_match_subsystem(enumeration, subsystem) }
        guard unsafe udev_enumerate_scan_devices(enumeration) >= 0 else { return nil }
        var devices: [UdevDevice] = []
        var entry = unsafe udev_enumerate_get_list_entry(enumeration)
        while let current = unsafe entry, devices.count < deviceLimit {
            if let device = unsafe udev_device_new_from_syspath(context, udev_list_entry_get_name(current)) {
                unsafe devices.append(described(device))
                unsafe _ = udev_device_unref(device)
            }
            unsafe entry = udev_list_entry_get_next(current)
        }
        return devices
    }

    private static func described(_ device: OpaquePointer) -> UdevDevice {
        var properties: [String: String] = [:]
        var entry = unsafe udev_device_get_properties_list_entry(device)
        while let current = unsafe entry, properties.count < propertyLimit {
            if let name = unsafe text(udev_list_entry_get_name(current)) {
                properties[name] = unsafe text(udev_list_entry_get_value(current))
            }
            unsafe entry = udev_list_entry_get_next(current)
        }
        return UdevDevice(
            subsystem: unsafe text(udev_device_get_subsystem(device)) ?? "",
            name: unsafe text(udev_device_get_sysname(device)) ?? "",
            path: unsafe text(udev_device_get_syspath(device)) ?? "", properties: properties,
            isInitialized: unsafe udev_device_get_is_initialized(device) > 0)
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
        unsafe pointer.map { unsafe String(cString: $0) }
    }

    /// One element per device that comes, goes or changes, after udev's rules have run. The first element means that
    /// listening has begun: who looks then misses nothing. The stream ends when udev cannot be listened to.
    ///
    /// Changes that somebody wrote to `uevent` (`SYNTH_UUID`, Documentation/ABI/testing/sysfs-uevent) are left out: udev
    /// does so each time any program that had a disk open for writing closes it (OPTIONS "watch", udev(7)), which a
    /// monitor beside this one may do every ten seconds. Nothing has changed then.
    static func changes(in subsystems: [String]) -> AsyncStream<String> {
        PollThread.stream("callhome.udev") { thread, found in
            guard let listener = Listener(to: subsystems) else { return }
            found("listening to udev")
            var news = ""
            var pace = HotplugDebounce()
            let begun = ContinuousClock.now
            while true {
                let wait = pace.due.map { Int32(clamping: ($0 - begun.duration(to: .now)).inMilliseconds + 1) }
                let events = thread.wait(for: listener.descriptor, milliseconds: wait.map { max($0, 0) } ?? -1)
                if let due = pace.due, begun.duration(to: .now) >= due {
                    found(news)
                    pace.tell(at: begun.duration(to: .now))
                    continue
                }
                guard let events, events & (POLLERR | POLLHUP) == 0 else { return }
                if events == 0 { continue }
                guard case .device(let action, let device) = listener.next() else { continue }
                news = "\(action) \(device.path)"
                pace.hear(at: begun.duration(to: .now))
            }
        }
    }

    /// Hears of devices after udev's rules have run; for one thread.
    @safe
    final class Listener {
        enum Event {
            case device(action: String, UdevDevice)
            /// Nothing, or nothing that matters.
            case none
            /// The kernel had more to tell than the socket holds (ENOBUFS, netlink(7)): some events are lost.
            case overrun
        }

        private let context: OpaquePointer
        private let monitor: OpaquePointer
        /// To be waited for.
        let descriptor: Int32

        /// nil where udev cannot be listened to.
        init?(to subsystems: [String]) {
            guard let context = unsafe udev_new() else { return nil }
            guard let monitor = unsafe udev_monitor_new_from_netlink(context, "udev") else {
                unsafe _ = udev_unref(context)
                return nil
            }
            unsafe self.context = context
            unsafe self.monitor = monitor
            unsafe descriptor = udev_monitor_get_fd(monitor)
            for subsystem in subsystems {
                guard unsafe udev_monitor_filter_add_match_subsystem_devtype(monitor, subsystem, nil) >= 0 else {
                    return nil
                }
            }
            guard unsafe udev_monitor_enable_receiving(monitor) >= 0 else { return nil }
        }

        deinit {
            unsafe _ = udev_monitor_unref(monitor)
            unsafe _ = udev_unref(context)
        }

        /// One event, if there is any.
        func next() -> Event {
            errno = 0
            guard let device = unsafe udev_monitor_receive_device(monitor) else {
                return errno == ENOBUFS ? .overrun : .none
            }
            defer { unsafe _ = udev_device_unref(device) }
            let action = unsafe text(udev_device_get_action(device)) ?? "change"
            if unsafe action == "change" && udev_device_get_property_value(device, "SYNTH_UUID") != nil { return .none }
            return unsafe .device(action: action, described(device))
        }
    }
}
