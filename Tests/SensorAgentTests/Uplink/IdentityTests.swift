import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("The agent's identity on disk")
struct IdentityTests {
    @Test("The key is made once and kept, in a file that only the agent may read")
    func keyIsKept() throws {
        let directory = try ScratchDirectory()
        let file = IdentityFile(directory: directory.path)
        #expect(try file.load() == nil)
        let made = try file.loadOrMake(host: "h1")
        #expect(try file.loadOrMake(host: "other") == made)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("An enrolment comes back whole, and replaces the file as a whole")
    func enrolment() throws {
        let directory = try ScratchDirectory()
        let file = IdentityFile(directory: directory.path)
        var identity = try file.loadOrMake(host: "h1")
        identity.host = "h2"
        identity.enrolment = Identity.Enrolment(
            certificate: "c", ca: "ca", collectorKey: SigningKey().publicKey, epoch: 3, collectors: ["https://a"])
        // A temporary file of a run that was killed is in the way of nothing.
        try Data("rubbish".utf8).write(to: URL(filePath: file.path + ".new"))
        try file.save(identity)
        #expect(try file.load() == identity)
        #expect(try identity.key.publicKey == file.load()?.key.publicKey)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["identity.json"])
    }

    @Test(
        "A damaged identity is an error, never a new key",
        arguments: ["", "{}", "{\"host\":\"h\",\"keySeed\":\"AA==\"}"])
    func damaged(_ text: String) throws {
        let directory = try ScratchDirectory()
        let file = IdentityFile(directory: directory.path)
        try Data(text.utf8).write(to: URL(filePath: file.path))
        let error = #expect(throws: IdentityError.self) { try file.loadOrMake(host: "h1") }
        #expect(error?.description.contains("--replace") == true)
        #expect(try Data(contentsOf: URL(filePath: file.path)) == Data(text.utf8))
    }

    @Test("A directory that is not there is said to be the matter")
    func noDirectory() throws {
        let file = IdentityFile(directory: "/nowhere/callhome")
        let error = #expect(throws: IdentityError.self) { try file.loadOrMake(host: "h1") }
        #expect(error?.description.contains("/nowhere/callhome/identity.json") == true)
    }

    @Test("Only a base address with https is a collector's")
    func addresses() {
        #expect(CollectorAddress("https://c.example:8443/")?.url("/v1/ca") == "https://c.example:8443/v1/ca")
        for text in ["https://c", "https://[::1]:8443", "https://[::1]", "https://192.0.2.1:443", "https://c:1/site"] {
            #expect(CollectorAddress(text)?.base == text)
        }
        for text in [
            "http://c", "https://", "c.example", "https://c/?x", "https://c/#x", "https://u:p@c", "https://c d",
            "https://ü", "https://c:99999", "https://c:0", "https://c:8443x", "https://c:", "https://:8443",
            "https://c:1:2",
        ] {
            #expect(CollectorAddress(text) == nil, "\(text)")
        }
    }

    @Test("A certificate is taken alone out of its text; what is none is refused")
    func certificates() throws {
        let text = "Subject: x\r\n-----BEGIN CERTIFICATE-----\r\nAAEC\r\n AwQ= \r\n-----END CERTIFICATE-----\r\ntail"
        let certificate = try #require(CertificateText(text))
        #expect(certificate.der == Data([0, 1, 2, 3, 4]))
        #expect(certificate.pem == "-----BEGIN CERTIFICATE-----\nAAECAwQ=\n-----END CERTIFICATE-----\n")
        #expect(certificate.fingerprint == "08bb5e5d6eaac1049ede0893d30ed022b1a4d9b5b48db414871f51c9cb35283d")
        let end = "-----END CERTIFICATE-----"
        for text in [
            "", "-----BEGIN CERTIFICATE-----", end, "-----BEGIN CERTIFICATE-----\n\(end)",
            "-----BEGIN CERTIFICATE-----\n%%\n\(end)",
        ] {
            #expect(CertificateText(text) == nil)
        }
    }
}
