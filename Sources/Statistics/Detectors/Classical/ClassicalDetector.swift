/// A detector of change that takes one value at a time and has a score and a bound: what users of other tools know.
///
/// After an alarm it begins anew with the next value, as the papers and the common libraries do. Their defaults say
/// nothing about how often they are wrong; `EvidenceDetector` does.
public protocol ClassicalDetector: Sendable {
    /// Takes a finite value and returns whether it raises an alarm.
    mutating func insert(_ value: Double) -> Bool
    /// How close it is to an alarm, at least 0: an alarm comes when this passes `threshold`.
    var score: Double { get }
    /// What the score has to pass.
    var threshold: Double { get }
    /// Everything that changes, as numbers; what a restart needs.
    var state: [Double] { get }
    /// Goes on from numbers that `state` gave; `false`, and nothing changes, if they cannot be such.
    mutating func restore(_ state: [Double]) -> Bool
}

/// A mean that is updated value by value.
struct RunningMean: Sendable, Equatable {
    var count = 0.0
    var value = 0.0

    mutating func insert(_ x: Double) {
        count += 1
        value += (1 / count) * (x - value)
    }
}

extension [Double] {
    /// Whether these are the numbers of a state: so many, and none of them is not a number.
    func isState(of count: Int) -> Bool { self.count == count && !contains { $0.isNaN } }
}
