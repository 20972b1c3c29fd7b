import Foundation
import Reports
import Testing
import Transfer

@testable import Collector

@Suite("The console")
struct ConsoleTests {
    private static let evil = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"

    private func fleet() async throws -> TestFleet {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        return fleet
    }

    @Test("Without a login every page leads to the login, and shows nothing")
    func closed() async throws {
        let fleet = try await fleet()
        let server = try await fleet.enrol("secret-host", hostname: "secret-name")
        try await server.open(SampleTicket.fault)
        try await withWeb(fleet) { web in
            for path in ["/", "/servers", "/servers/secret-host", "/cases", "/cases/CH-1", "/delivery"] {
                let answer = try await web.get(path)
                #expect(answer.status == 303)
                #expect(answer.headers["location"] == "/login")
                #expect(!answer.text.contains("secret"))
            }
            #expect(try await web.get("/login").status == 200)
        }
    }

    @Test("A right password opens the console; the cookie is for this host, HTTPS and HTTP alone")
    func login() async throws {
        try await withWeb(try await fleet()) { web in
            let answer = try await web.login()
            #expect(answer.status == 303)
            let cookie = answer.headers["set-cookie"] ?? ""
            for word in ["__Host-callhome=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
                #expect(cookie.lowercased().contains(word.lowercased()), "\(cookie) lacks \(word)")
            }
            #expect(try await web.get("/servers").text.contains("No server is enrolled yet."))
        }
    }

    @Test("A wrong password, an unknown name and a form from elsewhere are refused")
    func refused() async throws {
        try await withWeb(try await fleet()) { web in
            let page = try await web.get("/login")
            for (name, password) in [("admin", "wrong"), ("nobody", "correct horse battery"), ("", "")] {
                let answer = try await web.post(
                    "/login", ["name": name, "password": password, "csrf": TestWeb.csrf(page)])
                #expect(answer.status == 401)
                #expect(answer.text.contains("Name or password is wrong."))
            }
            let foreign = try await web.post(
                "/login", ["name": "admin", "password": "correct horse battery", "csrf": "x"])
            #expect(foreign.status == 403)
            #expect(web.cookies["__Host-callhome"] == nil)
        }
    }

    @Test("After a log-out the old cookie is worth nothing")
    func logout() async throws {
        try await withWeb(try await fleet()) { web in
            _ = try await web.login()
            let session = web.cookies["__Host-callhome"]
            let csrf = TestWeb.csrf(try await web.get("/servers"))
            #expect(try await web.post("/logout", ["csrf": "forged"]).status == 403)
            #expect(try await web.post("/logout", ["csrf": csrf]).status == 303)
            web.cookies["__Host-callhome"] = session
            #expect(try await web.get("/servers").headers["location"] == "/login")
        }
    }

    @Test("A session ends by itself")
    func expiry() async throws {
        let fleet = try await fleet()
        try await withWeb(fleet) { web in
            _ = try await web.login()
            fleet.clock.advance(Authenticator.sessionLifetime - .seconds(1))
            #expect(try await web.get("/servers").status == 200)
            fleet.clock.advance(.seconds(1))
            #expect(try await web.get("/servers").status == 303)
        }
    }

    @Test(
        "Anybody's login is shown and ended on the page of logins, and an account removed", arguments: Language.allCases
    )
    func accounts(language: Language) async throws {
        let fleet = try await fleet()
        let accounts = Accounts(store: fleet.store)
        try await accounts.set("anna", password: "another password", at: fleet.clock.time)
        let other = try await Authenticator(store: fleet.store).login(
            name: "anna", password: "another password", peer: "q", as: .api, note: Self.evil, at: fleet.clock.time)
        try await withWeb(fleet) { web in
            web.language = language.rawValue
            _ = try await web.login()
            let page = try await web.get("/accounts")
            let csrf = TestWeb.csrf(page)
            #expect(page.text.contains(language("Logins", "Anmeldungen")) && page.text.contains("anna"))
            #expect(!page.text.contains("<script>") && !page.text.contains(other.secret))
            let login = try #require(try await accounts.list(at: fleet.clock.time).last?.logins.first)
            let path = "/accounts/anna/logins/\(login.id)/end"
            #expect(try await web.post(path, ["csrf": "forged"]).status == 403)
            #expect(try await web.post(path, ["csrf": csrf]).status == 303)
            #expect(try await fleet.store.logins(account: "anna").isEmpty)
            #expect(try await web.post("/accounts/anna/remove", ["csrf": csrf]).status == 303)
            #expect(try await web.post("/accounts/admin/remove", ["csrf": csrf]).status == 409)
            #expect(try await web.post("/accounts/nobody/end", ["csrf": csrf]).status == 404)
            #expect(try await web.post("/accounts/admin/end", ["csrf": csrf]).status == 303)
            #expect(try await web.get("/accounts").status == 303, "one's own session has ended too")
        }
    }

