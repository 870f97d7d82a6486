/// Quality of predicted numbers, from sums over the errors e = prediction − outcome.
///
/// Intervals are those of a mean with its standard error; they need at least two outcomes.
public struct RegressionQuality: Sendable, Equatable {
    /// A value whose interval is known from two outcomes on.
    public struct Estimate: Sendable, Equatable {
        /// The value.
        public let value: Double
        /// Its interval; `nil` for a single outcome.
        public let interval: Interval?
    }

    /// Mean of |e|.
    public let meanAbsoluteError: Estimate
    /// Root of the mean of e².
    ///
    /// Its interval needs the spread of e², which sums up to e² do not tell: it is taken from normal errors of the same
    /// mean and variance (delta method), and too narrow for heavy tails.
    public let rootMeanSquaredError: Estimate
    /// Mean of e.
    public let bias: Estimate

    /// Reads sums over errors; `nil` without outcomes, or if the sums are not finite or no errors have them.
    public init?(count: UInt64, absolute: Double, squared: Double, signed: Double) {
        guard count > 0, absolute.isFinite, squared.isFinite, signed.isFinite, absolute >= 0, squared >= 0 else {
            return nil
        }
        let n = Double(count)
        let (mae, mse, bias) = (absolute / n, squared / n, signed / n)
        let rmse = mse.squareRoot()
        func estimate(_ value: Double, variance: Double, atLeast floor: Double) -> Estimate {
            guard count > 1, variance.isFinite else { return Estimate(value: value, interval: nil) }
            let error = (max(0, variance) / n).squareRoot()
            return Estimate(value: value, interval: .mean(value, standardError: error, atLeast: floor))
        }
        // Sample variances: divisor n − 1.
        let unbiased = n / max(1, n - 1)
        let errorVariance = max(0, mse - bias * bias) * unbiased
        meanAbsoluteError = estimate(mae, variance: (mse - mae * mae) * unbiased, atLeast: 0)
        self.bias = estimate(bias, variance: errorVariance, atLeast: -.infinity)
        // Var(e²) of normal errors, then d√x = dx / 2√x.
        let squareVariance = 2 * errorVariance * errorVariance + 4 * bias * bias * errorVariance
        rootMeanSquaredError = estimate(rmse, variance: rmse > 0 ? squareVariance / (4 * mse) : 0, atLeast: 0)
    }
}
