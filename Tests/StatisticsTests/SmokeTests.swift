import Statistics
import Testing

@Test func statisticsSmoke() throws {
    let pair = try #require(TwoSampleCounts(reference: [500, 300, 200], current: [400, 350, 250]))
    print(Drift(pair))
}
