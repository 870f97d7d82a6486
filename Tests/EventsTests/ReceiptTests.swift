import Events
import Testing

@Suite struct ReceiptTests {
    /// Every way to count a line keeps received = accepted + rejected + dropped + ignored.
    @Test func conservation() {
        var receipt = Receipt()
        receipt.accept(5)
        for reason in RejectionReason.allCases { receipt.reject(reason) }
        for reason in DropReason.allCases { receipt.drop(reason, count: 2) }
        for reason in IgnoreReason.allCases { receipt.ignore(reason, count: 3) }
        let lines = 5 + RejectionReason.allCases.count + 2 * DropReason.allCases.count + 3 * IgnoreReason.allCases.count
        #expect(receipt.received == UInt64(lines))
        #expect(receipt.isBalanced)
        receipt.received += 1
        #expect(!receipt.isBalanced)
    }

    @Test func sums() {
        var one = Receipt()
        one.accept(2)
        one.reject(.partialLine)
        one.bytesRead = 10
        one.kernelDrops = 3
        one.truncations = 1
        one.rotations = 4
        one.lostBytes[Int(LossReason.removed.rawValue)] = 7
        var sum = one
        sum.add(one)
        #expect(sum.received == 6 && sum.accepted == 4 && sum.isBalanced)
        #expect(sum.rejected[Int(RejectionReason.partialLine.rawValue)] == 2)
        #expect(sum.bytesRead == 20 && sum.kernelDrops == 6 && sum.truncations == 2 && sum.rotations == 8)
        #expect(sum.lostBytes == [0, 14, 0])
        sum.clear()
        #expect(sum == Receipt())
    }

    /// Reasons are stored by raw value: their numbers and labels are distinct and without gaps.
    @Test func reasonsAreAppendOnly() {
        #expect(RejectionReason.allCases.map { Int($0.rawValue) } == Array(RejectionReason.allCases.indices))
        #expect(DropReason.allCases.map { Int($0.rawValue) } == Array(DropReason.allCases.indices))
        #expect(IgnoreReason.allCases.map { Int($0.rawValue) } == Array(IgnoreReason.allCases.indices))
        #expect(LossReason.allCases.map { Int($0.rawValue) } == Array(LossReason.allCases.indices))
        #expect(Set(RejectionReason.allCases.map(\.label)).count == RejectionReason.allCases.count)
        #expect(Set(IgnoreReason.allCases.map(\.label)).count == IgnoreReason.allCases.count)
    }
}
