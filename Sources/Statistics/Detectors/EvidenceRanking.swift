/// Which of several signals have enough evidence, so that all of them together keep to one budget of false alarms.
public enum EvidenceRanking {
    /// What a signal alone needs: ln(K A) for K signals and a budget of ln A.
    public static func threshold(signals: Int, logBudget: Double) -> Double {
        logBudget + Libm.log(Double(max(1, signals)))
    }

    /// What each signal needs now: ln(K A / k), with the largest k for which k signals have that much.
    ///
    /// Whenever it lets a signal pass, the mean of all evidence is at least A, and a mean of e-detectors is one: so the
    /// mean time to the first false alarm of all is at least A, however the signals depend on each other.
    ///
    /// - Source: e-BH of Wang, Ramdas: "False discovery rate control with e-values", JRSS-B 84(3), 2022.
    public static func threshold(_ logEvidence: [Double], logBudget: Double) -> Double {
        let alone = threshold(signals: logEvidence.count, logBudget: logBudget)
        let sorted = logEvidence.sorted(by: >)
        for (place, value) in sorted.enumerated().reversed() {
            let needed = alone - Libm.log(Double(place + 1))
            if value >= needed { return needed }
        }
        return alone
    }
}
