import Glibc
import Reports

/// Recall against false-alarm rate, the latter on a logarithmic scale: one dot for each source of alarms.
struct RecallChart {
    enum Style: String { case pack, pattern, shadow, baseline }

    private let language: Language
    private var dots = ""
    private var labels: [(x: Double, y: Double, text: String)] = []

    // Units of the drawing.
    private static let width = 960.0
    private static let height = 440.0
    private static let left = 64.0
    private static let right = 930.0
    private static let top = 16.0
    private static let bottom = 384.0
    /// How wide a letter of a label is, about.
    private static let letter = 7.0
    /// Rates at the ends of the scale; below the lower one lies no alarm at all.
    private static let lowest = 0.000_05
    private static let highest = 0.2

    init(in language: Language) { self.language = language }

    /// The rate over all windows, which is steadier than that of one window each.
    mutating func add(_ comparison: BacktestResult.Comparison, _ name: String, _ style: Style, label: String? = nil) {
        // What was not measured has no place in it.
        guard let rate = comparison.falseAlarmRateOfAllWindows, let recall = comparison.recall else { return }
        let (x, y) = (RecallChart.x(rate), RecallChart.y(recall))
        let figure = Figure(language: language)
        let words = language(
            "recall \(figure.percent(recall, 1)), false alarms \(figure.percent(rate, 3))",
            "vorhergesagt \(figure.percent(recall, 1)), Fehlalarme \(figure.percent(rate, 3))")
        let title = "<title>\(HTML.escape(name)): \(words)</title>"
        let (px, py) = (SVG.place(x), SVG.place(y))
        if style == .baseline {
            dots +=
                "<rect class=baseline x=\(SVG.place(x - 5)) y=\(SVG.place(y - 5)) width=10 height=10 "
                + "transform=\"rotate(45 \(px) \(py))\">\(title)</rect>\n"
        } else {
            dots += "<circle class=\(style.rawValue) cx=\(px) cy=\(py) r=\(style == .pack ? 9 : 5)>\(title)</circle>\n"
        }
        if let label { labels.append((x, y, label)) }
    }

    var svg: String {
        """
        <svg viewBox="0 0 960 440" role="img" aria-label="\(language("Failures foretold against false alarms", "Vorhergesagte Ausfälle gegen Fehlalarme"))">
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
            let y = SVG.place(RecallChart.y(Double(step) / 5))
            lines += "<line class=grid x1=64 x2=930 y1=\(y) y2=\(y)></line>"
            lines += "<text x=56 y=\(y) text-anchor=end dominant-baseline=middle>\(step * 20) %</text>\n"
        }
        for (rate, name) in [
            (RecallChart.lowest, language("none", "keine")), (0.000_1, language("0.01 %", "0,01 %")),
            (0.001, language("0.1 %", "0,1 %")), (0.005, language("0.5 %", "0,5 %")), (0.01, "1 %"), (0.05, "5 %"),
            (0.1, "10 %"),
        ] {
            let x = SVG.place(RecallChart.x(rate))
            lines += "<line class=grid x1=\(x) x2=\(x) y1=16 y2=384></line>"
            lines += "<text x=\(x) y=404 text-anchor=middle>\(name)</text>\n"
        }
        let below = language(
            "healthy drives falsely alarmed within the window", "gesunde Laufwerke mit Fehlalarm im Zeitfenster")
        return lines + "<text x=497 y=430 text-anchor=middle>\(below)</text>\n"
            + "<text x=72 y=12>\(language("failures foretold", "vorhergesagte Ausfälle"))</text>\n"
    }

    /// Labels beside their dots, moved down where one is in the way.
    private var names: String {
        var placed: [(x: Double, y: Double)] = []
        var texts = ""
        for label in labels.sorted(by: { ($0.y, $0.x) < ($1.y, $1.x) }) {
            var y = label.y
            while placed.contains(where: { abs($0.x - label.x) < 110 && abs($0.y - y) < 15 }) { y += 15 }
            placed.append((label.x, y))
            // To the left at the edge, and where another dot would lie under the letters.
            let width = RecallChart.letter * Double(label.text.count) + 13
            let isLeft =
                label.x > 820
                || labels.contains { $0.x > label.x && $0.x - label.x < width && abs($0.y - y) < 10 }
            let x = isLeft ? label.x - 13 : label.x + 13
            texts +=
                "<text class=name x=\(SVG.place(x)) y=\(SVG.place(y)) dominant-baseline=middle"
                + "\(isLeft ? " text-anchor=end" : "")>\(HTML.escape(label.text))</text>\n"
        }
        return texts
    }
}

/// Failed drives by the time between alarm and failure.
struct LeadChart {
    let plan: [Int]
    let order: [Int]
    let language: Language

    var svg: String {
        let highest = Double(max(1, plan.max() ?? 1, order.max() ?? 1))
        let names = Lead.names(in: language)
        let step = 880.0 / Double(names.count)
        var drawing = "<line class=grid x1=40 x2=920 y1=250 y2=250></line>\n"
        for (index, name) in names.enumerated() {
            let begin = 40 + step * Double(index)
            for (offset, count, style) in [(0.12, plan[index], "pattern"), (0.5, order[index], "pack")] {
                let height = 210 * Double(count) / highest
                let x = SVG.place(begin + step * offset)
                let (y, width) = (SVG.place(250 - height), SVG.place(step * 0.36))
                drawing +=
                    "<rect class=\(style) x=\(x) y=\(y) width=\(width) height=\(SVG.place(height)) rx=2></rect>"
                drawing +=
                    "<text x=\(SVG.place(begin + step * (offset + 0.18))) y=\(SVG.place(243 - height)) "
                    + "text-anchor=middle>\(count)</text>\n"
            }
            drawing += "<text x=\(SVG.place(begin + step / 2)) y=270 text-anchor=middle>\(name)</text>\n"
        }
        let label = language(
            "Failed drives by days from the first fault to the failure",
            "Ausgefallene Laufwerke nach Tagen von der ersten Meldung bis zum Ausfall")
        let below = language(
            "days from the first fault to the failure", "Tage von der ersten Meldung bis zum Ausfall")
        return """
            <svg viewBox="0 0 960 300" role="img" aria-label="\(label)">
            \(drawing)<text x=480 y=292 text-anchor=middle>\(below)</text></svg>
            """
    }
}

/// Drawings.
enum SVG {
    /// A coordinate, with a point in all languages.
    static func place(_ value: Double) -> String { Figure.plain(value, 1) ?? "0" }
}
