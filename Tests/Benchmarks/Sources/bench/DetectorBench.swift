import Glibc
import Statistics

/// What each detector costs per value: the classical ones, which take every value, and the sequential one, which takes
/// a hundred at a time.
enum DetectorBench {
    /// The classical detectors of numbers, with thresholds that they rarely pass.
    private static var ofNumbers: [(name: String, detector: any ClassicalDetector)] {
        [
            ("cusum", CumulativeSum(threshold: 12)), ("page_hinkley", PageHinkley(allowance: 0.1, threshold: 30)),
            ("ewma", MovingAverage(threshold: 5)), ("adwin", AdaptiveWindow()), ("kswin", KolmogorovWindow()),
        ]
    }

    /// Those of errors.
    private static var ofErrors: [(name: String, detector: any ClassicalDetector)] {
        [
            ("ddm", ErrorRate()), ("eddm", ErrorDistance()), ("hddm_a", HoeffdingMean()),
            ("hddm_w", HoeffdingWeighted()),
        ]
    }

    /// One line per detector, and one for all that a feature can have.
    static func run(values: Int) {
        var stream = SimulatedStream(.normal, seed: 3, referenceEvents: 100)
        let numbers = (0..<values).map { _ in stream.number() }
        let errors = numbers.map { $0 > 1.281_551_565_545 ? 1.0 : 0 }
        var sum = 0.0
        for (name, detector) in ofNumbers { sum += measure(name, detector, numbers) }
        for (name, detector) in ofErrors { _ = measure(name, detector, errors) }
        // It ticks once a second at most: with every hundred values at a hundred a second, and so on.
        for perTick in [100, 1_000] {
            let look = Calibration.Look(name: "standard", events: perTick)
            let evidence = Calibration.cost(of: look, ticks: max(1, values / perTick)) / Double(perTick) * 1_000
            for (name, cost) in [("evidence", evidence), ("all of a feature", sum + evidence)] {
                print("detector=\(name) ns/value=\(Int(cost.rounded())) ticks of \(perTick) values")
            }
        }
    }

    /// Nanoseconds per value.
    private static func measure(_ name: String, _ detector: any ClassicalDetector, _ values: [Double]) -> Double {
        var detector = detector
        var (alarms, largest) = (0, detector.state.count)
        let start = ThreadClock.now
        for value in values where detector.insert(value) {
            alarms += 1
            largest = max(largest, detector.state.count)
        }
        let cost = (ThreadClock.now - start) / Double(max(1, values.count)) * 1e9
        largest = max(largest, detector.state.count)
        print(
            "detector=\(name) values=\(values.count) ns/value=\(Int(cost.rounded())) alarms=\(alarms)",
            "state=\(largest * MemoryLayout<Double>.size) bytes")
        return cost
    }
}
