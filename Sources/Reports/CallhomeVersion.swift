/// The version of all that this repository makes: programs, packages, manual pages, and the pattern pack that is shipped.
///
/// Nothing else states it: `packaging/version.py` reads this file, and the newest entry of CHANGELOG.md has to bear it.
public enum CallhomeVersion {
    public static let current = "0.1.0"
}
