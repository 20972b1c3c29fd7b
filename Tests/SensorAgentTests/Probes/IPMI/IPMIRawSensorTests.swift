import Foundation
import Synchronization
import Testing

@testable import SensorAgent

@Suite("Sensors that are asked without ipmitool")
struct IPMIRawSensorTests {
    private func record(_ body: [UInt8], type: UInt8 = 1) throws -> IPMISensorRecord {
        try #require(IPMISensorRecord(type: type, body: body))
    }

    private func told(_ data: [UInt8], _ record: IPMISensorRecord, measuresWithStates: Bool = false) -> IPMISensor? {
        var sensor = IPMISensor(name: "x")
        guard let reading = IPMISensorReading(parsing: data) else { return nil }
        reading.tell(&sensor, record, measuresWithStates: measuresWithStates)
        return sensor
    }

    // MARK: Numbers

    @Test("a value is the raw reading times M plus B with both exponents, with no rounding on the way")
    func linear() throws {
        let cases: [(UInt8, Int, Int, Int, Int, Double)] = [
            (201, 6, 0, 0, -2, 12.06), (56, 100, 0, 0, 0, 5600), (152, 2, 0, 0, -2, 3.04), (10, 3, -7, 1, 0, -40),
            (255, 511, -512, 0, 0, 129_793), (1, -512, 511, 0, 0, -1), (100, 1, 5, -1, -1, 10.05),
            (3, 7, 0, 0, 7, 21e7),
            (128, 1, 0, -8, -8, 0.000_001_28),
        ]
        for (raw, m, b, k1, k2, value) in cases {
            let record = try record(MadeSensorRecord.full("x", number: 1, m: m, b: b, k1: k1, k2: k2))
            let factors = try #require(record.factors)
            #expect(factors.m == m && factors.b == b && factors.k1 == k1 && factors.k2 == k2)
            #expect(IPMISensorReading.value(raw, record) == value)
        }
    }

    @Test("signed readings are below nothing in both complements")
    func signed() throws {
        let ones = try record(MadeSensorRecord.full("x", number: 1, format: 1))
        let twos = try record(MadeSensorRecord.full("x", number: 1, format: 2))
        #expect([0x7F, 0xFE, 0xFF, 0x80].map { IPMISensorReading.value($0, ones) } == [127, -1, 0, -127])
        #expect([0x7F, 0xFE, 0xFF, 0x80].map { IPMISensorReading.value($0, twos) } == [127, -2, -1, -128])
        let none = try record(MadeSensorRecord.full("x", number: 1, format: 3))
        #expect(IPMISensorReading.value(5, none) == nil)
    }

    @Test("each linearization is the function that the specification names, and what is no number is none")
    func linearizations() throws {
        let expected: [Double] = [
            4, 1.386_294_361_119_890_6, 0.602_059_991_327_962_4, 2, 54.598_150_033_144_236, 10_000, 16, 0.25, 16, 64, 2,
            1.587_401_051_968_199_4,
        ]
        for (function, value) in expected.enumerated() {
            let record = try record(MadeSensorRecord.full("x", number: 1, linearization: UInt8(function)))
            let computed = try #require(IPMISensorReading.value(4, record))
            #expect(abs(computed - value) < 1e-12 * value)
        }
        for function: UInt8 in [0x01, 0x07] {
            let record = try record(MadeSensorRecord.full("x", number: 1, linearization: function))
            #expect(IPMISensorReading.value(0, record) == nil)
        }
    }

    @Test("units are named as ipmitool names them")
    func units() throws {
        var body = MadeSensorRecord.full("x", number: 1, unit: 0)
        #expect(try record(body).unitName == "unspecified")
        body[15] = 0x01
        #expect(try record(body).unitName == "percent")
        (body[15], body[16], body[17]) = (0x02, 6, 24)
        #expect(try record(body).unitName == "Watts/hour")
        (body[15], body[16]) = (0, 92)
        #expect(try record(body).unitName == "grams")
        body[16] = 93
        #expect(try record(body).unitName == "invalid")
    }

    // MARK: States

    @Test("a reading that is not scanned or not available is none, and so is one cut short")
    func unavailable() {
        for data: [UInt8] in [[], [45], [45, 0x00], [45, 0x80, 0xC0], [45, 0xE0, 0xC0]] {
            #expect(IPMISensorReading(parsing: data) == nil)
        }
        #expect(IPMISensorReading(parsing: [45, 0x40]) != nil)
    }

