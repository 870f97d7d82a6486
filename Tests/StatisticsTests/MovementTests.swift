import Statistics
import Testing

/// What a drift consists of, and where numbers went.
@Suite struct MovementTests {
    private static let reference: [UInt64] = [400, 300, 200, 100, 0]
    private static let current: [UInt64] = [350, 300, 340, 10, 3]

    /// Parts and shares as Python computes them from the formula.
    @Test func parts() throws {
        let counts = try #require(TwoSampleCounts(reference: Self.reference, current: Self.current))
        let found = counts.contributions(limit: 5)
        let expected: [(cell: Int, part: Double, before: Double, now: Double)] = [
            (3, -0.703_162_884_103_028_9, 0.1, 0.009_970_089_730_807_577),
            (2, 0.252_737_834_262_359_85, 0.2, 0.338_983_050_847_457_6),
            (0, -0.024_032_566_118_845_355, 0.4, 0.348_953_140_578_265_2),
            (4, 0.020_057_464_588_509_228, 0, 0.002_991_026_919_222_333_4),
            (1, -9.250_927_256_649_698e-06, 0.3, 0.299_102_691_924_227_34),
        ]
        #expect(found.map(\.cell) == expected.map(\.cell))
        for (found, expected) in zip(found, expected) {
            #expect(abs(found.part - expected.part) < 1e-12, "\(found)")
            #expect(abs(found.referenceShare - expected.before) < 1e-12)
            #expect(abs(found.currentShare - expected.now) < 1e-12)
        }
        #expect(abs(found.reduce(0) { $0 + abs($1.part) } - 1) < 1e-12)
        #expect(counts.contributions(limit: 2) == Array(found.prefix(2)))
    }

    /// The parts are those of the index itself: with two cells their terms are known by hand.
    @Test func partsOfTheIndex() throws {
        let counts = try #require(TwoSampleCounts(reference: [1, 1], current: [3, 0]))
        // Smoothed shares 1/2 and 1/2 against 7/8 and 1/8: 3/8 ln(7/4) and 3/8 ln 4 nats.
        let parts = counts.contributions(limit: 2)
        #expect(parts.map(\.cell) == [1, 0])
        let index = PopulationStability(counts).index
        #expect(abs(index * -parts[0].part - 0.375 * 1.386_294_361_119_890_6) < 1e-12)
        #expect(abs(index * parts[1].part - 0.375 * 0.559_615_787_935_422_7) < 1e-12)
    }

    @Test func nothingMoved() throws {
        let counts = try #require(TwoSampleCounts(reference: [5, 5], current: [5, 5]))
        #expect(counts.contributions(limit: 5).isEmpty)
        #expect(counts.contributions(limit: -1).isEmpty)
    }

    /// Equal parts come in the order of the cells, so that equal inputs give equal series.
    @Test func ties() throws {
        let counts = try #require(TwoSampleCounts(reference: [10, 20, 20, 10], current: [20, 10, 10, 20]))
        #expect(counts.contributions(limit: 4).map(\.cell) == [0, 1, 2, 3])
    }

    /// Linear between the edges; counts 20, 20, 30, 20, and one that is no bin.
    @Test(arguments: [(0.25, 11.25), (0.5, 20 + 50.0 / 30), (0.4, 18), (7.0 / 9, 30)] as [(Double, Double)])
    func quantilesInsideBins(q: Double, expected: Double) throws {
        let found = try #require(BinQuantile.value(q, edges: [10, 20, 30], counts: [20, 20, 30, 20, 99]))
        #expect(abs(found - expected) < 1e-12)
    }

    /// The outer bins have no end, so nothing is said about quantiles in them.
    @Test func outerBins() {
        #expect(BinQuantile.value(0.1, edges: [10, 20], counts: [20, 20, 60]) == nil)
        #expect(BinQuantile.value(0.5, edges: [10, 20], counts: [20, 20, 60]) == nil)
        #expect(BinQuantile.value(0.2, edges: [10, 20], counts: [20, 20, 60]) == 10)
        #expect(BinQuantile.value(0.4, edges: [10, 20], counts: [20, 20, 60]) == 20)
        #expect(BinQuantile.value(0.5, edges: [7], counts: [10, 10]) == 7)
        #expect(BinQuantile.value(0.4, edges: [7], counts: [10, 10]) == nil)
        #expect(BinQuantile.value(0.5, edges: [], counts: [10]) == nil)
        #expect(BinQuantile.value(0.5, edges: [1, 2], counts: [0, 0, 0]) == nil)
        #expect(BinQuantile.value(0.5, edges: [1, 2], counts: [1]) == nil)
    }
}
