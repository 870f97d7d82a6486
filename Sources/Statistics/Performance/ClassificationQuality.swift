/// Quality of predicted classes, from how often each class was predicted for each actual one.
public struct ClassificationQuality: Sendable, Equatable {
    /// Quality of one class.
    public struct PerClass: Sendable, Equatable {
        /// Share of right ones among its predictions; `nil` if it was never predicted.
        public let precision: Interval?
        /// Share of right ones among its outcomes; `nil` if it never occurred.
        public let recall: Interval?
        /// Harmonic mean of both, 0 where one of them is missing; `nil` if the class was neither predicted nor
        /// occurred.
        public let f1: Double?
    }

    /// Share of right predictions.
    public let accuracy: Interval
    /// Each class, in the order of the table.
    public let classes: [PerClass]
    /// Mean precision over the classes that occurred or were predicted; one that was never predicted counts as 0.
    public let precisionMacro: Double
    /// Mean recall over the same classes; one that never occurred counts as 0.
    public let recallMacro: Double
    /// Mean F1 over the same classes.
    public let f1Macro: Double

    /// Reads a table of counts; `nil` if it is not square, has no count, or overflows.
    ///
    /// - Parameters:
    ///   - confusion: Counts row by row, a row for each actual class, a column for each predicted one.
    ///   - classCount: Number of classes.
    public init?(confusion: [UInt64], classCount: Int) {
        let (cells, overflow) = classCount.multipliedReportingOverflow(by: classCount)
        guard classCount > 0, !overflow, confusion.count == cells else { return nil }
        var actual = [UInt64](repeating: 0, count: classCount)
        var predicted = actual
        var (total, right): (UInt64, UInt64) = (0, 0)
        for row in 0..<classCount {
            for column in 0..<classCount {
                let count = confusion[row * classCount + column]
                let (sum, overflow) = total.addingReportingOverflow(count)
                if overflow { return nil }
                // No part of a sum that does not overflow does.
                total = sum
                actual[row] += count
                predicted[column] += count
                if row == column { right += count }
            }
        }
        guard let accuracy = Interval.share(right, of: total) else { return nil }
        self.accuracy = accuracy
        classes = (0..<classCount).map { index in
            let hits = confusion[index * classCount + index]
            let precision = Interval.share(hits, of: predicted[index])
            let recall = Interval.share(hits, of: actual[index])
            let both = Double(actual[index]) + Double(predicted[index])
            return PerClass(precision: precision, recall: recall, f1: both > 0 ? 2 * Double(hits) / both : nil)
        }
        let present = classes.filter { $0.f1 != nil }
        let count = Double(present.count)
        precisionMacro = present.reduce(0) { $0 + ($1.precision?.value ?? 0) } / count
        recallMacro = present.reduce(0) { $0 + ($1.recall?.value ?? 0) } / count
        f1Macro = present.reduce(0) { $0 + ($1.f1 ?? 0) } / count
    }
}