    @Test(
        "A server whose clock is years ahead or behind has sparklines", arguments: [3 * 365, -56 * 365, 0] as [Int64])
    func sparklines(days: Int64) async throws {
        let fleet = try await fleet()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        for minute in 0..<4 as Range<Int64> {
            let at = fleet.clock.time + .seconds(days * 86_400)
            let sample = SampleAggregate(
                component: ComponentID(.fan, "f1"), signal: Signal("hw.fan.speed"), from: at, through: at, count: 6,
                minimum: 1, maximum: 3, mean: Double(minute))
            try await server.send(.samples([sample]))
            fleet.clock.advance(.seconds(3600))
        }
        try await withWeb(fleet) { web in
            _ = try await web.login()
            #expect(try await web.get("/servers/h1").text.contains("<path d=\"M"))
        }
    }

    @Test("A case is acknowledged and closed with a reason, which stands in its history")
    func decisions() async throws {
        let fleet = try await fleet()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.open(SampleTicket.fault)
        let number = try #require(try await fleet.store.cases(CaseQuery()).first).number
        try await withWeb(fleet) { web in
            _ = try await web.login()
            let csrf = TestWeb.csrf(try await web.get("/cases/\(number)"))
            #expect(try await web.post("/cases/\(number)/close", ["because": "x", "csrf": "forged"]).status == 403)
            #expect(try await web.post("/cases/\(number)/close", ["because": " ", "csrf": csrf]).status == 400)
            #expect(try await fleet.store.findCase(number: number)?.state == .open)
            let acknowledged = try await web.post(
                "/cases/\(number)/acknowledge", ["because": "part is on the way", "csrf": csrf])
            #expect(acknowledged.status == 303)
            #expect(try await fleet.store.findCase(number: number)?.state == .acknowledged)
            #expect(try await web.post("/cases/\(number)/close", ["because": Self.evil, "csrf": csrf]).status == 303)
            let page = try await web.get("/cases/\(number)").text
            #expect(page.contains("part is on the way"))
            #expect(!page.contains("<script>"))
            #expect(page.contains("&lt;script&gt;"))
            for word in ["acknowledge", "close", "replaced", "repaired", "acquitted"] {
                #expect(!page.contains("action=\"/cases/\(number)/\(word)\""), "it is closed")
            }
            #expect(page.contains("action=\"/cases/\(number)/resend\""), "its end can be sent again")
        }
        let found = try #require(try await fleet.store.findCase(number: number))
        #expect(found.state == .closed)
        #expect(found.history.last { $0.kind == .closed }?.by == "admin")
    }

