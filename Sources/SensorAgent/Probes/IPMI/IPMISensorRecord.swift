/// One record of a BMC's sensor data repository: how a sensor is asked, and what its reading means (Intelligent
/// Platform Management Interface specification 2.0, sections 43.1 to 43.3).
struct IPMISensorRecord: Hashable, Sendable {
    /// Records taken of one repository; large servers have 500.
    static let recordLimit = 65_536

    /// How a raw reading stands for a number.
    enum Format: UInt8, Sendable {
        case unsigned = 0
        case onesComplement = 1
        case twosComplement = 2
        /// The sensor measures nothing.
        case none = 3
    }

    /// Whether the sensor is read, or sends events alone.
    var isRead: Bool
    var owner: UInt8
    var channel: UInt8
    var unit: UInt8
    var number: UInt8
    var entity: IPMISensor.Entity
    /// Sensor type code (table 42-3).
    var type: UInt8
    /// Event/reading type code (table 42-1): 01h thresholds, 6Fh states of its own type, between them generic states.
    var eventType: UInt8
    var format = Format.none
    /// Units 1, base unit and modifier unit (table 43-1, bytes 21 to 23).
    var units: [UInt8] = [0, 0, 0]
    var linearization: UInt8 = 0
    var factors: Factors?
    /// nil where it is packed otherwise than in bytes.
    var name: String?

    /// `y = (M x + B 10^K1) 10^K2` (section 36.3).
    struct Factors: Hashable, Sendable {
        var m: Int
        var b: Int
        var k1: Int
        var k2: Int

        /// - Parameter bytes: six, as in a full record (bytes 25 to 30) and in the answer to Get Sensor Reading
        /// Factors.
        init?(parsing bytes: some Collection<UInt8>) {
            let bytes = Array(bytes)
            guard bytes.count == 6 else { return nil }
            m = Factors.signed(Int(bytes[0]) | Int(bytes[1] & 0xC0) << 2, bits: 10)
            b = Factors.signed(Int(bytes[2]) | Int(bytes[3] & 0xC0) << 2, bits: 10)
            k1 = Factors.signed(Int(bytes[5] & 0x0F), bits: 4)
            k2 = Factors.signed(Int(bytes[5] >> 4), bits: 4)
        }

        private static func signed(_ value: Int, bits: Int) -> Int {
            value >= 1 << (bits - 1) ? value - 1 << bits : value
        }
    }

    private static let headerBytes = 5
    /// Places in a record behind its header.
    private static let unitsAt = 15
    private static let factorsAt = 19

    /// Reads what `ipmitool sdr dump` writes: records one after another, each with its header of 5 bytes. A record
    /// that is cut short, or of another kind, is passed over.
    static func records(in dump: [UInt8]) -> [IPMISensorRecord] {
        var records: [IPMISensorRecord] = []
        var rest = dump[...]
        for _ in 0..<recordLimit {
            guard rest.count > headerBytes else { break }
            let header = Array(rest.prefix(headerBytes))
            let body = Array(rest.dropFirst(headerBytes).prefix(Int(header[4])))
            guard body.count == Int(header[4]) else { break }
            if let record = IPMISensorRecord(type: header[3], body: body) { records.append(record) }
            rest = rest.dropFirst(headerBytes + body.count)
        }
        return records
    }

    /// - Parameters:
    ///   - type: 01h full, 02h compact, 03h event-only.
    ///   - body: the record behind its header.
    init?(type kind: UInt8, body: [UInt8]) {
        let nameAt: Int
        switch kind {
        case 0x01: nameAt = 42
        case 0x02: nameAt = 26
        case 0x03: nameAt = 11
        default: return nil
        }
        guard body.count > (kind == 0x01 ? Self.factorsAt + 5 : nameAt) else { return nil }
        isRead = kind != 0x03
        owner = body[0]
        channel = body[1] >> 4
        unit = body[1] & 0x03
        number = body[2]
        entity = IPMISensor.Entity(id: body[3], instance: body[4])
        // An event-only record has neither settings nor capabilities before its type.
        (type, eventType) = isRead ? (body[7], body[8] & 0x7F) : (body[5], body[6] & 0x7F)
        if kind == 0x01 {
            format = Format(rawValue: body[Self.unitsAt] >> 6) ?? .none
            units = Array(body[Self.unitsAt..<(Self.unitsAt + 3)])
            linearization = body[18] & 0x7F
            factors = Factors(parsing: body[Self.factorsAt..<(Self.factorsAt + 6)])
        }
        // Section 43.15: type of the text in bits 7:6, its length below.
        guard body.count > nameAt, body[nameAt] & 0xC0 == 0xC0 else { return }
        let text = body[(nameAt + 1)...].prefix(Int(body[nameAt] & 0x1F)).prefix { $0 != 0 }
        name = String(String(decoding: text, as: UTF8.self).trimmed)
    }

    /// Records for `sensors`, as ipmitool listed them, in their order; nil where there is none for one.
    static func joined(_ records: [IPMISensorRecord], with sensors: [IPMISensor]) -> [IPMISensorRecord?] {
        struct Key: Hashable {
            var number: UInt8?
            var entity: IPMISensor.Entity?
        }
        var known = Dictionary(grouping: records) { Key(number: $0.number, entity: $0.entity) }
        return sensors.map { sensor in
            let key = Key(number: sensor.number, entity: sensor.entity)
            // Another logical unit may have a sensor of the same number.
            let place = known[key]?.firstIndex { $0.name == nil || $0.name == String(sensor.name.trimmed) }
            return place.flatMap { known[key]?.remove(at: $0) }
        }
    }

    // MARK: Units

    private static let unitWords = [
        "unspecified,degrees C,degrees F,degrees K,Volts,Amps,Watts,Joules,Coulombs,VA,Nits,lumen,lux,Candela,kPa,PSI",
        "Newton,CFM,RPM,Hz,microsecond,millisecond,second,minute,hour,day,week,mil,inches,feet,cu in,cu feet,mm,cm,m",
        "cu cm,cu m,liters,fluid ounce,radians,steradians,revolutions,cycles,gravities,ounce,pound,ft-lb,oz-in,gauss",
        "gilberts,henry,millihenry,farad,microfarad,ohms,siemens,mole,becquerel,PPM,reserved,Decibels,DbA,DbC,gray",
        "sievert,color temp deg K,bit,kilobit,megabit,gigabit,byte,kilobyte,megabyte,gigabyte,word,dword,qword,line",
        "hit,miss,retry,reset,overflow,underrun,collision,packets,messages,characters,error,correctable error",
        "uncorrectable error,fatal error,grams",
    ].flatMap { $0.split(separator: ",").map(String.init) }

    /// The unit in ipmitool's words (table 43-15): `degrees C`, `percent`, `Watts/hour`.
    var unitName: String {
        func word(_ code: UInt8) -> String {
            Int(code) < Self.unitWords.count ? Self.unitWords[Int(code)] : "invalid"
        }
        let isShare = units[0] & 0x01 != 0
        let base = (isShare ? "% " : "") + word(units[1])
        switch units[0] >> 1 & 0x03 {
        case 1: return "\(base)/\(word(units[2]))"
        case 2: return "\(base)*\(word(units[2]))"
        default: return isShare && units[1] == 0 ? "percent" : base
        }
    }
}
