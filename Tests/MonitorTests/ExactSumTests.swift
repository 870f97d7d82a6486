import TestKit
import Testing

@testable import Monitor

/// Sums that are rounded once.
@Suite struct ExactSumTests {
    @Test func tenthsAddUp() {
        var sum = ExactSum()
        for _ in 0..<1_000_000 { sum.add(0.1) }
        #expect(sum.value == 100_000)
        #expect(ExactSum(rounded: sum.rounded, compensation: sum.compensation) == sum)
    }

    @Test func smallPartsAreNotLost() {
        var sum = ExactSum(1e16)
        for _ in 0..<1_000 { sum.add(1) }
        sum.add(-1e16)
        #expect(sum.value == 1_000)
    }

    @Test func nothingLeavesTheFiniteNumbers() {
        var sum = ExactSum(.infinity)
        #expect(sum.value == .greatestFiniteMagnitude)
        sum.add(.infinity)
        sum.add(.greatestFiniteMagnitude)
        #expect(sum.value == .greatestFiniteMagnitude)
        sum.add(-.infinity)
        #expect(sum.value == -.greatestFiniteMagnitude)
        var random = SplitMix64(seed: 3)
        for _ in 0..<10_000 {
            sum.add((random.uniform() - 0.5) * .greatestFiniteMagnitude)
            #expect(sum.value.isFinite && ExactSum(rounded: sum.rounded, compensation: sum.compensation) != nil)
        }
        #expect(ExactSum(rounded: .infinity, compensation: 0) == nil && ExactSum(rounded: 0, compensation: .nan) == nil)
    }
}