    @Test("Who did what at other collectors is shown, with why it was not applied, and what they wrote is escaped")
    func work() async throws {
        let fleet = try await fleet()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.open(SampleTicket.fault)
        var found = try await fleet.store.theOnlyCase()
        var late = SampleStep.make("z", 1, .acknowledged, after: ["a": 1], why: Self.evil)
        late.place = "Service \(Self.evil)"
        found.work = CaseWork(
            entries: [SampleStep.make("a", 1, .closed, why: "swapped"), late].map { CaseWork.Entry(step: $0) })
        for language in Language.allCases {
            let frame = PageLayout(
                lang: language.rawValue, title: "", account: nil, csrf: "", german: "", english: "",
                isGerman: language == .german, onServers: false, onCases: true, onDelivery: false, onPatterns: false,
                refresh: nil,
                alarms: [])
            let page = CasePage(found, deliveries: [], frame: frame, language: language)
            #expect(page.work.map(\.author).first == "anna-a · place-a")
            #expect(page.work.map { $0.notApplied == nil } == [true, false])
            let text = try ConsoleTemplates().render(page, with: "case")
            #expect(
                text.contains(language("not applied: anna-a at place-a had closed it", "nicht ausgeführt: anna-a bei")))
            #expect(text.contains("swapped"))
            #expect(!text.contains("<script>"))
        }
        let lines = CollectorAPI.CaseDetail(found, deliveries: [], among: []).work
        #expect(lines?.map(\.kind) == ["closed", "acknowledged"])
        #expect(lines?.map(\.notApplied) == [nil, "anna-a at place-a had closed it"])
    }

    @Test(
        "The case page shows what a technician needs, in both languages",
        arguments: [("en", "Bay 3"), ("de", "Einbauort")])
    func casePage(language: String, word: String) async throws {
        let fleet = try await fleet()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        try await server.open(SampleTicket.fault)
        try await withWeb(fleet) { web in
            web.language = language
            _ = try await web.login()
            let number = try #require(try await fleet.store.cases(CaseQuery()).first).number
            let page = try await web.get("/cases/\(number)").text
            for part in [
                word, "ST4000NM0035", "ZC1A2B3C", "1V4107", "24 sectors", "srv-1", number, "lang=\"\(language)\"",
            ] {
                #expect(page.contains(part), "\(part) is missing")
            }
        }
    }

    @Test("A server's pages are found by its name too; another name is answered with the nearest")
    func byName() async throws {
        let fleet = try await fleet()
        _ = try await fleet.enrol("h1", hostname: "srv-1")
        try await withWeb(fleet) { web in
            _ = try await web.login()
            for page in ["", "/blind-spots"] {
                let answer = try await web.get("/servers/srv-1\(page)")
                #expect(answer.status == 303)
                #expect(answer.headers["location"] == "/servers/h1\(page)")
            }
            let other = try await web.get("/servers/srv-2")
            #expect(other.status == 404 && other.text.contains("perhaps srv-1"), "\(other.text)")
        }
    }

    @Test(
        "A test is shown as a test, after what is real, and not as something to plan or to fear",
        arguments: Language.allCases)
    func testCase(language: Language) async throws {
        let fleet = try await fleet()
        let server = try await fleet.enrol("h1", hostname: "srv-1")
        var fault = SampleTicket.fault
        fault.urgency = .watch
        try await server.open(fault)
        let test = try await fleet.store.cases(CaseQuery()).count
        #expect(test == 1)
        try await server.send(.test(TestFault(id: "t1", fault: SampleFault.make("t1", blaming: "sdb"))))
        let number = try #require(try await fleet.store.testRecord(id: "t1")).caseNumber
        try await withWeb(fleet) { web in
            web.language = language.rawValue
            _ = try await web.login()
            let list = try await web.get("/cases").text
            #expect(list.contains("<span class=\"badge test\">Test</span>"))
            let cards = list.components(separatedBy: "<li class=\"card ").dropFirst().map { $0.prefix { $0 != "\"" } }
            #expect(cards == ["watch", "test"])
            #expect(try await web.get("/servers/h1").text.contains("<li class=\"card test\">"))
            let page = try await web.get("/cases/\(number)").text
            #expect(page.contains("<span class=\"badge test\">Test</span>"))
            #expect(page.contains("<p class=\"notice\">") && !page.contains("class=\"alarm\""))
            for text in [list, page] { #expect(!text.contains(language("Plan<", "Einplanen"))) }
            #expect(!page.contains("24 pending sectors</p>"))
        }
    }

    @Test("Whatever a server calls itself and its parts is shown and does nothing")
    func hostile() async throws {
        let fleet = try await fleet()
        let server = try await fleet.enrol("h/../\(Self.evil)", hostname: Self.evil)
        var fault = SampleTicket.fault
        fault.because = Self.evil
        fault.suspects[0].name = Self.evil
        fault.suspects[0].part = Part(
            manufacturer: Self.evil, model: Self.evil, partNumber: Self.evil, serial: Self.evil, firmware: Self.evil,
            location: Self.evil)
        fault.texts = ["en": FaultText(title: Self.evil, description: Self.evil, impact: Self.evil, action: Self.evil)]
        fault.evidence[0].value = Self.evil
        fault.evidence[0].component = ComponentID(rawValue: Self.evil)
        try await server.open(fault)
        try await server.heartbeat([(Self.evil, Self.evil, Self.evil)])
        let component = Component(
            id: ComponentID(rawValue: Self.evil), kind: ComponentKind(rawValue: Self.evil), name: Self.evil,
            part: fault.suspects[0].part)
        try await server.send(.inventory(Inventory(components: [component])))
        try await server.send(
            .samples([
                SampleAggregate(
                    component: component.id, signal: Signal("hw.x", ["l": Self.evil]), from: fleet.clock.time,
                    through: fleet.clock.time, count: 0, state: nil, unavailable: Self.evil)
            ]))
        try await withWeb(fleet) { web in
            _ = try await web.login()
            let number = try #require(try await fleet.store.cases(CaseQuery()).first).number
            let servers = try await web.get("/servers").text
            let link =
                servers.components(separatedBy: "href=\"/servers/").dropFirst().first?.prefix { $0 != "\"" } ?? ""
            for path in ["/servers", "/servers/\(link)", "/cases", "/cases/\(number)", "/delivery"] {
                let answer = try await web.get(path)
                #expect(answer.status == 200, "\(path) answered \(answer.status)")
                #expect(answer.text.contains("&lt;script&gt;") || path == "/delivery")
                #expect(!answer.text.contains("<script"), "\(path) has a script")
                #expect(!answer.text.contains("<img"), "\(path) has an image")
            }
        }
    }

    @Test("Every page forbids scripts, frames and foreign sources, and is not stored")
    func headers() async throws {
        try await withWeb(try await fleet()) { web in
            _ = try await web.login()
            for path in ["/servers", "/cases", "/login", "/cases/CH-NONE", "/servers/none"] {
                let answer = try await web.get(path)
                let policy = answer.headers["content-security-policy"] ?? ""
                #expect(policy.contains("default-src 'none'"))
                #expect(!policy.contains("script"))
                #expect(policy.contains("frame-ancestors 'none'"))
                #expect(answer.headers["x-content-type-options"] == "nosniff")
                #expect(answer.headers["cache-control"] == "no-store")
                #expect(answer.status == (path.contains("one") || path.contains("NONE") ? 404 : 200))
                #expect(!answer.text.contains(" style="))
                #expect(!answer.text.contains("http://"))
            }
        }
    }

    @Test("The language is the browser's until it is switched, and the switch leads nowhere else")
    func languages() async throws {
        try await withWeb(try await fleet()) { web in
            web.language = "de-DE,de;q=0.9"
            #expect(try await web.get("/login").text.contains("Passwort"))
            let answer = try await web.get("/language/en?to=%2Flogin")
            #expect(answer.headers["location"] == "/login")
            #expect(try await web.get("/login").text.contains("Password"))
            for target in [
                "https:%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%0d%0aX-Evil:%201", "%2F%5Cevil.example",
            ] {
                #expect(try await web.get("/language/de?to=\(target)").headers["location"] == "/")
            }
        }
    }

    @Test("Blind spots are ticked and accepted with a reason, shown on the server's page, and taken back")
    func blindSpots() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        let server = try await fleet.enrol("h1", hostname: "vm-1")
        let modes = ["a.one", "a.two"].map { name in
            FailureMode(
                pattern: name, kind: .dimm, titles: ["en": "Title of \(name)", "de": "Titel von \(name)"],
                state: "unseen",
                parts: 1, seen: 0, reasons: [FailureMode.Reason(Advice("ecc.virtual"), count: 1, parts: [])])
        }
        try await server.send(.inventory(Inventory(components: [], failureModes: modes)))
        try await withWeb(fleet) { web in
            _ = try await web.login()
            func text(_ path: String) async throws -> String {
                String(decoding: try await web.get(path).body, as: UTF8.self)
            }
            let path = "/servers/h1/blind-spots"
            #expect(try await text("/servers/h1").contains("href=\"\(path)\""))
            let page = try await web.get(path)
            #expect(!String(decoding: page.body, as: UTF8.self).contains("http-equiv=\"refresh\""))
            let csrf = TestWeb.csrf(page)
            #expect(
                try await web.post("\(path)/accept", ["names[]": "a.one", "because": "x", "csrf": "other"]).status
                    == 403)
            #expect(try await web.post("\(path)/accept", ["because": "x", "csrf": csrf]).status == 400)
            let fields = ["names%5B%5D": "a.one", "because": "a virtual machine <b>", "csrf": csrf]
            let answer = try await web.post("\(path)/accept", fields)
            #expect(answer.status == 303 && answer.headers["location"] == path)
            let shown = try await text("/servers/h1")
            #expect(shown.contains("Accepted as not seen</h3>") && shown.contains("a virtual machine &lt;b&gt;"))
            web.language = "de"
            let german = try await text(path)
            #expect(german.contains("Als nicht zu sehen hingenommen") && german.contains("Titel von a.one"))
            #expect(try await web.post("\(path)/accept", ["all": "true", "because": "x", "csrf": csrf]).status == 303)
            #expect(try await fleet.store.blindSpots(host: "h1").allSatisfy { $0.acceptance?.by == "admin" })
            let back = ["names[]": "a.two", "because": "x", "csrf": csrf]
            #expect(try await web.post("\(path)/withdraw", back).status == 303)
            let left = try await fleet.store.blindSpots(host: "h1").filter { $0.acceptance != nil }
            #expect(left.map(\.name) == ["a.one"])
        }
    }

    @Test("Every word that a template names exists, and no template writes unescaped")
    func words() {
        for (name, text) in ConsoleTemplates.all {
            for piece in text.components(separatedBy: "{{w.").dropFirst() {
                let word = String(piece.prefix { $0 != "}" })
                #expect(ConsoleStrings.words[word] != nil, "\(name) names \(word)")
            }
            #expect(!text.contains("{{{"))
            #expect(!text.contains("{{&"))
        }
    }
}
