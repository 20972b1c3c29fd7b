import Reports
import Testing

@testable import Collector

@Suite("Who may guess a password")
struct LoginLimitTests {
    private let start = SampleTicket.time

    @Test("Ten wrong passwords of one name are tried, the eleventh waits until the first is 15 minutes old")
    func name() {
        var limit = LoginLimit()
        for index in 0..<10 {
            #expect(limit.wait(name: "admin", peer: "p\(index)", at: start) == nil)
            limit.failed(name: "admin", peer: "p\(index)", at: start)
        }
        #expect(limit.wait(name: "admin", peer: "x", at: start) == LoginLimit.window)
        #expect(limit.wait(name: "other", peer: "x", at: start) == nil)
        #expect(limit.wait(name: "admin", peer: "x", at: start + LoginLimit.window) == nil)
    }

    @Test("One address cannot try many names")
    func peer() {
        var limit = LoginLimit()
        for index in 0..<20 { limit.failed(name: "n\(index)", peer: "p", at: start) }
        #expect(limit.wait(name: "fresh", peer: "p", at: start) != nil)
        #expect(limit.wait(name: "fresh", peer: "q", at: start) == nil)
    }

    @Test("The memory of failures is bounded")
    func bounded() {
        var limit = LoginLimit()
        for index in 0..<12_000 { limit.failed(name: "n\(index)", peer: "p", at: start + .milliseconds(index)) }
        #expect(limit.wait(name: "n11999", peer: "q", at: start + .seconds(12)) == nil)
        #expect(
            Mirror(reflecting: limit).children.first.map { ($0.value as? [String: [Timestamp]])?.count ?? 0 } ?? 0
                <= 10_001)
    }
}

@Suite("Logins and tokens")
struct LoginDeskTests {
    @Test("A token stands for its account until it is given back, and only as what it was made for")
    func tokens() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        let authenticator = Authenticator(store: fleet.store)
        let time = fleet.clock.time
        let admission = try await authenticator.login(
            name: "admin", password: "correct horse battery", peer: "p", as: .api, note: "laptop", at: time)
        #expect(try await authenticator.account(secret: admission.secret, kind: .api, at: time) == "admin")
        #expect(try await authenticator.account(secret: admission.secret, kind: .session, at: time) == nil)
        #expect(try await authenticator.account(secret: admission.secret, kind: .api, at: admission.expiresAt) == nil)
        #expect(try await authenticator.account(secret: "", kind: .api, at: time) == nil)
        try await authenticator.logout(secret: admission.secret)
        #expect(try await authenticator.account(secret: admission.secret, kind: .api, at: time) == nil)
    }

    @Test("A volley of guesses at the same moment is limited like any other")
    func volley() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        let authenticator = Authenticator(store: fleet.store)
        let time = fleet.clock.time
        let refusals = await withTaskGroup(of: Authenticator.Refusal?.self) { group in
            for index in 0..<30 {
                group.addTask {
                    do throws(Authenticator.Refusal) {
                        _ = try await authenticator.login(
                            name: "admin", password: "wrong \(index)", peer: "p", as: .session, note: "", at: time)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(refusals.count { $0 == .wrong } == LoginLimit.failuresPerName)
    }
}

@Suite("Accounts")
struct AccountsTests {
    @Test("A login that is not there is made only where that is asked for, and the nearest ones are named")
    func unknown() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        let accounts = Accounts(store: fleet.store)
        let time = fleet.clock.time
        let typo = await #expect(throws: StoreError.self) {
            try await accounts.reset("admim", creating: false, at: time)
        }
        #expect(typo?.description == "there is no login admim; perhaps admin. To make it, give --create too")
        let far = await #expect(throws: StoreError.self) {
            try await accounts.reset("jensen", creating: false, at: time)
        }
        #expect(far?.description.contains("the logins are admin. To make it") == true)
        #expect(try await fleet.store.accounts().map(\.name) == ["admin"])

        let password = try await accounts.reset("jensen", creating: true, at: time)
        #expect(Password.verify(password, against: try await fleet.store.account(name: "jensen")?.passwordHash ?? ""))
        let before = try await fleet.store.account(name: "jensen")
        await #expect(throws: StoreError.self) { try await accounts.reset("jensen", creating: true, at: time) }
        #expect(try await fleet.store.account(name: "jensen") == before)
        #expect(try await accounts.reset("jensen", creating: false, at: time) != password)
        #expect(try await fleet.store.account(name: "jensen") != before)
    }
}
