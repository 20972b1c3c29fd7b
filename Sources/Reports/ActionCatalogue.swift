/// The mends that a fault may ask for, as codes: what other systems decide by. A new one is one line here.
public enum ActionCatalogue {
    /// Codes that mean to exchange a part.
    public static let exchanges: [String] = [
        "find-and-replace-module", "replace-cache-battery", "replace-disk", "replace-fan", "replace-now",
        "replace-planned", "reseat-then-replace",
    ]

    /// Codes of everything else.
    public static let others: [String] = [
        "add-spare", "back-up-now", "call-for-help", "check-array", "check-backplane", "check-cable",
        "check-controller",
        "check-cooling", "check-cover", "check-disk", "check-disks", "check-mains", "check-mounting",
        "check-power-cord",
        "check-power-saving", "check-power-supply", "check-processor-socket", "check-riser", "check-server",
        "check-the-room", "check-ups", "clean-air-way", "clean-fibre", "clear-event-log", "cool-the-room",
        "find-module",
        "look-after-check", "none", "reduce-load", "reseat-card", "reseat-module", "reset-gpu",
        "restart-for-self-repair", "restart-management", "restart-program", "restore-files", "retire-page",
        "run-self-test", "start-backup", "start-learn-cycle", "start-scrub", "test-ups", "update-firmware", "watch",
    ]

    public static let all: [String] = (exchanges + others).sorted()
}
