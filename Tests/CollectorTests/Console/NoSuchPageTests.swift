import Foundation
import Reports
import Testing
import Transfer

@testable import Collector

@Suite("Paths that nothing is at")
struct NoSuchPageTests {
    @Test("A browser gets a page in its language, a program what a collector's address is")
    func nowhere() async throws {
        try await LiveCollector.with { live in
            for (language, words) in [("en", "There is no such page"), ("de", "Diese Seite gibt es nicht")] {
                let headers = [
                    (name: "accept", value: "text/html,*/*;q=0.8"), (name: "accept-language", value: language),
                ]
                let page = try await live.send("GET", "/nowhere", headers: headers)
                let text = String(decoding: page.body, as: UTF8.self)
                #expect(page.status == 404 && text.contains(words) && text.contains("<html"), "\(text.prefix(300))")
            }
            let answer = try await live.send("GET", "/foo/v1/ca")
            let problem = try live.problem(answer)
            #expect(answer.status == 404 && problem.message.contains("https://server:port, without a path"))
        }
    }
}
