import Monitor
import Testing

@testable import Daemon

/// Which counters a commit may show with their values.
@Suite struct ScrapersTests {
    private let scrapers = Scrapers(shown: ShownSeries([1, 2]))
    private let second: Int64 = 1_000_000_000

    private func scrape(_ client: String, _ generation: UInt64, _ series: [UInt64], begun: [UInt64], at: Int64) {
        scrapers.rendered(generation: generation, cumulative: series, begun: begun)
        scrapers.served(client, generation: generation, at: at)
    }

    @Test func nobodyScrapes() {
        let first = scrapers.settle(at: 0)
        #expect(first.hashes == [1, 2] && scrapers.settle(at: 1) === first)
    }

    @Test func oneScraper() {
        scrape("a", 7, [1, 2, 3], begun: [3], at: 0)
        let shown = scrapers.settle(at: second)
        #expect(shown.hashes == [1, 2, 3] && shown.set == [1, 2, 3])
        #expect(scrapers.settle(at: second) === shown)
    }

    /// Two replicas of Prometheus: the value waits until both have had the 0.
    @Test func twoScrapers() {
        scrape("a", 5, [1, 2], begun: [], at: 0)
        scrape("b", 5, [1, 2], begun: [], at: 0)
        scrape("a", 7, [1, 2, 3], begun: [3], at: second)
        #expect(scrapers.settle(at: 2 * second).hashes == [1, 2])
        scrape("a", 8, [1, 2, 3, 4], begun: [3, 4], at: 3 * second)
        scrapers.served("b", generation: 7, at: 4 * second)
        #expect(scrapers.settle(at: 4 * second).hashes == [1, 2, 3])
        scrapers.served("b", generation: 8, at: 5 * second)
        #expect(scrapers.settle(at: 5 * second).hashes == [1, 2, 3, 4])
    }

    /// A scraper that is gone is not waited for for ever.
    @Test func silence() {
        scrape("a", 5, [1, 2], begun: [], at: 0)
        scrape("b", 7, [1, 2, 3], begun: [3], at: second)
        #expect(scrapers.settle(at: 2 * second).hashes == [1, 2])
        scrapers.served("b", generation: 8, at: Scrapers.patience)
        #expect(scrapers.settle(at: Scrapers.patience).hashes == [1, 2, 3])
    }

    /// A series that is gone is forgotten: if it comes back, it begins at 0 again.
    @Test func seriesGo() {
        scrape("a", 7, [2, 3], begun: [3], at: 0)
        #expect(scrapers.settle(at: 1).hashes == [1, 2, 3])
        #expect(scrapers.settle(at: 2).hashes == [1, 2, 3], "no further exposition")
        scrape("a", 8, [2, 3], begun: [], at: second)
        #expect(scrapers.settle(at: second + 1).hashes == [2, 3])
        scrape("a", 9, [1, 2, 3], begun: [], at: 2 * second)
        #expect(scrapers.settle(at: 2 * second + 1).hashes == [2, 3])
    }

    /// A counter that counts nothing before the first scrape of a life is not shown as 1, 0, 2: the commit that shows
    /// it with its value may be on its way while it is still missing.
    @Test func seriesComeLate() {
        scrape("a", 7, [1], begun: [], at: 0)
        #expect(scrapers.settle(at: 1).hashes == [1, 2])
        scrape("a", 8, [1, 2], begun: [], at: second)
        #expect(scrapers.settle(at: second + 1).hashes == [1, 2])
        scrape("a", 9, [1], begun: [], at: 2 * second)
        #expect(scrapers.settle(at: 2 * second + 1).hashes == [1, 2], "missing once, again")
    }

    /// A rendering that was overtaken says nothing about the present.
    @Test func overtaken() {
        scrape("a", 8, [1, 2, 3], begun: [3], at: 0)
        scrapers.rendered(generation: 7, cumulative: [1], begun: [])
        #expect(scrapers.settle(at: 1).hashes == [1, 2, 3])
    }

    @Test func tooManyScrapers() {
        for client in 0..<Scrapers.limit { scrape("\(client)", 7, [1, 2, 3], begun: [3], at: 0) }
        scrapers.served("one more", generation: 1, at: 0)
        #expect(scrapers.settle(at: 1).hashes == [1, 2, 3])
    }
}
