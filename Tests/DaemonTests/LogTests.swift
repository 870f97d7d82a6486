import Logging
import Synchronization
import Testing

@testable import Daemon

@Suite struct LogTests {
    private func line(_ pairs: [(String, String)], _ format: LogFormat) -> String {
        String(decoding: LogLine.bytes(pairs, format: format), as: UTF8.self)
    }

    @Test func logfmt() {
        #expect(
            line([("level", "info"), ("msg", "two words"), ("a", ""), ("b", "x=\"y\"\n")], .logfmt)
                == "level=info msg=\"two words\" a=\"\" b=\"x=\\\"y\\\"\\n\"\n")
    }

    @Test func json() {
        #expect(
            line([("level", "info"), ("msg", "a\"\u{1}ü")], .json) == "{\"level\":\"info\",\"msg\":\"a\\\"\\u0001ü\"}\n"
        )
    }

    /// One event is one line, whatever it carries, and no terminal obeys it.
    @Test(arguments: [LogFormat.logfmt, .json])
    func hostileValues(format: LogFormat) {
        let text = line(
            [("v", "\u{1B}[2J\r\n\u{0}\u{7F}\u{9B}\u{202E}\u{2028}" + String(repeating: "é", count: 5_000))], format)
        #expect(text.filter(\.isNewline).count == 1 && text.hasSuffix("\n"))
        #expect(!text.unicodeScalars.contains { [0x1B, 0x9B, 0x7F, 0x202E, 0x2028].contains($0.value) })
        #expect(text.utf8.count < LogLine.valueBytes + 100)
    }

    @Test func levelsChangeWhileRunning() {
        let lines = Mutex([String]())
        let keep: @Sendable ([UInt8]) -> Void = { line in
            lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
        }
        func isolated(_ logger: Logger, _ shared: Log.Shared) {
            logger.debug("one")
            shared.configuration.level = .debug
            logger.debug("two", metadata: ["k": "v"])
            shared.configuration.level = .error
            logger.warning("three")
        }
        let (logger, shared) = Log.make(LogConfiguration(), sink: keep)
        isolated(logger, shared)
        let all = lines.withLock { $0 }
        #expect(all.count == 1)
        #expect(all.first?.contains("level=debug msg=two k=v") == true)
    }
}
