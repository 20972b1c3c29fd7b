import Crypto
public import FoundationEssentials

/// SHA-256 (FIPS 180-4) of bytes, for names that follow from content.
public enum ContentHash {
    /// 64 lower-case hexadecimal digits.
    public static func sha256(_ data: Data) -> String { SHA256.hash(data: data).hexadecimal }
}
