import Foundation
import Reports
import Testing
import Transfer

@testable import Collector

@Suite("The API for callhome and scripts")
struct APITests {
    private func asking(
        _ web: TestWeb, _ path: String, method: String = "GET", token: String?, body: (any Encodable)? = nil
    ) async throws -> Transfer.HTTPResponse {
        try await web.send(
            Transfer.HTTPRequest(
                method: method, url: web.base + Routes.api + path,
                headers: token.map { [("authorization", "Bearer \($0)")] } ?? [],
                body: try body.map { try WireFormat.encode($0) }))
    }

    private func login(_ web: TestWeb, password: String = "correct horse battery") async throws -> Transfer.HTTPResponse
    {
        try await asking(
            web, "/login", method: "POST", token: nil,
            body: CollectorAPI.Login(name: "admin", password: password, note: "laptop"))
    }

    private func token(_ web: TestWeb) async throws -> String {
        try WireFormat.decode(CollectorAPI.LoginAnswer.self, from: try await login(web).body).token
    }

    @Test("Without a token nothing is told, and the answer says how to get one")
    func closed() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        try await withWeb(fleet) { web in
            for path in ["/servers", "/servers/x", "/cases", "/cases/x", "/tokens"] {
                for token in [nil, "", "callhome_" + String(repeating: "0", count: 64)] {
                    let answer = try await asking(web, path, token: token)
                    #expect(answer.status == 401)
                    #expect(try WireFormat.decode(Problem.self, from: answer.body).code == "not-logged-in")
                }
            }
            #expect(try await login(web, password: "wrong").status == 401)
            // The cookie of a browser is no key to the API: another site could make the browser send it.
            _ = try await web.login()
            #expect(try await asking(web, "/cases", token: nil).status == 401)
        }
    }

    @Test("Servers and cases are listed and shown, and a case is acknowledged and closed")
    func whole() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.heartbeat([("disks", "ok", "")])
        try await server.open(SampleTicket.fault)
        try await withWeb(fleet) { web in
            let token = try await token(web)
            let servers = try WireFormat.decode(
                [CollectorAPI.ServerLine].self, from: try await asking(web, "/servers", token: token).body)
            #expect(servers.map(\.hostname) == ["srv-1"])
            #expect(servers.first?.state == "order")
            let detail = try WireFormat.decode(
                CollectorAPI.ServerDetail.self, from: try await asking(web, "/servers/srv-1", token: token).body)
            #expect(detail.cases.count == 1)
            #expect(detail.coverage.map(\.probe) == ["disks"])
            let number = try #require(detail.cases.first).number
            let path = "/cases/\(number)"
            let one = try WireFormat.decode(
                CollectorAPI.CaseDetail.self, from: try await asking(web, path, token: token).body)
            #expect(one.summary.suspect.part.serial == "ZC1A2B3C")
            #expect(one.faults.first?.evidence.count == 1)
            let decision = CollectorAPI.Decision(because: "on the way")
            #expect(
                try await asking(web, "\(path)/acknowledge", method: "POST", token: token, body: decision).status == 200
            )
            let empty = CollectorAPI.Decision(because: " ")
            #expect(try await asking(web, "\(path)/close", method: "POST", token: token, body: empty).status == 400)
            let closed = try await asking(web, "\(path)/close", method: "POST", token: token, body: decision)
            #expect(try WireFormat.decode(CollectorAPI.CaseLine.self, from: closed.body).state == "closed")
            #expect(try await asking(web, "\(path)/close", method: "POST", token: token, body: decision).status == 409)
            func count(_ query: String) async throws -> Int {
                try WireFormat.decode(
                    [CollectorAPI.CaseLine].self, from: try await asking(web, "/cases\(query)", token: token).body
                ).count
            }
            #expect(try await count("") == 0)
            #expect(try await count("?state=closed") == 1)
            #expect(try await count("?state=all&server=srv-1") == 1)
            let typo = try await asking(web, "/cases?state=all&server=srv-2", token: token)
            #expect(typo.status == 404)
            #expect(
                try WireFormat.decode(Problem.self, from: typo.body).message
                    == "there is no server srv-2; perhaps srv-1")
            #expect(try await asking(web, "/cases?state=odd", token: token).status == 400)
        }
    }

    @Test("Blind spots are listed, accepted by name or all, and taken back, each with a reason")
    func blindSpots() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        let server = try await fleet.enrol("h1", hostname: "vm-1")
        let mode = FailureMode(
            pattern: "a.one", kind: .dimm, titles: ["en": "It breaks"], state: "unseen", parts: 1, seen: 0,
            reasons: [FailureMode.Reason(Advice("ecc.virtual"), count: 1, parts: [])])
        try await server.send(.inventory(Inventory(components: [], failureModes: [mode])))
        try await withWeb(fleet) { web in
            let token = try await token(web)
            let path = "/servers/vm-1/blind-spots"
            func decide(_ word: String, _ decision: CollectorAPI.BlindSpotDecision) async throws -> Int {
                try await asking(web, "\(path)/\(word)", method: "POST", token: token, body: decision).status
            }
            func list() async throws -> [CollectorAPI.BlindSpot] {
                try WireFormat.decode(
                    [CollectorAPI.BlindSpot].self, from: try await asking(web, path, token: token).body)
            }
            let before = try await list()
            #expect(before.map(\.name) == ["a.one"] && before.first?.accepted == nil)
            #expect(before.first?.reasons.map(\.parts) == [1])
            #expect(try await decide("accept", .init(names: ["a.one"], because: " ")) == 400)
            #expect(try await decide("accept", .init(because: "why")) == 400)
            #expect(try await decide("accept", .init(names: ["a.one"], all: true, because: "why")) == 400)
            #expect(try await decide("accept", .init(names: ["a.two"], because: "why")) == 404)
            #expect(try await decide("accept", .init(names: ["a.one"], because: "a virtual machine")) == 200)
            let accepted = try #require(try await list().first?.accepted)
            #expect(accepted.by == "admin" && accepted.because == "a virtual machine")
            let line = try WireFormat.decode(
                [CollectorAPI.ServerLine].self, from: try await asking(web, "/servers", token: token).body)
            #expect(line.first?.acceptedBlindSpots == 1)
            #expect(try await web.get(Routes.metrics).text.contains("\ncallhome_accepted_blind_spots 1\n"))
            #expect(try await decide("withdraw", .init(all: true, because: "no longer")) == 200)
            #expect(try await decide("withdraw", .init(all: true, because: "no longer")) == 409)
            #expect(try await list().first?.accepted == nil)
            #expect(try await asking(web, "/servers/vm/blind-spots", token: token).status == 404)
            #expect(try await asking(web, "\(path)/accept", method: "POST", token: nil, body: "").status == 401)
        }
    }

    @Test("What is not there, and what is no JSON, is said so", arguments: ["/servers/none", "/cases/none"])
    func missing(path: String) async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        try await withWeb(fleet) { web in
            let token = try await token(web)
            #expect(try await asking(web, path, token: token).status == 404)
            let garbage = try await web.send(
                Transfer.HTTPRequest(method: "POST", url: web.base + Routes.api + "/login", body: Data("{]".utf8)))
            #expect(garbage.status == 400)
            let huge = try await web.send(
                Transfer.HTTPRequest(method: "POST", url: web.base + Routes.api + "/login", body: Data(count: 1 << 20)))
            #expect(huge.status == 400 || huge.status == 413)
        }
    }

    @Test("A token can be seen and taken back by its owner")
    func tokens() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        try await withWeb(fleet) { web in
            let token = try await token(web)
            let list = try WireFormat.decode(
                [CollectorAPI.TokenLine].self, from: try await asking(web, "/tokens", token: token).body)
            #expect(list.map(\.note) == ["laptop"])
            #expect(!list.contains { token.contains($0.id) })
            let id = try #require(list.first).id
            #expect(try await asking(web, "/tokens/\(id)", method: "DELETE", token: token).status == 204)
            #expect(try await asking(web, "/tokens", token: token).status == 401)
        }
    }

    @Test(
        "Recipients are listed with what waits, and told to try, to catch up and to drop, by the API and on their page")
    func recipients() async throws {
        let fleet = try await TestFleet { $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:1")] }
        try await fleet.addAdmin()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.open(SampleTicket.fault)
        let first = try #require(try await fleet.store.begin(at: fleet.clock.time).first)
        try await fleet.store.record(.failed(after: nil, because: "no route"), to: first, at: fleet.clock.time)
        try await withWeb(fleet) { web in
            let token = try await token(web)
            func line() async throws -> CollectorAPI.RecipientLine {
                try #require(
                    try WireFormat.decode(
                        [CollectorAPI.RecipientLine].self, from: try await asking(web, "/recipients", token: token).body
                    ).first)
            }
            func decide(_ word: String, _ because: String?, name: String = "desk") async throws -> Int {
                try await asking(
                    web, "/recipients/\(name)/\(word)", method: "POST", token: token,
                    body: CollectorAPI.RecipientDecision(because: because)
                ).status
            }
            let before = try await line()
            #expect(before.name == "desk" && before.waiting == 1 && before.lastError == "no route")
            #expect(before.holdUntil == fleet.clock.time + .seconds(5))
            #expect(try await fleet.store.begin(at: fleet.clock.time).isEmpty)
            #expect(try await decide("try", nil) == 200)
            #expect(try await fleet.store.begin(at: fleet.clock.time).map(\.id) == [first.id])
            #expect(try await decide("drop", " ") == 400)
            #expect(try await decide("catch-up", nil) == 400)
            #expect(try await decide("drop", "by phone") == 200)
            #expect(try await line().waiting == 0)
            #expect(try await decide("catch-up", "why", name: "nobody") == 404)
            let path = "/cases/\(first.caseNumber)/resend"
            func resend(_ sent: CollectorAPI.Resend) async throws -> Int {
                try await asking(web, path, method: "POST", token: token, body: sent).status
            }
            #expect(try await resend(.init(because: "")) == 400)
            #expect(try await resend(.init(to: "nobody", because: "why")) == 404)
            #expect(try await resend(.init(to: "desk", because: "lost")) == 200)
            #expect(try await line().waiting == 1)
            _ = try await web.login()
            let page = try await web.get("/delivery")
            let csrf = TestWeb.csrf(page)
            for word in ["try", "catch-up", "drop"] { #expect(page.text.contains("/delivery/desk/\(word)\"")) }
            let sent = try await web.post("/delivery/desk/drop", ["csrf": csrf, "because": "again by phone"])
            #expect(sent.status == 303)
            #expect(try await line().waiting == 0)
            let after = try await web.get("/delivery").text
            #expect(after.contains("/delivery/desk/catch-up\""))
            #expect(!after.contains("/delivery/desk/drop") && !after.contains("/delivery/desk/try"), "nothing waits")
            #expect(
                try await web.post("/cases/\(first.caseNumber)/resend", ["csrf": csrf, "because": "x"]).status == 303)
            #expect(try await line().waiting == 1)
        }
    }

    @Test("A recipient that is down for too long is an alarm in health, figures and console")
    func alarm() async throws {
        let fleet = try await TestFleet {
            $0.recipients = [SampleRecipient.email("smtp://127.0.0.1:1")]
        }
        try await fleet.addAdmin()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.open(SampleTicket.fault)
        let time = fleet.clock.time
        let delivery = try #require(try await fleet.store.begin(at: time).first)
        try await fleet.store.record(.failed(after: nil, because: "no route to host"), to: delivery, at: time)
        fleet.clock.advance(.seconds(3600))
        try await withWeb(fleet) { web in
            #expect(try await web.get(Routes.health).text.contains("\"status\":\"alarm\""))
            #expect(
                try await web.get(Routes.metrics).text.contains(
                    "callhome_recipient_alarm{channel=\"email\"} 1"))
            _ = try await web.login()
            let page = try await web.get("/servers").text
            #expect(page.contains("role=\"alert\""))
            #expect(page.contains("desk has taken no messages"))
        }
    }
}
