import Glibc

/// What a simulated feature is.
enum Family: String, CaseIterable {
    /// Standard normal, in the deciles of its reference.
    case normal
    /// e to the power of a standard normal number; a change moves the exponent.
    case lognormal
    /// Twenty categories with shares in proportion to 1, 1/2, … 1/20.
    case zipf = "zipf20"
    /// Yes or no, with one yes in ten.
    case bernoulli = "bernoulli.1"

    /// Shares of categories; empty for numbers.
    var shares: [Double] {
        switch self {
        case .normal, .lognormal: return []
        case .zipf:
            let weights = (1...20).map { 1 / Double($0) }
            let sum = weights.reduce(0, +)
            return weights.map { $0 / sum }
        case .bernoulli: return [0.1, 0.9]
        }
    }
}

/// What happens to a stream.
struct Change {
    var name: String
    /// Added to numbers, in standard deviations.
    var shift = 0.0
    /// Factor on the standard deviation.
    var spread = 1.0
    /// Share of values that are missing.
    var missing = 0.0
    /// Share that moves from the last category of two, or from the commonest one to the second.
    var moved = 0.0

    static let none = Change(name: "none")
}

/// A feature and its reference: values come as running counts per cell, missing values last.
struct SimulatedStream {
    /// Counts of the reference.
    private(set) var reference: [UInt64] = []
    /// Leading cells that have an order.
    private(set) var orderedCount = 0
    /// Counts so far.
    private(set) var totals: [UInt64] = []

    private let family: Family
    private var edges: [Double] = []
    private var state: UInt64
    /// Second of a pair of normal numbers.
    private var spare: Double?

    /// A feature that has seen its reference and nothing else.
    ///
    /// - Parameters:
    ///   - seed: Mixed, so that streams of neighbouring seeds have nothing in common.
    ///   - referenceEvents: Size of the reference: bins are its deciles, categories its own.
    init(_ family: Family, seed: UInt64, referenceEvents: Int) {
        self.family = family
        state = Self.mixed(seed &* 0x9E37_79B9_7F4A_7C15 &+ 1)
        let categories = family.shares.count
        if categories > 0 {
            // Names that the reference does not know have a cell in front of the missing ones.
            totals = [UInt64](repeating: 0, count: categories + (family == .zipf ? 2 : 1))
            reference = next(referenceEvents)
        } else {
            let sample = (0..<referenceEvents).map { _ in value(.none) }.sorted()
            edges = (1..<10).map { part -> Double in
                let position = Double(part) / 10 * Double(sample.count - 1)
                let below = Int(position)
                let share = position - Double(below)
                return sample[below] * (1 - share) + sample[min(below + 1, sample.count - 1)] * share
            }
            orderedCount = edges.count + 1
            reference = [UInt64](repeating: 0, count: orderedCount + 1)
            for value in sample { reference[edges.count { $0 <= value }] += 1 }
        }
        totals = [UInt64](repeating: 0, count: reference.count)
    }

    /// Lets some events come and returns the counts so far.
    @discardableResult
    mutating func next(_ count: Int, _ change: Change = .none) -> [UInt64] {
        for _ in 0..<count {
            if change.missing > 0, uniform() < change.missing {
                totals[totals.count - 1] += 1
            } else {
                totals[cell(change)] += 1
            }
        }
        return totals
    }

    /// A number of the stream that is counted nowhere.
    mutating func number(_ change: Change = .none) -> Double { value(change) }

    private mutating func cell(_ change: Change) -> Int {
        guard family.shares.isEmpty else { return category(change) }
        let value = value(change)
        var bin = 0
        for edge in edges where edge <= value { bin += 1 }
        return bin
    }

    private mutating func value(_ change: Change) -> Double {
        let number = change.shift + change.spread * normal()
        return family == .lognormal ? exp(number) : number
    }

    private mutating func category(_ change: Change) -> Int {
        let place = uniform()
        if family == .bernoulli { return place < 0.1 + change.moved ? 0 : 1 }
        var below = 0.0
        for (number, share) in Self.zipf.enumerated() {
            below += share + (number == 0 ? -change.moved : number == 1 ? change.moved : 0)
            if place < below { return number }
        }
        return Self.zipf.count - 1
    }

    private static let zipf = Family.zipf.shares

    private mutating func normal() -> Double {
        if let spare {
            self.spare = nil
            return spare
        }
        let radius = sqrt(-2 * log(uniform()))
        let angle = 2 * Double.pi * uniform()
        spare = radius * sin(angle)
        return radius * cos(angle)
    }

    private mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        return (Double(Self.mixed(state) &>> 11) + 0.5) * 0x1p-53
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ z &>> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z &>> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z &>> 31
    }
}