    @Test("of the crossed limits the farthest is told")
    func limits() throws {
        let record = try record(MadeSensorRecord.full("x", number: 1))
        let words = [0xC0: "ok", 0xC8: "unc", 0xD8: "ucr", 0xF8: "unr", 0xC1: "lnc", 0xC3: "lcr", 0xC7: "lnr"]
        for (bits, word) in words { #expect(told([45, 0x40, UInt8(bits)], record)?.status == word) }
        #expect(told([45, 0x40, 0xC0], record)?.reading == .value(45, unit: "degrees C"))
        #expect(told([45, 0x40, 0xC0], record)?.states == nil)
    }

    @Test("states are told in words that are known, at the offset that they mean")
    func words() throws {
        for type: UInt8 in [0x05, 0x07, 0x08, 0x09, 0x0C, 0x0D, 0x10, 0x13, 0x29] {
            for (offset, word) in IPMIStateNames.words(type: type, eventType: 0x6F).enumerated() {
                let record = try record(MadeSensorRecord.compact("x", number: 1, type: type), type: 2)
                let bits = 1 << offset
                let sensor = told([0, 0x40, UInt8(bits & 0xFF), UInt8(bits >> 8) | 0x80], record)
                #expect(sensor?.reading == .discrete)
                #expect(sensor?.states == [try #require(word)])
                #expect(IPMIStates.offset(of: try #require(word), type: type) == offset, "\(word ?? "")")
            }
        }
        let redundancy = try record(MadeSensorRecord.compact("x", number: 1, type: 8, eventType: 0x0B), type: 2)
        #expect(told([0, 0x40, 0x02], redundancy)?.states == ["Redundancy Lost"])
        let own = try record(MadeSensorRecord.compact("x", number: 1, type: 0xC0, eventType: 0x70), type: 2)
        #expect(told([0, 0x40, 0xFF, 0xFF], own)?.states == [])
    }

    @Test("a sensor of states with a unit measures only where its maker means it so")
    func statesWithUnit() throws {
        let record = try record(MadeSensorRecord.full("x", number: 1, type: 8, unit: 6, eventType: 0x6F))
        #expect(told([11, 0x40, 0x01], record)?.reading == .discrete)
        let sensor = told([11, 0x40, 0x01], record, measuresWithStates: true)
        #expect(sensor?.reading == .value(11, unit: "Watts"))
        #expect(sensor?.states == ["Presence detected"])
    }

    // MARK: Repository

    @Test("records are read one after another; others, and what is cut short, are passed over")
    func repository() throws {
        let dump = MadeSensorRecord.dump([
            (1, MadeSensorRecord.full("CPU1 Temp", number: 1)), (0x11, [1, 2, 3]), (0x12, [4]),
            (2, MadeSensorRecord.compact("PS1 Status", number: 16, type: 8)),
            (3, MadeSensorRecord.eventOnly("SEL", number: 9)),
            (1, [0x20, 0, 5]),
        ])
        let records = IPMISensorRecord.records(in: dump)
        #expect(records.map(\.name) == ["CPU1 Temp", "PS1 Status", "SEL"])
        #expect(records.map(\.isRead) == [true, true, false])
        #expect(records.map(\.type) == [1, 8, 0x12])
        for length in 0..<dump.count {
            let cut = IPMISensorRecord.records(in: Array(dump.prefix(length)))
            #expect(cut == Array(records.prefix(cut.count)))
        }
        #expect(IPMISensorRecord.records(in: [UInt8](repeating: 0xFF, count: 10_000)).isEmpty)
        #expect(IPMISensorRecord.records(in: [UInt8](repeating: 0, count: 10_000)).isEmpty)
    }

    @Test("ten thousand records are read, and joined with as many sensors as there are")
    func flood() {
        let body = MadeSensorRecord.full("x", number: 1)
        let records = IPMISensorRecord.records(in: MadeSensorRecord.dump((0..<10_000).map { _ in (1, body) }))
        #expect(records.count == 10_000)
        var sensor = IPMISensor(name: "x")
        (sensor.number, sensor.entity) = (1, .init(id: 7, instance: 1))
        let joined = IPMISensorRecord.joined(records, with: [IPMISensor](repeating: sensor, count: 300))
        #expect(!joined.contains(nil))
    }

    @Test("a sensor is joined with the record of its number, entity and name, whatever unit it is in")
    func join() throws {
        let records = IPMISensorRecord.records(
            in: MadeSensorRecord.dump([
                (1, MadeSensorRecord.full("A", number: 1, lun: 1)), (1, MadeSensorRecord.full("B", number: 1)),
                (1, MadeSensorRecord.full("C", number: 3)),
            ]))
        func sensor(_ name: String, _ number: UInt8) -> IPMISensor {
            var sensor = IPMISensor(name: name)
            (sensor.number, sensor.entity) = (number, .init(id: 7, instance: number))
            return sensor
        }
        let joined = IPMISensorRecord.joined(
            records, with: [sensor("B", 1), sensor("A", 1), sensor("A", 1), sensor("C", 4), IPMISensor(name: "C")])
        #expect(joined.map { $0?.unit } == [0, 1, nil, nil, nil])
    }

    // MARK: Asking

    /// A BMC whose answers are made by a function.
    private struct MadeChannel: IPMIChannel {
        var answers: @Sendable (IPMIRequest) throws(IPMITransportError) -> IPMIResponse
        func answer(to request: IPMIRequest) async throws(IPMITransportError) -> IPMIResponse { try answers(request) }
    }

    private func reading(
        _ bodies: [(type: UInt8, body: [UInt8])],
        _ answers: @escaping @Sendable (IPMIRequest) throws(IPMITransportError) -> IPMIResponse
    ) async throws(IPMITransportError) -> [IPMISensor.Reading] {
        let records = IPMISensorRecord.records(in: MadeSensorRecord.dump(bodies))
        let sensors = records.map { IPMISensor(name: $0.name ?? "") }
        return try await IPMISensorReader(channel: MadeChannel(answers: answers)).readings(of: sensors, records)
            .map(\.reading)
    }

    @Test("a refused sensor has no reading, whatever the code, and the others have theirs")
    func refused() async throws {
        let bodies = (1...4).map { (type: UInt8(1), body: MadeSensorRecord.full("S\($0)", number: UInt8($0))) }
        for code: UInt8 in [0xCB, 0xCD, 0xC0, 0xD5, 0xFF, 0xC3] {
            let readings = try await reading(bodies) { request throws(IPMITransportError) in
                request.data == [2]
                    ? IPMIResponse(completion: code, data: []) : IPMIResponse(completion: 0, data: [40, 0xC0, 0xC0])
            }
            let value = IPMISensor.Reading.value(40, unit: "degrees C")
            #expect(readings == [value, .none, value, value])
        }
    }

    @Test("a BMC in which one sensor after the other times out is given up")
    func timeouts() async {
        let bodies = (1...9).map { (type: UInt8(1), body: MadeSensorRecord.full("S\($0)", number: UInt8($0))) }
        await #expect(throws: IPMITransportError.timedOut(after: IPMIProbe.answerPatience)) {
            try await reading(bodies) { _ throws(IPMITransportError) in IPMIResponse(completion: 0xC3, data: []) }
        }
    }

