import Reports

extension CollectorStore {
    /// A sign of life that is not numbered.
    func recordSiteHeartbeat(site: String, interval: Int, at time: Timestamp) async throws(StoreError) {
        try await recordSiteHeartbeat(SiteHeartbeat(site: site, interval: interval), at: time)
    }
}
