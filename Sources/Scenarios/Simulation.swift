/// The simulated model behind the text: draws the parts of one record after another.
///
/// A record is drawn in a fixed order (shared variable, features, call, result), so that equal seeds give equal streams
/// whatever form they are written in.
struct Simulation: Sendable {
    let inputs: [Input]
    let truth: Truth

    private let categoryEnds: [[Double]]
    private let answer: Answer
    private let medianLatency: Double
    private let target: Int
    private var random: RandomStream

    init(preset: Preset, inputs: [Input], target: Int, truth: Truth, seed: UInt64) {
        self.inputs = inputs
        self.truth = truth
        self.target = target
        categoryEnds = inputs.map(\.categoryEnds)
        answer = preset.answer
        medianLatency = preset.medianLatency
        random = RandomStream(seed: seed)
    }

    /// What stands in one feature's place.
    enum Cell {
        case number(Double, decimals: Int)
        case category(Int)
        case null
        case lacking
        case wrongType
    }

    /// How a call ended.
    enum Status {
        case success, error, timeout, rejected

        var name: StaticString {
            switch self {
            case .success: "success"
            case .error: "error"
            case .timeout: "timeout"
            case .rejected: "rejected"
            }
        }

        var isAnswered: Bool { self == .success || self == .timeout }
    }

    /// What the model said, and what was true.
    enum Result {
        case classes(predicted: String, actual: String, score: Double)
        case number(predicted: Double, actual: Double)
    }

    /// Strength of the disturbance at a moment of the stream.
    func strength(at elapsed: Double) -> Double {
        truth.schedule.strength(at: elapsed, gradual: truth.scenario == .gradualDrift)
    }

    /// 64 bits for an identifier.
    mutating func nextIdentifier() -> UInt64 { random.bits() }

    /// The variable that all features of one record share.
    mutating func nextShared() -> Double { random.normal() }

    /// Draws one feature; `signal` is what it adds to the logit of the score or the logarithm of the number.
    mutating func nextCell(_ index: Int, shared: Double, strength: Double) -> (cell: Cell, signal: Double) {
        let input = inputs[index]
        var z = input.common * shared + (1 - input.common * input.common).squareRoot() * random.normal()
        let drifts = index == target && (truth.scenario == .suddenDrift || truth.scenario == .gradualDrift)
        var cell: Cell
        if let numeric = input.number(drifts ? z + Scenario.numericShift * strength : z) {
            if drifts { z += Scenario.numericShift * strength }
            cell = .number(numeric.value, decimals: numeric.decimals)
        } else {
            let ends = categoryEnds[index]
            var category = ends.firstIndex { z < $0 } ?? ends.count
            if drifts, random.uniform() < Scenario.categoricalShift * strength {
                category = ends.count
                z = (ends.last ?? 0) + 0.5
            }
            cell = .category(category)
        }
        if index == target, truth.scenario == .dataQuality, strength > 0 { spoil(&cell, of: input) }
        return (cell, input.weight * z)
    }

    /// Spoils a value with the probabilities of `Scenario.brokenShares`.
    private mutating func spoil(_ cell: inout Cell, of input: Input) {
        let shares = Scenario.brokenShares
        var draw = random.uniform()
        if draw < shares.null { return cell = .null }
        draw -= shares.null
        if draw < shares.lacking { return cell = .lacking }
        draw -= shares.lacking
        guard case .number = cell else { return }
        if draw < shares.wrongType { return cell = .wrongType }
        draw -= shares.wrongType
        // Nine standard deviations out: beyond any reference, on either side, and still a plausible typing error.
        guard draw < shares.outOfRange, let far = input.number(9) else { return }
        cell = .number(draw < shares.outOfRange / 2 ? -far.value : far.value * 10, decimals: far.decimals)
    }

    /// How the call ended and how long it took, in milliseconds.
    mutating func nextCall(strength: Double) -> (status: Status, latency: Double) {
        let isSpike = truth.scenario == .latencySpike && strength > 0
        let latency = medianLatency * Libm.exp(0.45 * random.normal()) * (isSpike ? Scenario.latencyFactor : 1)
        let draw = random.uniform()
        let timeouts = isSpike ? Scenario.timeoutShare : 0.001
        if draw < timeouts { return (.timeout, latency * 4) }
        if draw < timeouts + 0.003 { return (.error, latency) }
        if draw < timeouts + 0.004 { return (.rejected, latency) }
        return (.success, latency)
    }

    /// The answer that follows from the sum of the features' signals.
    mutating func nextResult(signal: Double) -> Result {
        switch answer {
        case .classes(let negative, let positive, let intercept):
            let score = 1 / (1 + Libm.exp(-(intercept + signal + 0.4 * random.normal())))
            let isPositive = random.uniform() < score
            return .classes(
                predicted: score >= 0.5 ? positive : negative, actual: isPositive ? positive : negative, score: score)
        case .number(let median):
            let predicted = median * Libm.exp(signal)
            return .number(predicted: predicted, actual: predicted * Libm.exp(0.08 * random.normal()))
        }
    }
}