    @Test("a satellite controller is asked by its address, once where it is silent, and the BMC goes on")
    func satellite() async throws {
        var bodies = (1...5).map {
            (type: UInt8(1), body: MadeSensorRecord.full("S\($0)", number: UInt8($0), lun: 0x61, owner: 0x2C))
        }
        bodies.append((1, MadeSensorRecord.full("S6", number: 6)))
        let asked = Mutex<[IPMIRequest]>([])
        let readings = try await reading(bodies) { request throws(IPMITransportError) in
            asked.withLock { $0.append(request) }
            return request.owner == 0x2C
                ? IPMIResponse(completion: 0xC3, data: []) : IPMIResponse(completion: 0, data: [40, 0xC0, 0xC0])
        }
        #expect(readings == [.none, .none, .none, .none, .none, .value(40, unit: "degrees C")])
        #expect(
            asked.withLock { $0 } == [
                IPMIRequest(function: 4, command: 0x2D, data: [1], unit: 1, owner: 0x2C, channel: 6),
                IPMIRequest(function: 4, command: 0x2D, data: [6]),
            ])
    }

    @Test("a sensor whose factors change with its reading is asked for them, and has no value without")
    func nonlinear() async throws {
        let body = MadeSensorRecord.full("x", number: 7, m: 100, linearization: 0x70)
        let value = try await reading([(1, body)]) { request throws(IPMITransportError) in
            request.command == 0x23 && request.data == [7, 20]
                ? IPMIResponse(completion: 0, data: [21, 2, 0, 5, 0, 0, 0xF0])
                : IPMIResponse(completion: 0, data: [20, 0x40, 0xC0])
        }
        #expect(value == [.value(4.5, unit: "degrees C")])
        let none = try await reading([(1, body)]) { request throws(IPMITransportError) in
            request.command == 0x23
                ? IPMIResponse(completion: 0xC1, data: []) : IPMIResponse(completion: 0, data: [20, 0x40, 0xC0])
        }
        #expect(none == [.none])
    }

    @Test("chassis, power and self-test are read from their bytes, and what is cut short is none")
    func answers() {
        let chassis = BMCStatus.Chassis(parsing: [0x6B, 0x00, 0x0D])
        #expect(
            chassis
                == .init(
                    faults: ["Main Power Fault", "Power Overload", "Drive Fault", "Cooling/Fan Fault"], isOpen: true))
        #expect(BMCStatus.Chassis(parsing: [0x61, 0, 0x40, 0x70]) == .init(faults: [], isOpen: false))
        #expect(BMCStatus.Chassis(parsing: [0x21, 0]) == nil)
        let power: [UInt8] = [0xDC, 0x22, 1, 0x10, 0, 0x90, 1, 0x20, 1, 0, 0, 0, 0, 0xE8, 3, 0, 0, 0x40]
        #expect(
            BMCStatus.Power(parsing: power)
                == .init(now: 290, lowest: 16, highest: 400, average: 288, isActive: true))
        #expect(BMCStatus.Power(parsing: Array(power.dropLast()) + [0])?.isActive == false)
        #expect(BMCStatus.Power(parsing: Array(power.dropLast())) == nil)
        #expect(BMCStatus.Power(parsing: [0] + power.dropFirst()) == nil)
        #expect(
            [0x55, 0x56, 0x57, 0x58, 0x12].map { BMCStatus.selfTest(parsing: [$0, 0]) }
                == ["passed", nil, "failed", "failed", "failed"])
    }
}
