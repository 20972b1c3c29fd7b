import Testing

@testable import Collector

@Suite("Servers as people name them")
struct ServerNameTests {
    @Test("An id goes before a host name, and both find the server")
    func found() async throws {
        let fleet = try await TestFleet()
        _ = try await fleet.enrol("h1", hostname: "srv-alpha")
        _ = try await fleet.enrol("h2", hostname: "h1")
        #expect(try await fleet.store.server(named: "h1").host == "h1")
        #expect(try await fleet.store.server(named: "srv-alpha").host == "h1")
    }

    @Test("A name that is nobody's is refused with the nearest ones, else with the command that lists them")
    func typo() async throws {
        let fleet = try await TestFleet()
        _ = try await fleet.enrol("h1", hostname: "srv-alpha")
        await #expect(throws: StoreError.notFound(what: "server srv-aplha; perhaps srv-alpha")) {
            try await fleet.store.server(named: "srv-aplha")
        }
        await #expect(throws: StoreError.notFound(what: "server zzzzzzzz; `callhome servers list` names them")) {
            try await fleet.store.server(named: "zzzzzzzz")
        }
    }

    @Test("A name of several servers is refused with their ids: neither is taken for the other")
    func ambiguous() async throws {
        let fleet = try await TestFleet()
        for host in ["h3", "h4"] { _ = try await fleet.enrol(host, hostname: "twin") }
        await #expect(throws: StoreError.conflict(because: "2 servers are called twin: name one by its id: h3, h4")) {
            try await fleet.store.server(named: "twin")
        }
    }
}
