extension EvidenceDetector {
    /// Events of a window that is as good as endless: more of the same shares add nothing to its evidence.
    private static let endless = 1e7

    /// ln of the most evidence that a change of the given PSI can come to, however long it lasts: a baseline that is
    /// known as from few events allows for large differences by chance.
    ///
    /// If that is below the threshold, the reference is too small, or wobbles too much, for such a change ever to be
    /// told from it. The change is one of location, or for cells without order, one that moves them by rank in the same
    /// way; only the baseline that never changes counts, and only the longest window.
    ///
    /// - Parameter effect: PSI, more than 0.
    public func logEvidenceLimit(effect: Double) -> Double {
        let total = reference.reduce(0) { $0 + Double($1) } + Double(reference.count) / 2
        let shares = reference.map { (Double($0) + 0.5) / total }
        let directed = orderedCount > 1 ? orderedCount : reference.count
        let scores = EvidenceTest.directions(shares, orderedCount: directed).place
        guard scores.contains(where: { $0 != 0 }) else { return -.infinity }
        var (low, high) = (0.0, 1.0)
        while Self.stability(shares, scores, strength: high) < effect, high < 32 { high *= 2 }
        for _ in 0..<40 {
            let middle = (low + high) / 2
            if Self.stability(shares, scores, strength: middle) < effect { low = middle } else { high = middle }
        }
        let counts = Self.tilted(shares, scores, strength: high).map { $0 * Self.endless }
        let longest = Double(1 << max(0, settings.scaleCount - 1)) / Double(max(1, settings.scaleCount))
        return fixedTest.logEvidence(counts, total: Self.endless) + Libm.log(longest / 2)
    }

    /// Shares, each multiplied by e^(strength · score), and scaled to sum to 1.
    private static func tilted(_ shares: [Double], _ scores: [Double], strength: Double) -> [Double] {
        let raw = zip(shares, scores).map { $0 * Libm.exp(strength * $1) }
        let sum = raw.reduce(0, +)
        return raw.map { $0 / sum }
    }

    /// PSI between shares and tilted ones.
    private static func stability(_ shares: [Double], _ scores: [Double], strength: Double) -> Double {
        zip(tilted(shares, scores, strength: strength), shares).reduce(0) { sum, pair in
            sum + (pair.0 - pair.1) * Libm.log(pair.0 / pair.1)
        }
    }
}
