import Sketches
import TestKit
import Testing

@Suite("Edge bins")
struct EdgeBinsTests {
    @Test("the bin is the number of edges at most the value", arguments: 0...70)
    func bins(edgeCount: Int) throws {
        var random = SplitMix64(seed: UInt64(edgeCount))
        let edges = (0..<edgeCount).map { Double($0) / 7 - 1 }
        let bins = try #require(EdgeBins(edges: edges))
        #expect(bins.binCount == edgeCount + 1)
        let values = (0..<200).map { _ in random.normal(mean: 2, deviation: 4) } + edges + edges.map(\.nextDown)
        var expected = [UInt64](repeating: 0, count: bins.binCount)
        for value in values {
            let bin = edges.count { $0 <= value }
            #expect(bins.bin(of: value) == bin)
            expected[bin] += 1
        }
        var counts = [UInt64](repeating: 0, count: bins.binCount)
        unsafe withValues(values) { values in
            unsafe counts.withUnsafeMutableBufferPointer { counts in unsafe bins.count(values, into: counts) }
        }
        #expect(counts == expected)
    }

    @Test("no value falls outside, finite or not", arguments: [0, 1, 9, 15, 16])
    func extremes(edgeCount: Int) throws {
        let bins = try #require(EdgeBins(edges: (0..<edgeCount).map(Double.init)))
        for value in [.infinity, -.infinity, .nan, .greatestFiniteMagnitude, -0.0, .leastNonzeroMagnitude] as [Double] {
            #expect((0..<bins.binCount).contains(bins.bin(of: value)))
        }
        #expect(bins.bin(of: .infinity) == edgeCount)
    }

    @Test(
        "edges that are no edges are refused",
        arguments: [[1, 1], [2, 1], [.nan], [0, .infinity], [-.infinity], [-0.0, 0]])
    func refuse(edges: [Double]) {
        #expect(EdgeBins(edges: edges) == nil)
    }

    @Test("too many edges are refused")
    func limit() {
        let edges = (0...SketchLimits.edges).map(Double.init)
        #expect(EdgeBins(edges: edges) == nil)
        #expect(EdgeBins(edges: Array(edges.dropLast())) != nil)
    }
}
