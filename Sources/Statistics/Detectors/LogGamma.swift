/// Logarithms of the gamma function where the detector needs them: differences ln Γ(a + s) − ln Γ(a).
enum LogGamma {
    /// From here on the asymptotic series below is exact to the last bits of a double.
    private static let seriesStart = 16.0

    /// ln Γ(x) for x > 0; relative error about 1e-15, in two logarithms at most.
    ///
    /// - Source: Stirling's series, Abramowitz and Stegun 6.1.41; Γ(x + 1) = x Γ(x).
    @inline(__always)
    static func value(_ x: Double) -> Double {
        x >= seriesStart ? series(x, log: Libm.log(x)) : shifted(x)
    }

    /// The same for a number whose logarithm is known.
    @inline(__always)
    static func value(_ x: Double, log: Double) -> Double { x >= seriesStart ? series(x, log: log) : shifted(x) }

    private static func shifted(_ x: Double) -> Double {
        // Γ(x) = Γ(x + n) / (x (x + 1) … (x + n − 1)); the product stays below 16^16.
        var (product, shifted) = (x, x + 1)
        while shifted < seriesStart {
            product *= shifted
            shifted += 1
        }
        return series(shifted, log: Libm.log(shifted)) - Libm.log(product)
    }

    @inline(__always)
    private static func series(_ x: Double, log: Double) -> Double {
        let inverse = 1 / x
        let square = inverse * inverse
        let correction =
            inverse * (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1_260 - square * (1.0 / 1_680))))
        return (x - 0.5) * log - x + halfLogTwoPi + correction
    }

    private static let halfLogTwoPi = 0.918_938_533_204_672_741_78
}
