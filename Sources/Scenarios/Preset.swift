/// A kind of model whose traffic can be simulated.
public enum Preset: String, Sendable, CaseIterable {
    /// Card payments: approve or decline, with a score.
    case fraud
    /// Flat prices: a number.
    case price
    /// Customers who leave: stay or leave, with a score.
    case churn

    /// Version that the records name.
    public var version: String {
        switch self {
        case .fraud: "3"
        case .price: "2026.1"
        case .churn: "12"
        }
    }

    /// The feature that drifts unless another one is named.
    ///
    /// The model hardly listens to it (see `Input.weight`): its drift moves the logit of the score, or the logarithm of
    /// the number, by less than 0.06 of a standard deviation. So an alarm on any other signal is a false one.
    public var driftingFeature: String {
        switch self {
        case .fraud: "amount"
        case .price: "distance_km"
        case .churn: "monthly_charges"
        }
    }

    /// Names of the features in the order of the record.
    public var features: [String] { inputs.map(\.name) }

    /// Median time to answer in milliseconds.
    var medianLatency: Double {
        switch self {
        case .fraud: 8
        case .price: 20
        case .churn: 35
        }
    }

    /// How the answer follows from the features.
    var answer: Answer {
        switch self {
        case .fraud: .classes(negative: "approve", positive: "decline", intercept: -3.6)
        case .churn: .classes(negative: "stay", positive: "leave", intercept: -1.2)
        case .price: .number(median: 320_000)
        }
    }

    var inputs: [Input] {
        switch self {
        case .fraud:
            [
                Input("amount", .logNormal(median: 42, sigma: 1.1, decimals: 2), common: 0.3, weight: 0.08),
                Input("account_age_days", .logNormal(median: 420, sigma: 1.0, decimals: 0), common: -0.4, weight: -0.7),
                Input("transactions_24h", .logNormal(median: 3, sigma: 0.8, decimals: 0), common: 0.5, weight: 0.9),
                Input("distance_km", .logNormal(median: 12, sigma: 1.3, decimals: 1), common: 0.4, weight: 0.6),
                Input("ip_risk", .logistic(center: -1.5, slope: 1.0, decimals: 4), common: 0.6, weight: 1.1),
                Input(
                    "country",
                    .category([
                        ("DE", 0.34), ("FR", 0.2), ("US", 0.16), ("GB", 0.12), ("ES", 0.08), ("IT", 0.06), ("PL", 0.04),
                    ]), common: 0.2, weight: 0.1),
                Input(
                    "merchant",
                    .category([
                        ("grocery", 0.36), ("fuel", 0.2), ("travel", 0.16), ("electronics", 0.14), ("games", 0.09),
                        ("crypto", 0.05),
                    ]), common: 0.3, weight: 0.3),
                Input(
                    "device", .category([("ios", 0.42), ("android", 0.38), ("web", 0.15), ("api", 0.05)]), common: 0,
                    weight: 0.05),
            ]
        case .price:
            [
                Input("area_m2", .logNormal(median: 78, sigma: 0.4, decimals: 1), common: 0.5, weight: 0.34),
                Input("rooms", .logNormal(median: 3, sigma: 0.35, decimals: 0), common: 0.7, weight: 0.08),
                Input("age_years", .logNormal(median: 34, sigma: 0.8, decimals: 0), common: -0.2, weight: -0.1),
                Input("distance_km", .logNormal(median: 6, sigma: 0.7, decimals: 2), common: 0.1, weight: -0.02),
                Input("noise_db", .normal(mean: 54, deviation: 6, decimals: 1), common: 0.2, weight: -0.03),
                Input(
                    "district",
                    .category([("north", 0.3), ("east", 0.26), ("south", 0.22), ("west", 0.14), ("center", 0.08)]),
                    common: 0, weight: 0.14),
                Input(
                    "energy_class",
                    .category([("D", 0.3), ("C", 0.26), ("B", 0.2), ("E", 0.14), ("A", 0.1)]), common: 0.1, weight: 0.05
                ),
            ]
        case .churn:
            [
                Input("tenure_months", .logNormal(median: 22, sigma: 0.9, decimals: 0), common: -0.5, weight: -0.9),
                Input("monthly_charges", .logNormal(median: 39, sigma: 0.45, decimals: 2), common: 0.2, weight: 0.06),
                Input("usage_hours", .logNormal(median: 14, sigma: 0.9, decimals: 2), common: -0.4, weight: -0.5),
                Input("days_since_login", .logNormal(median: 5, sigma: 1.1, decimals: 2), common: 0.5, weight: 0.8),
                Input("support_tickets", .logNormal(median: 1.2, sigma: 0.7, decimals: 0), common: 0.4, weight: 0.5),
                Input("satisfaction", .normal(mean: 7.4, deviation: 1.1, decimals: 1), common: -0.3, weight: -0.4),
                Input(
                    "plan", .category([("basic", 0.46), ("plus", 0.34), ("pro", 0.16), ("enterprise", 0.04)]),
                    common: 0.1, weight: -0.2),
                Input(
                    "contract", .category([("monthly", 0.62), ("yearly", 0.3), ("prepaid", 0.08)]), common: 0.2,
                    weight: -0.3),
                Input(
                    "channel", .category([("web", 0.5), ("ios", 0.24), ("android", 0.2), ("phone", 0.06)]), common: 0,
                    weight: 0.02),
            ]
        }
    }
}

/// How an answer follows from the features.
enum Answer: Sendable {
    /// Two classes by a logistic score.
    case classes(negative: String, positive: String, intercept: Double)
    /// A positive number, log-normal around the median.
    case number(median: Double)
}

/// One feature: a standard normal variable behind it, and how that becomes a value (a Gaussian copula).
struct Input: Sendable {
    var name: String
    var shape: Shape
    /// Correlation of the normal variable with the one that all features of the record share.
    var common: Double
    /// What one standard deviation adds to the logit of the score, or to the logarithm of the number.
    var weight: Double

    init(_ name: String, _ shape: Shape, common: Double, weight: Double) {
        (self.name, self.shape, self.common, self.weight) = (name, shape, common, weight)
    }

    /// Marginal distribution.
    enum Shape: Sendable {
        /// `median · exp(sigma · z)`
        case logNormal(median: Double, sigma: Double, decimals: Int)
        /// `mean + deviation · z`
        case normal(mean: Double, deviation: Double, decimals: Int)
        /// `1 / (1 + exp(-(center + slope · z)))`
        case logistic(center: Double, slope: Double, decimals: Int)
        /// Names with their shares, rarest last.
        case category([(name: String, share: Double)])
    }

    /// The number that belongs to `z`; `nil` for a category.
    func number(_ z: Double) -> (value: Double, decimals: Int)? {
        switch shape {
        case .logNormal(let median, let sigma, let decimals): (median * Libm.exp(sigma * z), decimals)
        case .normal(let mean, let deviation, let decimals): (mean + deviation * z, decimals)
        case .logistic(let center, let slope, let decimals):
            (1 / (1 + Libm.exp(-(center + slope * z))), decimals)
        case .category: nil
        }
    }

    /// Upper ends of the categories on the scale of `z`, without the last one, which has none.
    var categoryEnds: [Double] {
        guard case .category(let names) = shape else { return [] }
        var share = 0.0
        return names.dropLast().map { entry in
            share += entry.share
            return Self.normalQuantile(share)
        }
    }

    /// The number below which a standard normal variable falls with probability `share`, by bisection.
    private static func normalQuantile(_ share: Double) -> Double {
        var (low, high) = (-8.0, 8.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if Libm.normalShare(below: middle) < share { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
