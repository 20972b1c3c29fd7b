import Reports
import Testing

@Suite("Names of places on a board")
struct PlaceNameTests {
    @Test(
        "Two names of one place agree, and those of two places do not",
        arguments: [
            ("DIMM_A1", "DIMM A1", true), ("DIMM_A1", "dimm-a1", true), ("DIMM_A1", "CPU1_DIMM_A1", true),
            ("A1", "DIMMA1", true), ("A1", "P1-DIMMA1", true), ("DIMM_A1", "P1-DIMMA1", true),
            ("DIMM_A1", "DIMM_B1", false), ("DIMM_A1", "DIMM_A11", false), ("A1", "DIMM_AA1", false),
            ("DIMM 0", "DIMM 10", false), ("0", "DIMM 10", false), ("CPU1_DIMM_A1", "CPU2_DIMM_A1", false),
            ("", "A1", false),
            ("#", "#", false), ("DIMM 3", "DIMM_A1", false),
        ])
    func agree(one: String, other: String, agree: Bool) {
        #expect(PlaceName.agree(one, other) == agree)
        #expect(PlaceName.agree(other, one) == agree)
    }
}
