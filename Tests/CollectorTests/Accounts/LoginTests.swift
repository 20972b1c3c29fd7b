import Dispatch
import Foundation
import Reports
import Testing

@testable import Collector

@Suite("Who may guess a password")
struct LoginLimitTests {
    private let start = SampleTicket.time

    @Test(
        "Ten wrong passwords of one name from one address are tried, the eleventh waits until the first is 15 min old")
    func name() {
        var limit = LoginLimit()
        for _ in 0..<10 {
            #expect(limit.wait(name: "admin", peer: "p", at: start) == nil)
            limit.failed(name: "admin", peer: "p", at: start)
        }
        #expect(limit.wait(name: "admin", peer: "p", at: start) == LoginLimit.window)
        #expect(limit.wait(name: "other", peer: "p", at: start) == nil)
        #expect(limit.wait(name: "admin", peer: "p", at: start + LoginLimit.window) == nil)
    }

    @Test("However many guess at one name elsewhere, whoever knows its password comes in from here")
    func nobodyLocksOut() {
        var limit = LoginLimit()
        for index in 0..<1_000 { limit.failed(name: "admin", peer: "198.51.100.\(index % 50)", at: start) }
        #expect(limit.wait(name: "admin", peer: "192.0.2.1", at: start) == nil)
        #expect(limit.wait(name: "admin", peer: "198.51.100.7", at: start) != nil)
        limit.succeeded(name: "admin", peer: "192.0.2.1")
        #expect(limit.wait(name: "admin", peer: "198.51.100.7", at: start) != nil, "another's success frees no guesser")
    }

    @Test("The addresses of one IPv6 network are one asker's; IPv4 ones are each their own, mapped or not")
    func networks() {
        var limit = LoginLimit()
        for index in 0..<20 { limit.failed(name: "n\(index)", peer: "2001:db8:1:2::\(index)", at: start) }
        #expect(limit.wait(name: "x", peer: "2001:db8:1:2:ffff:1:2:3", at: start) != nil)
        #expect(limit.wait(name: "x", peer: "2001:db8:1:3::1", at: start) == nil)
        for (address, network) in [
            ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("::1", "0:0:0:0"),
            ("fe80::1%eth0", "fe80:0:0:0"), ("2001:db8::", "2001:db8:0:0"), ("1:2:3:4:5:6:7:8", "1:2:3:4"),
            ("1::8", "1:0:0:0"), ("local socket", "local socket"),
        ] { #expect(LoginLimit.network(address) == network, "\(address)") }
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

    @Test("A new password ends every session and token of its account, also one that was being given; of no other's")
    func newPassword() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        let time = fleet.clock.time
        let accounts = Accounts(store: fleet.store)
        try await accounts.set("other", password: "another password", at: time)
        let authenticator = Authenticator(store: fleet.store)
        func login(_ name: String, _ password: String, _ kind: AccessToken.Kind) async throws -> String {
            try await authenticator.login(name: name, password: password, peer: "p", as: kind, note: "", at: time)
                .secret
        }
        let session = try await login("admin", "correct horse battery", .session)
        let token = try await login("admin", "correct horse battery", .api)
        let others = try await login("other", "another password", .session)
        let before = try #require(try await fleet.store.account(name: "admin"))
        // The same hash again is no new password.
        try await fleet.store.save(before)
        #expect(try await authenticator.account(secret: session, kind: .session, at: time) == "admin")
        _ = try await accounts.reset("admin", creating: false, at: time)
        #expect(try await authenticator.account(secret: session, kind: .session, at: time) == nil)
        #expect(try await authenticator.account(secret: token, kind: .api, at: time) == nil)
        #expect(try await authenticator.account(secret: others, kind: .session, at: time) == "other")
        // Whose old password was right a moment before the change gets no login by it.
        let late = AccessToken(
            hash: "late", kind: .session, account: "admin", note: "", createdAt: time, expiresAt: time + .seconds(60))
        await #expect(throws: StoreError.self) { try await fleet.store.save(late, ofLogin: before) }
        #expect(try await fleet.store.accessToken(hash: "late") == nil)
    }

    @Test("Passwords are computed beside the program: however many are, its tasks get their turn")
    func beside() async {
        let queue = PasswordQueue()
        let (count, gate) = (2 * ProcessInfo.processInfo.activeProcessorCount + 2, DispatchSemaphore(value: 0))
        await withTaskGroup(of: Bool.self) { group in
            for turn in 0..<count {
                // Each waits until a task of the program has let it go on: on one of its threads it would wait in vain.
                group.addTask {
                    await queue.run(turn) { gate.wait(timeout: .now() + .seconds(120)) == .success }
                }
            }
            group.addTask {
                for _ in 0..<count {
                    await Task.yield()
                    gate.signal()
                }
                return true
            }
            for await isDone in group { #expect(isDone) }
        }
    }

    @Test("Beyond the limit of passwords that wait to be computed one is asked to come again")
    func mostPending() async throws {
        let fleet = try await TestFleet()
        let authenticator = Authenticator(store: fleet.store, mostPending: 2)
        let time = fleet.clock.time
        let outcomes = await withTaskGroup(of: Authenticator.Refusal?.self) { group in
            for index in 0..<30 {
                group.addTask {
                    do throws(Authenticator.Refusal) {
                        _ = try await authenticator.login(
                            name: "n\(index)", password: "wrong", peer: "10.0.0.\(index)", as: .session, note: "",
                            at: time)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: [Authenticator.Refusal?]()) { $0.append($1) }
        }
        #expect(outcomes.contains(.wait(.seconds(10))))
        #expect(outcomes.count { $0 == .wrong } >= 2)
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

    @Test("Logins are listed, ended one by one or all, and removed with their account; the last account stays")
    func listed() async throws {
        let fleet = try await TestFleet()
        try await fleet.addAdmin()
        let accounts = Accounts(store: fleet.store)
        let time = fleet.clock.time
        try await accounts.set("anna", password: "another password", at: time)
        let authenticator = Authenticator(store: fleet.store)
        for kind in [AccessToken.Kind.session, .api, .api] {
            _ = try await authenticator.login(
                name: "anna", password: "another password", peer: "p", as: kind, note: "laptop", at: time)
        }
        let lines = try await accounts.list(at: time)
        #expect(lines.map(\.account.name) == ["admin", "anna"])
        #expect(lines.map(\.logins.count) == [0, 3])
        #expect(try await accounts.list(at: time + Authenticator.sessionLifetime).map(\.logins.count) == [0, 2])
        let first = try #require(lines.last?.logins.first)
        #expect(try await accounts.endLogins(of: "anna", id: first.id) == 1)
        await #expect(throws: StoreError.self) { try await accounts.endLogins(of: "anna", id: first.id) }
        await #expect(throws: StoreError.self) { try await accounts.endLogins(of: "anna", id: "") }
        await #expect(throws: StoreError.self) { try await accounts.endLogins(of: "admin", id: first.id) }
        #expect(try await accounts.endLogins(of: "anna", id: nil) == 2)
        let unknown = await #expect(throws: StoreError.self) { try await accounts.remove("ana") }
        #expect(unknown?.description.contains("perhaps anna") ?? false)
        try await accounts.remove("anna")
        #expect(try await fleet.store.account(name: "anna") == nil)
        await #expect(throws: StoreError.self) { try await accounts.remove("admin") }
        #expect(try await fleet.store.accounts().map(\.name) == ["admin"])
    }
}
