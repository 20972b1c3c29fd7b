/// A stable name of one thing in one server, from what survives a reboot: `disk:wwn-0x5000c500a1b2c3d4`,
/// `dimm:mc0/dimm3`, `fan:nct6775-isa-0290/fan2`.
public struct ComponentID: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(_ kind: ComponentKind, _ name: String) { rawValue = "\(kind.rawValue):\(name)" }

    public init(from decoder: any Decoder) throws { rawValue = try decoder.singleValueContainer().decode(String.self) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    /// The server itself, of which an inventory has one: for what no smaller part can be blamed for.
    public static let server = ComponentID(.server, "main")

    public static func < (left: ComponentID, right: ComponentID) -> Bool { left.rawValue < right.rawValue }
    public var description: String { rawValue }
}

/// What sort of thing a component is. Open: a newer agent may name kinds that this collector has not seen.
///
/// The words are OpenTelemetry's `hw.type` where it has one short enough to read in a ticket.
public struct ComponentKind: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(from decoder: any Decoder) throws { rawValue = try decoder.singleValueContainer().decode(String.self) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
    public var description: String { rawValue }

    public static let disk = ComponentKind(rawValue: "disk")
    public static let dimm = ComponentKind(rawValue: "dimm")
    /// An EDAC csrow: a chip-select row, which may span several DIMMs.
    public static let memoryRow = ComponentKind(rawValue: "memory_row")
    public static let memoryController = ComponentKind(rawValue: "memory_controller")
    public static let memoryChannel = ComponentKind(rawValue: "memory_channel")
    public static let fan = ComponentKind(rawValue: "fan")
    public static let psu = ComponentKind(rawValue: "psu")
    public static let cpu = ComponentKind(rawValue: "cpu")
    public static let nic = ComponentKind(rawValue: "nic")
    public static let optic = ComponentKind(rawValue: "optic")
    public static let board = ComponentKind(rawValue: "board")
    public static let boardBattery = ComponentKind(rawValue: "board_battery")
    public static let chassis = ComponentKind(rawValue: "chassis")
    public static let controller = ComponentKind(rawValue: "controller")
    public static let cable = ComponentKind(rawValue: "cable")
    public static let backplane = ComponentKind(rawValue: "backplane")
    public static let slot = ComponentKind(rawValue: "slot")
    public static let cooling = ComponentKind(rawValue: "cooling")
    /// Fans and the sensors that their air reaches: what stands under it gets hot together.
    public static let zone = ComponentKind(rawValue: "zone")
    public static let ups = ComponentKind(rawValue: "ups")
    public static let upsBattery = ComponentKind(rawValue: "ups_battery")
    public static let raidArray = ComponentKind(rawValue: "raid_array")
    /// A file system, on a disk or an array.
    public static let volume = ComponentKind(rawValue: "volume")
    public static let pool = ComponentKind(rawValue: "pool")
    public static let gpu = ComponentKind(rawValue: "gpu")
    /// Network ports of which one stands in for the other.
    public static let bond = ComponentKind(rawValue: "bond")
    public static let pcieDevice = ComponentKind(rawValue: "pcie_device")
    /// A monitoring chip (hwmon); its sensors are its children.
    public static let chip = ComponentKind(rawValue: "chip")
    public static let temperature = ComponentKind(rawValue: "temperature")
    public static let voltage = ComponentKind(rawValue: "voltage")
    public static let current = ComponentKind(rawValue: "current")
    public static let power = ComponentKind(rawValue: "power")
    public static let energy = ComponentKind(rawValue: "energy")
    public static let humidity = ComponentKind(rawValue: "humidity")
    public static let intrusion = ComponentKind(rawValue: "intrusion")
    /// The server itself: the suspect when nothing smaller can be named, and the subject of silence.
    public static let server = ComponentKind(rawValue: "server")
    /// A check that the site brings along: a backup, a service, a replication.
    public static let check = ComponentKind(rawValue: "check")
    /// The made-up component of `callhome test`; never a part that can be ordered.
    public static let test = ComponentKind(rawValue: "test")
}

/// What a component is called by whoever sells and swaps it.
///
/// Every field is absent where the machine reports nothing or only filler (`To Be Filled By O.E.M.`).
public struct Part: Hashable, Sendable, Codable {
    public var manufacturer: String?
    public var model: String?
    public var partNumber: String?
    public var serial: String?
    public var firmware: String?
    /// Where it sits, as printed on the machine: `DIMM_A1`, `Bay 3`, `FAN2`.
    public var location: String?

    public init(
        manufacturer: String? = nil, model: String? = nil, partNumber: String? = nil, serial: String? = nil,
        firmware: String? = nil, location: String? = nil
    ) {
        self.manufacturer = manufacturer
        self.model = model
        self.partNumber = partNumber
        self.serial = serial
        self.firmware = firmware
        self.location = location
    }
}

/// A thing that can be replaced or blamed, or the sensor that reports on one.
public struct Component: Hashable, Sendable, Codable {
    public var id: ComponentID
    public var kind: ComponentKind
    /// What it is plugged into: the chip of a sensor, the board of a DIMM.
    public var parent: ComponentID?
    /// A short name for people: `Fan 2`, `/dev/sda`.
    public var name: String
    public var part: Part
    /// What patterns select by and people look for: `bus` = ata|nvme|sas, `rotational`, `wwn`, `device`.
    public var attributes: [String: String]

    public init(
        id: ComponentID, kind: ComponentKind, parent: ComponentID? = nil, name: String, part: Part = Part(),
        attributes: [String: String] = [:]
    ) {
        self.id = id
        self.kind = kind
        self.parent = parent
        self.name = name
        self.part = part
        self.attributes = attributes
    }

    /// The server itself.
    public static let server = Component(id: .server, kind: .server, name: "server")
}
