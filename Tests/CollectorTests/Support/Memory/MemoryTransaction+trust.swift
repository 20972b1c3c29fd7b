import Reports

@testable import Collector

/// Tokens, keys, sites, partners and logins.
extension MemoryTransaction {
    func token(id: String) throws -> IssuedToken? { ledger.tokens[id] }

    func tokens(_ purpose: IssuedToken.Purpose?) throws -> [IssuedToken] {
        ledger.tokens.values.filter { purpose == nil || $0.purpose == purpose }.sorted { one, other in
            one.createdAt == other.createdAt ? one.id < other.id : one.createdAt > other.createdAt
        }
    }

    func save(_ token: IssuedToken) throws { ledger.tokens[token.id] = token }

    func agentKey(id: String) throws -> AgentKey? { ledger.keys[id] }

    func save(_ key: AgentKey) throws { ledger.keys[key.key.id] = key }

    func revokeKeys(host: HostID, because: String, at time: Timestamp) throws {
        for (id, key) in ledger.keys where key.host == host && key.revokedAt == nil {
            var revoked = key
            (revoked.revokedAt, revoked.revokedBecause) = (time, because)
            ledger.keys[id] = revoked
        }
    }

    // MARK: Tickets of others

    func acceptance(sender: String, ticketID: String) throws -> String? {
        ledger.acceptances[.init(sender, ticketID)]?.number
    }

    func saveAcceptance(sender: String, ticketID: String, caseNumber: String, at time: Timestamp) throws {
        ledger.acceptances[.init(sender, ticketID)] = MemoryLedger.Acceptance(number: caseNumber, time: time)
    }

    func pairedSite(id: String) throws -> PairedSite? { ledger.sites[id] }

    func save(_ site: PairedSite) throws { ledger.sites[site.id] = site }

    func siteIDs() throws -> [String] { ledger.sites.keys.sorted() }

    func pairedSites() throws -> [PairedSite] { ledger.sites.values.sorted { $0.id < $1.id } }

    func pairedSite(keyID: String) throws -> PairedSite? { ledger.sites.values.first { $0.key.id == keyID } }

    func partnerTrust(recipient: String) throws -> PartnerTrust? { ledger.partners[recipient] }

    func save(_ trust: PartnerTrust) throws { ledger.partners[trust.recipient] = trust }

    // MARK: Accounts

    func account(name: String) throws -> Account? { ledger.accounts[name] }

    func accounts() throws -> [Account] { ledger.accounts.values.sorted { $0.name < $1.name } }

    func save(_ account: Account) throws { ledger.accounts[account.name] = account }

    func deleteAccount(name: String) throws { ledger.accounts[name] = nil }

    func accessToken(hash: String) throws -> AccessToken? { ledger.logins[hash] }

    func accessTokens(account: String?) throws -> [AccessToken] {
        ledger.logins.values.filter { account == nil || $0.account == account }.sorted { one, other in
            one.createdAt == other.createdAt ? one.hash < other.hash : one.createdAt > other.createdAt
        }
    }

    func save(_ token: AccessToken) throws { ledger.logins[token.hash] = token }

    func deleteAccessToken(hash: String) throws { ledger.logins[hash] = nil }

    func deleteAccessTokens(account: String) throws {
        ledger.logins = ledger.logins.filter { $0.value.account != account }
    }
}
