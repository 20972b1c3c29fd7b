import Foundation
import PatternChannel
import Reports
import Testing

@Suite("Forms of a channel's files")
struct FormTests {
    @Test("Canonical JSON is that of securesystemslib: names by code point, nothing escaped but quote and backslash")
    func canonical() throws {
        let value = try MetadataValue(
            json: Data(#" {"b": [1, -2, true, null, []], "a\"\\": "\u00e9\ud83d\ude00\n\/", "é": {}, "Z": 0} "#.utf8))
        #expect(
            value.canonical == Data("{\"Z\":0,\"a\\\"\\\\\":\"é😀\n/\",\"b\":[1,-2,true,null,[]],\"é\":{}}".utf8))
        #expect(try MetadataValue(json: value.json) == value)
        #expect(String(decoding: value.json, as: UTF8.self).contains(#"😀\u000a/"#))
    }

    @Test(
        "What has no canonical form, two meanings or no end is no metadata",
        arguments: [
            "1.5", "1e3", "-0", "007", "9223372036854775808", #"{"a":1,"a":2}"#, #"{"\u00e9":1,"é":2}"#, "[1,]", "{,}",
            #"{"a":1"#, "[", "", "nul", "[1] 2", #""\ud83d""#, #""\x""#, "\"\u{1}\"", #"{a:1}"#, "\"",
        ])
    func refused(text: String) {
        #expect(throws: MetadataProblem.self) { try MetadataValue(json: Data(text.utf8)) }
    }

    @Test("Depth and number of values are bounded, at the limit and one past it")
    func bounded() throws {
        func nested(_ depth: Int) -> Data {
            Data((String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)).utf8)
        }
        #expect(throws: Never.self) { try MetadataValue(json: nested(ChannelLimits.depth)) }
        #expect(throws: MetadataProblem.self) { try MetadataValue(json: nested(ChannelLimits.depth + 1)) }
        func many(_ count: Int) -> Data {
            Data(("[" + Array(repeating: "0", count: count - 1).joined(separator: ",") + "]").utf8)
        }
        #expect(throws: Never.self) { try MetadataValue(json: many(ChannelLimits.values)) }
        #expect(throws: MetadataProblem.self) { try MetadataValue(json: many(ChannelLimits.values + 1)) }
    }

    @Test("Keys have the names and the files that securesystemslib and openssl give them")
    func keys() throws {
        let seed = Data(0..<32)
        let key = try SigningKey(seed: seed)
        // python3: CryptoSigner of Ed25519PrivateKey.from_private_bytes(bytes(range(32))), its key id and PEM.
        #expect(
            ChannelKey(key.publicKey).id == "63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9")
        let pem = String(decoding: KeyFile.pem(of: key), as: UTF8.self)
        #expect(
            pem
                == "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n"
        )
        #expect(try KeyFile.signingKey(pem: KeyFile.pem(of: key)).seed == seed)
        #expect(try KeyFile.verifyingKey(pem: KeyFile.pem(of: key.publicKey)) == key.publicKey)
        #expect(throws: KeyFileError.notPrivate) { try KeyFile.signingKey(pem: KeyFile.pem(of: key.publicKey)) }
        #expect(throws: KeyFileError.notPublic) { try KeyFile.verifyingKey(pem: KeyFile.pem(of: key)) }
    }

    @Test("An archive gives back what it took, byte for byte, and the same files give the same archive")
    func archive() throws {
        let hash = String(repeating: "0f", count: 32)
        let name = String(repeating: "n", count: ChannelLimits.nameBytes)
        let files = [
            ChannelFile(path: "metadata/timestamp.json", bytes: Data("{}".utf8)),
            ChannelFile(path: "targets/\(hash).\(name)", bytes: Data(count: 1_025)),
            ChannelFile(path: "metadata/1.root.json", bytes: Data()),
        ]
        let tar = ChannelArchive(files).tar
        #expect(tar == ChannelArchive(files.reversed()).tar && tar.count % 512 == 0)
        let read = try ChannelArchive(tar: tar)
        #expect(read.files == Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0.bytes) }))
    }

    @Test("An archive with a bad sum, an escaping name, a link, a file twice or a file cut off is none")
    func badArchive() throws {
        let good = ChannelArchive([ChannelFile(path: "metadata/timestamp.json", bytes: Data("{}".utf8))]).tar
        #expect(throws: Never.self) { try ChannelArchive(tar: good) }
        var flipped = good
        flipped[0] ^= 1
        var link = good
        link[156] = UInt8(ascii: "2")
        link[148 + 5] = good[148 + 5] + 2
        let escaping = ChannelArchive([ChannelFile(path: "metadata/../x", bytes: Data("{}".utf8))]).tar
        let elsewhere = ChannelArchive([ChannelFile(path: "etc/passwd", bytes: Data("{}".utf8))]).tar
        let twice = good.prefix(1_024) + good
        for bad in [
            flipped, link, escaping, elsewhere, Data(twice), Data(good.prefix(512)), Data(), Data(count: 1_024),
        ] {
            #expect(throws: ArchiveProblem.self) { try ChannelArchive(tar: bad) }
        }
    }
}
