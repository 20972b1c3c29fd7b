import Foundation
import Reports
import TestSupport
import Testing
import Transfer

@testable import Collector

@Suite("Figures for Prometheus")
struct MetricsTests {
    /// What Prometheus 2.42 asks with.
    private static let prometheus =
        "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
        + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

    private func withFleet(_ work: (TestWeb) async throws -> Void) async throws {
        let fleet = try await TestFleet {
            $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:1", name: "de\"sk\\")]
        }
        let server = try await fleet.enrol("h1", hostname: "secret-name")
        try await server.heartbeat([("disks", "ok", "")])
        try await server.open(SampleTicket.fault)
        try await withWeb(fleet, work)
    }

    private func ask(_ web: TestWeb, accept: String? = nil) async throws -> Transfer.HTTPResponse {
        let answer = try await web.get(Routes.metrics, headers: accept.map { [("accept", $0)] } ?? [])
        #expect(answer.status == 200)
        return answer
    }

    @Test("Whoever asks for OpenMetrics gets it, without names of servers; health needs no login")
    func openMetrics() async throws {
        try await withFleet { web in
            let answer = try await ask(web, accept: Self.prometheus)
            #expect(
                answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
            for line in [
                "callhome_servers{state=\"order\"} 1", "callhome_cases{urgency=\"order\",state=\"open\"} 1",
                "callhome_deliveries_waiting{channel=\"email\"} 1",
                "callhome_collector_build_info{version=\"\(CallhomeVersion.current)\"} 1",
                "# TYPE callhome_reports counter", "# TYPE callhome_collector_build info",
            ] { #expect(answer.text.contains(line + "\n"), "\(line) is missing") }
            #expect(answer.text.hasSuffix("# EOF\n"))
            #expect(!answer.text.contains("secret-name"))
            let health = try await web.get(Routes.health)
            #expect(health.status == 200)
            #expect(health.text.contains("\"status\":\"ok\""))
        }
    }

    @Test("With names, those of recipients are escaped as the format wants it")
    func names() async throws {
        let fleet = try await TestFleet {
            $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:1", name: "de\"sk\\")]
        }
        let server = try await fleet.enrol("h1", hostname: "secret-name")
        try await server.open(SampleTicket.fault)
        for format in MetricsPage.Format.allCases {
            let text = try await MetricsPage(of: fleet.environment).text(as: format, withNames: true)
            #expect(text.contains("callhome_deliveries_waiting{recipient=\"de\\\"sk\\\\\",channel=\"email\"} 1\n"))
        }
    }

    @Test("Everybody else gets Prometheus' text, in which every sample has its own help and type")
    func text() async throws {
        try await withFleet { web in
            for accept in [nil, "*/*", "text/plain", "text/html, */*;q=0.1"] {
                let answer = try await ask(web, accept: accept)
                #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
                #expect(answer.headers["vary"] == "Accept, Authorization")
            }
            let text = try await ask(web).text
            #expect(!text.contains("secret-name") && !text.contains("# EOF"))
            try MetricsTests.check(text)
            #expect(text.contains("# TYPE callhome_reports_total counter\n"))
            #expect(text.contains("# TYPE callhome_collector_build_info gauge\n"))
        }
    }

    @Test("promtool finds nothing to say about the text", .enabled(if: MetricsTests.promtool != nil))
    func checkedByPromtool() async throws {
        let promtool = try #require(Self.promtool)
        try await withFleet { web in
            let folder = try TemporaryFolder()
            let file = try folder.write(try await ask(web).text, to: "metrics")
            let result = try runProgram("/bin/sh", ["-c", "\(promtool) check metrics < \(file)"], withErrors: true)
            #expect(result.status == 0 && result.output.isEmpty, "\(String(decoding: result.output, as: UTF8.self))")
        }
    }

    private static let promtool = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(
        "The format follows the header's weights; an unknown version is not taken for a known one",
        arguments: [
            (nil, MetricsPage.Format.text), ("", .text), (prometheus, .openMetrics),
            ("application/openmetrics-text", .openMetrics),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
            ("Application/OpenMetrics-Text", .openMetrics), ("application/openmetrics-text;version=0.0.1", .text),
            ("application/openmetrics-text;q=0", .text), ("application/openmetrics-text;q=x", .text),
            ("application/openmetrics-text;q=0.2, text/plain;q=0.3", .text),
            ("application/openmetrics-text, text/plain", .text), ("application/json", .text),
        ])
    func negotiation(_ accept: String?, _ format: MetricsPage.Format) {
        #expect(MetricsPage.Format(accept: accept) == format)
    }

    /// The text format 0.0.4, as strictly as promtool reads it: HELP and TYPE once before a metric's samples, which stand
    /// together; counters end in `_total`; names, labels and values have their form.
    private static func check(_ text: String) throws {
        let name = "[a-zA-Z_:][a-zA-Z0-9_:]*"
        let label = #"[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*""#
        let sample = try Regex("^(\(name))(?:\\{\(label)(?:,\(label))*\\})? (-?[0-9.]+(?:e[-+]?[0-9]+)?)$")
        var helped: [String] = []
        var typed: [String] = []
        var seen: Set<String> = []
        #expect(text.hasSuffix("\n") && !text.contains("\n\n"))
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("# HELP ") {
                #expect(!helped.contains(String(words[2])) && words.count > 3, "\(line)")
                helped.append(String(words[2]))
            } else if line.hasPrefix("# TYPE ") {
                #expect(helped.last == String(words[2]) && words.count == 4, "\(line)")
                #expect(words[3] == "gauge" || (words[3] == "counter" && words[2].hasSuffix("_total")), "\(line)")
                typed.append(String(words[2]))
            } else {
                let match = try #require(try sample.wholeMatch(in: line), "\(line)")
                #expect(typed.last == match.output[1].substring.map(String.init), "\(line)")
                #expect(seen.insert(String(line.prefix { $0 != " " })).inserted, "\(line) stands twice")
            }
        }
        #expect(helped == typed && !seen.isEmpty)
    }
}
