import Reports

/// Who may log in, and with what.
extension CollectorStore {
    func account(name: String) async throws(StoreError) -> Account? {
        try await read("reading an account") { try $0.account(name: name) }
    }

    func accounts() async throws(StoreError) -> [Account] {
        try await read("listing accounts") { try $0.accounts() }
    }

    /// Another password ends every login of the account, in the same transaction.
    func save(_ account: Account) async throws(StoreError) {
        try await transaction("saving an account") { transaction in
            let known = try transaction.account(name: account.name)
            try transaction.save(account)
            // Whoever knows the old password, or took a login by it, is out.
            guard known?.passwordHash != account.passwordHash else { return }
            try transaction.deleteAccessTokens(account: account.name)
        }
    }

    /// Removes the account with its logins.
    /// - Throws: `conflict` where it is the only one.
    func removeAccount(name: String) async throws(StoreError) {
        try await transaction("removing an account") { transaction in
            guard try transaction.accounts().contains(where: { $0.name != name }) else {
                throw StoreError.conflict(
                    because: "\(name) is the only login: make another one first, or nobody could come in any more")
            }
            try transaction.deleteAccessTokens(account: name)
            try transaction.deleteAccount(name: name)
        }
    }

    func save(_ token: AccessToken) async throws(StoreError) {
        try await transaction("saving an access token") { try $0.save(token) }
    }

    /// - Parameter account: as it was when its password was checked.
    /// - Throws: `conflict` where it has changed since.
    func save(_ token: AccessToken, ofLogin account: Account) async throws(StoreError) {
        try await transaction("saving a login") { transaction in
            guard try transaction.account(name: account.name)?.passwordHash == account.passwordHash else {
                throw StoreError.conflict(because: "the password of \(account.name) was changed just now")
            }
            try transaction.save(token)
        }
    }

    /// Sessions and API tokens, newest first.
    func logins(account: String) async throws(StoreError) -> [AccessToken] {
        try await read("listing logins") { try $0.accessTokens(account: account) }
    }

    func accessToken(hash: String) async throws(StoreError) -> AccessToken? {
        try await read("reading an access token") { try $0.accessToken(hash: hash) }
    }

    /// API tokens, newest first.
    func accessTokens(account: String) async throws(StoreError) -> [AccessToken] {
        try await read("listing access tokens") { try $0.accessTokens(account: account).filter { $0.kind == .api } }
    }

    func deleteAccessToken(hash: String) async throws(StoreError) {
        try await transaction("deleting an access token") { try $0.deleteAccessToken(hash: hash) }
    }
}
