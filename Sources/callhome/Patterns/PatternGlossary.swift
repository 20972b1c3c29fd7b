import FaultPatterns
import Reports

/// The words of patterns for people who do not write them: a line each.
enum PatternGlossary {
    static func words(ofStatus status: String) -> String {
        switch Pattern.Status(rawValue: status) {
        case .draft?: "being written; in no pack"
        case .shadow?: "on trial: shown as inform, whatever urgency it says"
        case .active?: "in use: its faults have the urgency that it says"
        case .retired?: "withdrawn; in no pack"
        case nil: "not known to this version"
        }
    }

    static func words(ofEvidence grade: String) -> String {
        switch Pattern.EvidenceGrade(rawValue: grade) {
        case .fieldData?: "its numbers are measured on field data"
        case .standard?: "its numbers are a standard's, a vendor's or a shipping default's"
        case .estimate?: "its numbers are an engineer's estimate"
        case nil: "not known to this version"
        }
    }

    static func words(of urgency: Urgency) -> String {
        switch urgency {
        case .inform: "it is shown"
        case .watch: "it is shown and tracked"
        case .plan: "a ticket: the part is replaced at the next visit"
        case .order: "a ticket: the part is sent now"
        }
    }

    static let certainty =
        "Certainty: how likely each is to be to blame; what they lack of 100 % is that it is something else."
    static let holdsFor = "`for`: so long the condition must hold before the fault opens."
    static let clear =
        "`clear`: until then the fault stays open, even where its condition no longer holds; its urgency never falls."
}
