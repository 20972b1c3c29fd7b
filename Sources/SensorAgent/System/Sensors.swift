import CSensors
import Glibc
import Synchronization

/// One sensor of a chip with all that the driver reports, as libsensors names them.
struct SensorFeature: Hashable, Sendable {
    enum Kind: Sendable, CaseIterable {
        case voltage, fan, temperature, power, energy, current, humidity, vid, intrusion, beepEnable, other
    }

    /// `temp1`, `in0`, `intrusion0`.
    var name: String
    /// From sensors.conf or the driver; the name where there is none.
    var label: String
    var kind: Kind
    /// `temp1_input`, `temp1_crit`, …: in the order of the values.
    var subfeatures: [String]
}

/// One chip: what `sensors` prints as a block.
struct SensorChip: Hashable, Sendable {
    /// `nct6798-isa-0290`.
    var name: String
    /// `nct6798`.
    var prefix: String
    /// `ISA adapter`; nil where the bus has no name.
    var adapter: String?
    /// Folder of the hwmon device in sysfs.
    var path: String
    var features: [SensorFeature]
}

/// libsensors (lm-sensors 3.6, sensors(3)), opened once: the only file that imports it.
///
/// The library keeps one global state, so that one value at a time may exist; pointers into that state stay in here.
/// Calls block, for seconds on a slow I²C bus: they belong on a `BlockingExecutor`.
@safe struct Sensors: ~Copyable {
    /// Why libsensors could not be opened.
    enum Failure: Error, Hashable {
        /// Another `Sensors` exists in this process.
        case alreadyOpen
        /// `sensors_init` refused, with its own words.
        case refused(String)
    }

    /// What was found when this was opened; the order of `values`.
    let chips: [SensorChip]
    private let addresses: [Address]

    /// Where libsensors keeps one subfeature.
    @safe private struct Address {
        let chip: UnsafePointer<sensors_chip_name>
        let number: Int32
        /// Its chip's place in `chips`.
        let place: Int
    }

    private static let isOpen = Mutex(false)

    /// Reads the configuration (`/etc/sensors3.conf`, `/etc/sensors.d`) and looks for chips.
    init() throws(Failure) {
        let mine = Sensors.isOpen.withLock { open in
            defer { open = true }
            return !open
        }
        guard mine else { throw .alreadyOpen }
        let status = sensors_init(nil)
        guard status == 0 else {
            Sensors.isOpen.withLock { $0 = false }
            throw .refused(Sensors.words(for: status))
        }
        (chips, addresses) = Sensors.enumerate()
    }

    deinit {
        sensors_cleanup()
        Sensors.isOpen.withLock { $0 = false }
    }

    /// One value per subfeature in the order of `chips`; nil where the kernel gave an error.
    /// - Parameter skipped: places of chips that are not to be asked; theirs are nil.
    func values(skipping skipped: Set<Int> = []) -> [Double?] {
        addresses.map { address in
            if skipped.contains(address.place) { return nil }
            var value = 0.0
            return unsafe sensors_get_value(address.chip, address.number, &value) == 0 ? value : nil
        }
    }

    private static func enumerate() -> ([SensorChip], [Address]) {
        var chips: [SensorChip] = []
        var addresses: [Address] = []
        var chipIndex: Int32 = 0
        while let chip = unsafe sensors_get_detected_chips(nil, &chipIndex) {
            var features: [SensorFeature] = []
            var featureIndex: Int32 = 0
            while let feature = unsafe sensors_get_features(chip, &featureIndex) {
                var subfeatures: [String] = []
                var index: Int32 = 0
                while let subfeature = unsafe sensors_get_all_subfeatures(chip, feature, &index) {
                    guard unsafe subfeature.pointee.flags & UInt32(SENSORS_MODE_R) != 0 else { continue }
                    unsafe subfeatures.append(String(cString: subfeature.pointee.name))
                    unsafe addresses.append(
                        Address(chip: chip, number: subfeature.pointee.number, place: chips.count))
                }
                let name = unsafe String(cString: feature.pointee.name)
                let label = unsafe sensors_get_label(chip, feature)
                unsafe features.append(
                    SensorFeature(
                        name: name, label: label.map { unsafe String(cString: $0) } ?? name,
                        kind: kind(feature.pointee.type), subfeatures: subfeatures))
                unsafe free(label)
            }
            unsafe chips.append(
                SensorChip(
                    name: printed(chip), prefix: String(cString: chip.pointee.prefix),
                    adapter: withUnsafePointer(to: chip.pointee.bus) { unsafe sensors_get_adapter_name($0) }
                        .map { unsafe String(cString: $0) },
                    path: chip.pointee.path.map { unsafe String(cString: $0) } ?? "", features: features))
        }
        return (chips, addresses)
    }

    private static func printed(_ chip: UnsafePointer<sensors_chip_name>) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe sensors_snprintf_chip_name($0.baseAddress, $0.count, chip)
        }
        guard count > 0 else { return unsafe String(cString: chip.pointee.prefix) }
        return String(decoding: buffer.prefix(Int(count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func words(for status: Int32) -> String { unsafe String(cString: sensors_strerror(status)) }

    private static func kind(_ type: sensors_feature_type) -> SensorFeature.Kind {
        switch type {
        case SENSORS_FEATURE_IN: .voltage
        case SENSORS_FEATURE_FAN: .fan
        case SENSORS_FEATURE_TEMP: .temperature
        case SENSORS_FEATURE_POWER: .power
        case SENSORS_FEATURE_ENERGY: .energy
        case SENSORS_FEATURE_CURR: .current
        case SENSORS_FEATURE_HUMIDITY: .humidity
        case SENSORS_FEATURE_VID: .vid
        case SENSORS_FEATURE_INTRUSION: .intrusion
        case SENSORS_FEATURE_BEEP_ENABLE: .beepEnable
        default: .other
        }
    }
}
