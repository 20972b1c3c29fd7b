import Reports

extension CollectorStore {
    /// The enrolled server that a person means: by host id, else by host name.
    /// - Throws: `notFound` with the names that come near; `conflict` with the ids where several are called so.
    func server(named name: String) async throws(StoreError) -> Server {
        if let server = try await server(host: name) { return server }
        let servers = try await servers()
        let shown = CleanText.line(name, limit: 80)
        let called = servers.filter { $0.hostname == name }
        guard called.count <= 1 else {
            let ids = called.map(\.host).sorted().prefix(10).map { CleanText.line($0, limit: 80) }
            throw .conflict(
                because: "\(called.count) servers are called \(shown): name one by its id: "
                    + ids.joined(separator: ", "))
        }
        if let server = called.first { return server }
        let near = Wording.near(name, among: servers.map(\.hostname)).map { CleanText.line($0, limit: 80) }
        throw .notFound(
            what: "server \(shown)"
                + (near.isEmpty
                    ? "; `callhome servers list` names them" : "; perhaps \(near.joined(separator: " or "))"))
    }
}
