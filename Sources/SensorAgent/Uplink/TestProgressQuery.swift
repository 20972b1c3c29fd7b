import Reports
import Transfer

/// Asks the collector how far a test has come: `GET /v1/tests/{id}`, for `callhome test`.
struct TestProgressQuery: Sendable {
    /// Bytes of an answer.
    private static let maximumResponseBytes = 1 << 20
    private let proxy: String?

    init(proxy: String?) { self.proxy = proxy }

    /// Asks the collectors in their order until one answers.
    /// - Throws: a `Problem` that states what to do.
    func progress(of test: String, by enrolment: Identity.Enrolment) async throws(Problem) -> TestProgress {
        guard !test.isEmpty, test.utf8.count <= 64, test.allSatisfy(\.isHexDigit) else {
            throw Problem(code: "bad-test", message: "\(test.prefix(64).debugDescription) is no id of a test")
        }
        let transfer = HTTPTransfer(
            HTTPTransfer.Options(
                trust: .collector(rootPEM: enrolment.ca), proxy: proxy, timeout: .seconds(20),
                maximumResponseBytes: TestProgressQuery.maximumResponseBytes))
        var problem = Problem(code: "not-enrolled", message: "no collector is known: enrol this server first")
        for collector in enrolment.collectors {
            do {
                let url = collector + Routes.test(test)
                let response = try await transfer.send(
                    HTTPRequest(url: url, headers: [("User-Agent", UserAgent.agent)]))
                if response.status == 200, let progress = try? WireFormat.decode(TestProgress.self, from: response.body)
                {
                    return progress
                }
                problem =
                    (try? WireFormat.decode(Problem.self, from: response.body))
                    ?? Problem(code: "unusable-answer", message: "\(collector) answered \(response.status)")
            } catch {
                problem = Problem(code: "unreachable", message: "\(error)")
            }
        }
        throw problem
    }
}
