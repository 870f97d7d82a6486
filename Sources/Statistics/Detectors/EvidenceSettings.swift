/// How a sequential detector looks for drift.
public struct EvidenceSettings: Sendable, Equatable {
    /// Scales of the windows: the lengths between starts are 1, 2, 4, … ticks, this many of them.
    ///
    /// 9 scales are windows of up to 768 ticks.
    public var scaleCount = 9
    /// Window starts kept per scale.
    public var startsPerScale = 3
    /// Windows whose Pearson X² is below count as no evidence, which changes no decision and saves most of the work.
    ///
    /// 0 evaluates all.
    public var screen = 12.0
    /// Most events that the baseline counts for.
    ///
    /// Infinite: the baseline is believed as far as its size goes. (B − 1) / x ignores a PSI below x by design; the
    /// baseline's own wobble (`BaselineWobble`) is another limit. The smaller one counts.
    public var limit = Double.infinity
    /// ln A: the detector fires when the logarithm of its evidence reaches this.
    ///
    /// A is the mean number of ticks between two false alarms, at least.
    public var threshold = 13.122_363_377_404_328
    /// Fewest events without another alarm after which a drift counts as over.
    public var holdEvents: UInt64 = 2_000
    /// Fewest ticks without another alarm after which a drift counts as over.
    public var holdTicks = 20

    /// ln A for a mean number of ticks between two false alarms.
    public static func threshold(meanTicks: Double) -> Double { Libm.log(meanTicks) }

    /// The defaults: A = 500,000 ticks.
    public init() {}

    /// Sum of the weights of the scales that have a window start there; 0 if none has.
    ///
    /// A scale of g ticks has its starts at the newest multiples of g, and a share of g over all scales: starts
    /// that come every g ticks and weigh g / n come to a weight of 1 per tick over n scales.
    ///
    /// - Parameter now: Ticks completed.
    func weight(ofStart start: Int, now: Int) -> Double {
        var weight = 0
        for scale in 0..<scaleCount where start & (1 << scale - 1) == 0 {
            let length = 1 << scale
            if now & ~(length - 1) - start < startsPerScale * length { weight += length }
        }
        return Double(weight) / Double(scaleCount)
    }
}
