import Reports
import Testing

@testable import Collector

@Suite("Sparklines")
struct SparklineTests {
    private let start = SampleTicket.time
    private var end: Timestamp { start + .seconds(6000) }

    private func point(_ seconds: Int, _ value: Double?) -> SparklinePoint {
        SparklinePoint(through: start + .seconds(seconds), minimum: value, maximum: value, mean: value)
    }

    @Test("A line stays inside its box, whatever the values")
    func box() throws {
        let values = [0, 1e300, -1e300, 5, 7, .nan, .infinity, 3]
        let points = values.enumerated().map { point($0.offset * 100, $0.element) }
        let line = try #require(Sparkline(points, from: start, through: end))
        let numbers = line.path.split { "ML ".contains($0) }.compactMap { Double($0) }
        #expect(!numbers.isEmpty)
        for index in stride(from: 0, to: numbers.count - 1, by: 2) {
            #expect((0...Sparkline.width).contains(numbers[index]))
            #expect((0...Sparkline.height).contains(numbers[index + 1]))
        }
    }

    @Test("A gap is not drawn over")
    func gap() throws {
        let points = (0..<10).map { point($0 * 100, 1) } + (40..<50).map { point($0 * 100, 2) }
        let line = try #require(Sparkline(points, from: start, through: end))
        #expect(line.path.filter { $0 == "M" }.count == 2)
    }

    @Test("A series that comes seldom is one line")
    func seldom() throws {
        let line = try #require(Sparkline((0..<6).map { point($0 * 1000, Double($0)) }, from: start, through: end))
        #expect(line.path.filter { $0 == "M" }.count == 1)
    }

    @Test("Fewer than two values, an empty span and times from elsewhere draw nothing")
    func nothing() {
        #expect(Sparkline([], from: start, through: end) == nil)
        #expect(Sparkline([point(1, 1)], from: start, through: end) == nil)
        #expect(Sparkline([point(1, 1), point(2, 2)], from: end, through: start) == nil)
        #expect(Sparkline([point(-9000, 1), point(99_999, 2)], from: start, through: end) == nil)
    }

    @Test("Values are shown with the units that people know")
    func units() {
        #expect(ReadingText.number(36.6, "Cel") == "36.6 °C")
        #expect(ReadingText.number(0.5, ReadingText.unit(of: Signal("hw.ups.load"))) == "50 %")
        #expect(ReadingText.number(12.0449, "V") == "12.04 V")
        #expect(ReadingText.number(4_000_000_000, "By") == "4 GB")
        #expect(ReadingText.number(3, "{error}") == "3 error")
        #expect(ReadingText.number(23, ReadingText.unit(of: Signal("hw.physical_disk.smart"))) == "23")
    }
}
