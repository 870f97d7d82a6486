private import Glibc

/// The few functions of the C mathematics library that this module needs; nothing else of it is visible here.
enum Libm {
    static func log(_ x: Double) -> Double { Glibc.log(x) }
    static func exp(_ x: Double) -> Double { Glibc.exp(x) }
    static func sine(_ x: Double) -> Double { Glibc.sin(x) }
    static func cosine(_ x: Double) -> Double { Glibc.cos(x) }

    /// Probability that a standard normal variable is at most `x`.
    static func normalShare(below x: Double) -> Double { 0.5 * Glibc.erfc(-x / 2.0.squareRoot()) }
}
