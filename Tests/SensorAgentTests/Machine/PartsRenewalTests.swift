import Testing

@testable import SensorAgent

@Suite("When parts are read again")
struct PartsRenewalTests {
    private func device(_ name: String, _ subsystem: String = "block") -> UdevDevice {
        UdevDevice(
            subsystem: subsystem, name: name, path: "/sys/\(name)", properties: [:], isInitialized: true)
    }

    private func begun(hasEvents: Bool = true) -> PartsRenewal {
        var renewal = PartsRenewal(hasEvents: hasEvents)
        _ = renewal.take(at: .zero)
        return renewal
    }

    @Test("everything is read at the start, and hourly")
    func whole() {
        var renewal = PartsRenewal(hasEvents: true)
        #expect(renewal.due <= .zero)
        #expect(renewal.take(at: .seconds(5)) == .everything)
        #expect(renewal.take(at: .seconds(6)) == nil)
        // The labels of memory modules come without an event.
        for minutes in stride(from: 10, through: 50, by: 10) {
            #expect(renewal.take(at: .seconds(minutes * 60 + 5)) == .memory)
        }
        #expect(renewal.due == .seconds(3_605))
        #expect(renewal.take(at: .seconds(3_604)) == nil)
        #expect(renewal.take(at: .seconds(3_605)) == .everything)
    }

    @Test("of one plug, which is many events, each device is read once, after a moment of quiet")
    func events() {
        var renewal = begun()
        renewal.hear(device("sdb"), at: .seconds(100))
        renewal.hear(device("sdb1"), at: .milliseconds(100_150))
        renewal.hear(device("sdb"), at: .milliseconds(100_190))
        #expect(renewal.take(at: .milliseconds(100_389)) == nil)
        #expect(renewal.due == .milliseconds(100_390))
        #expect(renewal.take(at: .milliseconds(100_390)) == .devices([device("sdb"), device("sdb1")]))
        #expect(renewal.take(at: .seconds(101)) == nil)
    }

    @Test("events without end are read every second")
    func restless() {
        var renewal = begun()
        for step in 0...10 { renewal.hear(device("sdb"), at: .seconds(100) + .milliseconds(step * 100)) }
        #expect(renewal.take(at: .milliseconds(100_999)) == nil)
        #expect(renewal.take(at: .seconds(101)) == .devices([device("sdb")]))
    }

    @Test("where the kernel dropped events everything is read, and in a flood no oftener than every five seconds")
    func overrun() {
        var renewal = begun()
        renewal.hear(device("sdb"), at: .seconds(60))
        renewal.overrun()
        #expect(renewal.take(at: .seconds(60)) == .everything)
        #expect(renewal.take(at: .seconds(61)) == nil, "with everything, what was told of is read too")
        renewal.overrun()
        #expect(renewal.take(at: .seconds(64)) == nil)
        #expect(renewal.take(at: .seconds(65)) == .everything)
    }

    @Test("with more news than it pays to read one by one, everything is read")
    func many() {
        for (count, isWhole) in [(PartsRenewal.deviceLimit, false), (PartsRenewal.deviceLimit + 1, true)] {
            var renewal = begun()
            for number in 0..<count { renewal.hear(device("d\(number)"), at: .seconds(60)) }
            #expect((renewal.take(at: .seconds(61)) == .everything) == isWhole)
        }
    }

    @Test("where no udev tells of changes, what the folders list is compared")
    func withoutEvents() {
        var renewal = begun(hasEvents: false)
        #expect(renewal.take(at: .seconds(9)) == nil)
        #expect(renewal.take(at: .seconds(10)) == .listings)
        #expect(renewal.take(at: .seconds(19)) == nil)
        #expect(renewal.take(at: .seconds(20)) == .listings)
        var listening = begun()
        #expect(listening.take(at: .seconds(20)) == nil)
    }
}
