/// Thresholds of charts from the mean number of values between two false alarms that one is willing to take.
///
/// They hold for independent, standard normal values whose mean and deviation are known; heavy tails and estimated
/// deviations shorten the run.
public enum RunLength {
    /// h of a two-sided CUSUM with allowance k, in standard deviations; also λ of a Page-Hinkley test with allowance δ.
    ///
    /// - Source: Siegmund: "Sequential Analysis", 1985: one side runs (e^(2kb) − 2kb − 1) / (2k²) values on
    ///   average, with b = h + 1.166; two sides half as long.
    public static func cumulativeSum(allowance: Double, runLength: Double) -> Double {
        solve { threshold in
            let (k, b) = (max(allowance, 1e-6), threshold + 1.166)
            // e^x − x − 1 loses all digits for small x, where it is x² / 2.
            let x = 2 * k * b
            let excess = x < 1e-3 ? x * x / 2 : Libm.exp(min(x, 700)) - x - 1
            return excess / (2 * k * k) / 2 >= runLength
        }
    }

    /// L of an EWMA chart with a weight, in its own standard deviations.
    ///
    /// - Source: Brook, Evans: "An approach to the probability distribution of CUSUM run length", Biometrika 59(3),
    ///   1972: a Markov chain over 101 equal parts of the band, with the limits of the long run.
    public static func movingAverage(weight: Double, runLength: Double) -> Double {
        solve { limit in movingAverageRun(weight: weight, limit: limit) >= runLength }
    }

    /// Mean run of an EWMA chart that starts in its middle.
    private static func movingAverageRun(weight: Double, limit: Double) -> Double {
        let states = 101
        let bound = limit * (weight / (2 - weight)).squareRoot()
        let half = bound / Double(states)
        let centres = (0..<states).map { (2 * Double($0) + 1) * half - bound }
        // (I − Q) run = 1, by elimination; Q is dominated by the diagonal of I.
        var rows = centres.map { from in
            centres.map { to -> Double in
                let mean = (1 - weight) * from
                let (low, high) = ((to - half - mean) / weight, (to + half - mean) / weight)
                return -(normal(high) - normal(low))
            } + [1]
        }
        for row in 0..<states { rows[row][row] += 1 }
        for pivot in 0..<states {
            for row in (pivot + 1)..<max(states, pivot + 1) where rows[row][pivot] != 0 {
                let factor = rows[row][pivot] / rows[pivot][pivot]
                for column in pivot...states { rows[row][column] -= factor * rows[pivot][column] }
            }
        }
        var runs = [Double](repeating: 0, count: states)
        for row in (0..<states).reversed() {
            var sum = rows[row][states]
            for column in (row + 1)..<max(states, row + 1) { sum -= rows[row][column] * runs[column] }
            runs[row] = sum / rows[row][row]
        }
        return runs[states / 2]
    }

    /// Distribution function of the standard normal distribution.
    private static func normal(_ x: Double) -> Double { 0.5 * Libm.erfc(-x / 2.0.squareRoot()) }

    /// The least number, to nine digits, from which on `isEnough` holds.
    private static func solve(_ isEnough: (Double) -> Bool) -> Double {
        var (low, high) = (0.0, 1.0)
        while !isEnough(high), high < 1e9 { (low, high) = (high, high * 2) }
        for _ in 0..<30 {
            let middle = (low + high) / 2
            if isEnough(middle) { high = middle } else { low = middle }
        }
        return high
    }
}
