import Foundation
import Reports
import Testing

@Suite("What stands, in short")
struct StandingFaultsTests {
    @Test("The digest is that of the sorted lines, whatever the order, and differs by any fault and any stamp")
    func digest() {
        let (a, b) = (FaultID(rawValue: "a"), FaultID(rawValue: "b"))
        // printf 'a 1\nb 12\n' | sha256sum
        #expect(StandingFaults.digest(of: [b: 12, a: 1]) == "c10e39d16166dde55f2c41f92eca597a")
        #expect(StandingFaults.digest(of: [:]) == "e3b0c44298fc1c149afbf4c8996fb924")
        let digests = [[a: 1, b: 12], [a: 1, b: 13], [a: 1], [b: 12], [:]].map(StandingFaults.digest)
        #expect(Set(digests).count == digests.count)
    }
}
