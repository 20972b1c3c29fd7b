import Glibc

/// Recall against false-alarm rate, the latter on a logarithmic scale: one dot for each source of alarms.
struct RecallChart {
    enum Style: String { case pack, pattern, shadow, baseline }

    private var dots = ""
    private var labels: [(x: Double, y: Double, text: String)] = []

    // Units of the drawing.
    private static let width = 960.0
    private static let height = 440.0
    private static let left = 64.0
    private static let right = 930.0
    private static let top = 16.0
    private static let bottom = 384.0
    /// Rates at the ends of the scale; below the lower one lies no alarm at all.
    private static let lowest = 0.000_05
    private static let highest = 0.2

    /// The rate over all windows, which is steadier than that of one window each.
    mutating func add(_ comparison: BacktestResult.Comparison, _ name: String, _ style: Style, label: String? = nil) {
        // What was not measured has no place in it.
        guard let rate = comparison.falseAlarmRateOfAllWindows, let recall = comparison.recall else { return }
        let (x, y) = (RecallChart.x(rate), RecallChart.y(recall))
        let title =
            "<title>\(HTML.escape(name)): recall \(Figure.percent(recall, 1)), "
            + "false alarms \(Figure.percent(rate, 3))</title>"
        let (px, py) = (Figure.plain(x, 1), Figure.plain(y, 1))
        if style == .baseline {
            dots +=
                "<rect class=baseline x=\(Figure.plain(x - 5, 1)) y=\(Figure.plain(y - 5, 1)) width=10 height=10 "
                + "transform=\"rotate(45 \(px) \(py))\">\(title)</rect>\n"
        } else {
            dots += "<circle class=\(style.rawValue) cx=\(px) cy=\(py) r=\(style == .pack ? 9 : 5)>\(title)</circle>\n"
        }
        if let label { labels.append((x, y, label)) }
    }

    var svg: String {
        """
        <svg viewBox="0 0 960 440" role="img" aria-label="Recall against false-alarm rate">
        \(grid)\(dots)\(names)</svg>
        """
    }

    private static func x(_ rate: Double) -> Double {
        let clamped = min(max(rate, lowest), highest)
        return left + (right - left) * log(clamped / lowest) / log(highest / lowest)
    }

    private static func y(_ recall: Double) -> Double { bottom - (bottom - top) * recall }

    private var grid: String {
        var lines = ""
        for step in 0...5 {
            let y = Figure.plain(RecallChart.y(Double(step) / 5), 1)
            lines += "<line class=grid x1=64 x2=930 y1=\(y) y2=\(y)></line>"
            lines += "<text x=56 y=\(y) text-anchor=end dominant-baseline=middle>\(step * 20) %</text>\n"
        }
        for (rate, name) in [
            (RecallChart.lowest, "none"), (0.000_1, "0.01 %"), (0.001, "0.1 %"), (0.005, "0.5 %"), (0.01, "1 %"),
            (0.05, "5 %"), (0.1, "10 %"),
        ] {
            let x = Figure.plain(RecallChart.x(rate), 1)
            lines += "<line class=grid x1=\(x) x2=\(x) y1=16 y2=384></line>"
            lines += "<text x=\(x) y=404 text-anchor=middle>\(name)</text>\n"
        }
        return lines + "<text x=497 y=430 text-anchor=middle>healthy drives falsely alarmed within the window</text>\n"
            + "<text x=72 y=12>failures foretold</text>\n"
    }

    /// Labels beside their dots, moved down where one is in the way.
    private var names: String {
        var placed: [(x: Double, y: Double)] = []
        var texts = ""
        for label in labels.sorted(by: { ($0.y, $0.x) < ($1.y, $1.x) }) {
            var y = label.y
            while placed.contains(where: { abs($0.x - label.x) < 110 && abs($0.y - y) < 15 }) { y += 15 }
            placed.append((label.x, y))
            let isLeft = label.x > 820
            let x = isLeft ? label.x - 13 : label.x + 13
            texts +=
                "<text class=name x=\(Figure.plain(x, 1)) y=\(Figure.plain(y, 1)) dominant-baseline=middle"
                + "\(isLeft ? " text-anchor=end" : "")>\(HTML.escape(label.text))</text>\n"
        }
        return texts
    }
}

/// Failed drives by the time between alarm and failure.
struct LeadChart {
    let plan: [Int]
    let order: [Int]

    var svg: String {
        let highest = Double(max(1, plan.max() ?? 1, order.max() ?? 1))
        let step = 880.0 / Double(Lead.names.count)
        var drawing = "<line class=grid x1=40 x2=920 y1=250 y2=250></line>\n"
        for (index, name) in Lead.names.enumerated() {
            let begin = 40 + step * Double(index)
            for (offset, count, style) in [(0.12, plan[index], "pattern"), (0.5, order[index], "pack")] {
                let height = 210 * Double(count) / highest
                let x = Figure.plain(begin + step * offset, 1)
                let (y, width) = (Figure.plain(250 - height, 1), Figure.plain(step * 0.36, 1))
                drawing +=
                    "<rect class=\(style) x=\(x) y=\(y) width=\(width) height=\(Figure.plain(height, 1)) rx=2></rect>"
                drawing +=
                    "<text x=\(Figure.plain(begin + step * (offset + 0.18), 1)) y=\(Figure.plain(243 - height, 1)) "
                    + "text-anchor=middle>\(count)</text>\n"
            }
            drawing += "<text x=\(Figure.plain(begin + step / 2, 1)) y=270 text-anchor=middle>\(name)</text>\n"
        }
        return """
            <svg viewBox="0 0 960 300" role="img" aria-label="Failed drives by days from the first fault to the failure">
            \(drawing)<text x=480 y=292 text-anchor=middle>days from the first fault to the failure</text></svg>
            """
    }
}
