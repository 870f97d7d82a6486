import Foundation
import Statistics
import TestKit

/// Comparisons of two samples that scipy made.
struct Comparison: Decodable, Sendable, CustomStringConvertible {
    struct ChiSquare: Decodable, Sendable {
        let statistic: Double
        let probability: Double
        let degreesOfFreedom: Int
    }
    struct Moments: Decodable, Sendable {
        let mean: Double
        let variance: Double
        let minimum: Double
        let maximum: Double

        var range: NumberRange { NumberRange(minimum: minimum, maximum: maximum, mean: mean) }
    }

    let name: String
    let reference: [UInt64]
    let current: [UInt64]
    let psi: Double
    let psiNullProbability: Double?
    let jensenShannon: Double
    let hellinger: Double
    let totalVariation: Double
    let chiSquare: ChiSquare?
    // Of numbers only.
    let edges: [Double]?
    let binnedKolmogorovSmirnov: Double?
    let kolmogorovSmirnov: Double?
    let wasserstein: Double?
    let referenceMoments: Moments?
    let currentMoments: Moments?
    let referenceValues: [Double]?
    let currentValues: [Double]?

    var description: String { name }

    /// All cases, of numbers (whose cells are bins) or of categories.
    static func all(_ file: String) throws -> [Comparison] {
        struct File: Decodable { let cases: [Comparison] }
        return try Golden.load(file, from: .module, as: File.self).cases
    }
}

extension Double {
    /// Whether this is `other` but for rounding: a few units of the last place of either, or of 1.
    func isClose(to other: Double, within tolerance: Double = 1e-12) -> Bool {
        abs(self - other) <= tolerance * max(1, abs(other))
    }
}

/// Probability of a standard normal number above `z`.
func upperTail(_ z: Double) -> Double { erfc(z / 2.0.squareRoot()) / 2 }
