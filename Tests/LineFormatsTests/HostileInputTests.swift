import Events
import LineFormats
import TestKit
import Testing

/// Mutations of valid input: nothing traps, every line is counted once, rows are whole, nothing is written outside.
@Suite struct HostileInputTests {
    private static let seeds = [
        """
        {"ts":"2026-01-01T00:00:00.123Z","id":"42-ab","model":"fraud","version":"3","features":{"amount":12.5,\
        "country":"DE","n":-1.5e-3},"prediction":"approve","score":0.4879263073031473,"latency_ms":8.1,"status":200}

        """,
        "{ \"ts\" : 1767225600 , \"features\" : { \"country\" : \"\\u00e9\\ud834\\udd1e\\n\","
            + " \"x\":[1,{\"a\":null}] } }\r\n",
        "{\"features\":{\"amount\":NaN,\"n\":123456789012345678901234567890},"
            + "\"score\":\"0.5\",\"id\":9007199254740993}\n",
        "model.feature:12.5:3|g|@0.5|#model:fraud,version:3,feature:amount|T1656581400|c:ci-1\n",
        "model.prediction:4|c|#model:é,class:approve,status:504\n_e{1,1}:a|b\n\n",
        "\0\0{\"score\":1}\n\u{FEFF}{\"score\":2}\n[1]\n",
    ].map { Array($0.utf8) }

    private static let alphabet =
        Array("{}[]\":,\\u0d8.eE+-tfnNI|@#T \n\r\t\0".utf8) + [0x80, 0xC3, 0xE2, 0xED, 0xF0, 0xFF]

    private static func mutated(_ random: inout SplitMix64) -> [UInt8] {
        var text: [UInt8] = []
        for _ in 0...(random.next() % 3) { text += seeds[Int(random.next() % UInt64(seeds.count))] }
        for _ in 0..<(random.next() % 6) where !text.isEmpty {
            let at = Int(random.next() % UInt64(text.count))
            switch random.next() % 5 {
            case 0: text[at] = alphabet[Int(random.next() % UInt64(alphabet.count))]
            case 1: text[at] ^= 1 << UInt8(random.next() % 8)
            case 2: text.remove(at: at)
            case 3: text.insert(alphabet[Int(random.next() % UInt64(alphabet.count))], at: at)
            default: text.removeSubrange(at...)
            }
        }
        return text
    }

    /// What holds of every batch, whatever was decoded into it.
    private static func check(_ batch: EventBatch, _ count: Int, guardBytes: UInt8) {
        #expect(batch.receipt.isBalanced && batch.rowCount <= batch.rowCapacity)
        var isWhole = true
        for row in 0..<batch.rowCount {
            for (signal, column) in zip(batch.schema.signals, batch.columnIndices) {
                switch signal.kind {
                case .numeric:
                    let bits = unsafe batch.numbers[column * batch.rowCapacity + row].bitPattern
                    let isMark = bits == NumberMark.missingBits || bits == NumberMark.invalidBits
                    isWhole = isWhole && (isMark || Double(bitPattern: bits).isFinite)
                case .categorical:
                    isWhole = isWhole && isText(unsafe batch.texts[column * batch.rowCapacity + row], batch, count)
                }
            }
        }
        for index in 0..<batch.observationCount {
            let observation = batch.observation(index)
            isWhole =
                isWhole && observation.weight >= 1 && observation.weight.isFinite && !observation.number.isInfinite
            for range in [observation.model, observation.version, observation.name, observation.text] {
                isWhole = isWhole && isText(range, batch, count)
            }
        }
        #expect(isWhole)
        // Behind the text nothing was touched.
        let behind = count..<(batch.byteCapacity + EventBatch.padding)
        let isUntouched = behind.allSatisfy {
            unsafe batch.bytes.load(fromByteOffset: $0, as: UInt8.self) == guardBytes
        }
        #expect(isUntouched)
    }

    /// Whether a range is a sentinel, or valid UTF-8 inside the text.
    private static func isText(_ range: ByteRange, _ batch: EventBatch, _ count: Int) -> Bool {
        guard range.isPresent else { return true }
        guard Int(range.offset) + Int(range.length) <= count else { return false }
        let text = unsafe UnsafeRawBufferPointer(start: batch.bytes + Int(range.offset), count: Int(range.length))
        return unsafe String(validating: text, as: UTF8.self) != nil
    }

    private static func batch(_ schema: Schema, _ text: [UInt8], guardBytes: UInt8) -> EventBatch {
        let batch = EventBatch(
            source: 0, schema: schema, rowCapacity: 8, observationCapacity: 8, byteCapacity: text.count + 1)
        unsafe batch.bytes.initializeMemory(
            as: UInt8.self, repeating: guardBytes, count: text.count + 1 + EventBatch.padding)
        batch.fill(text)
        return batch
    }

    private static let schema = Schema(
        signals: [
            Signal(name: "amount", role: .feature, kind: .numeric, path: ["features", "amount"]),
            Signal(name: "country", role: .feature, kind: .categorical, path: ["features", "country"]),
            Signal(name: "n", role: .feature, kind: .categorical, path: ["features", "n"]),
            Signal(name: "prediction", role: .prediction, kind: .categorical),
            Signal(name: "score", role: .score, kind: .numeric),
            Signal(name: "latency", role: .latency, kind: .numeric, path: ["latency_ms"], scale: 0.001),
        ], timestamp: ["ts"], identifier: ["id"], model: ["model"], version: ["version"], status: ["status"],
        featureObjects: [["features"]])

    /// Bytes that would go on with a number, a string or a key if a scanner ran over the end.
    @Test(arguments: [UInt8(ascii: "1"), UInt8(ascii: "\""), UInt8(ascii: " "), 0, 0xBF])
    func recordsAndLines(guardBytes: UInt8) {
        var random = SplitMix64(seed: 77 + UInt64(guardBytes))
        var decoder = RecordDecoder(schema: Self.schema)
        var lines = StatsDDecoder()
        for _ in 0..<1_000 {
            let text = Self.mutated(&random)
            let isFinal = random.next() % 2 == 0
            let records = Self.batch(Self.schema, text, guardBytes: guardBytes)
            let used = decoder.decodeLines(in: records, from: 0, to: text.count, isFinal: isFinal)
            #expect(used <= text.count)
            if records.rowCount < records.rowCapacity {
                let newlines = UInt64(text.prefix(used).count { $0 == 0x0A })
                let received = records.receipt.received - records.receipt.ignored[Int(IgnoreReason.nulBytes.rawValue)]
                #expect(isFinal ? used == text.count : received <= newlines)
            }
            Self.check(records, text.count, guardBytes: guardBytes)
            let datagram = Self.batch(Self.schema, text, guardBytes: guardBytes)
            let taken = lines.decodeLines(in: datagram, from: 0, to: text.count, records: &decoder)
            #expect(taken <= text.count)
            Self.check(datagram, text.count, guardBytes: guardBytes)
        }
    }

    @Test func tablesAndInference() {
        var random = SplitMix64(seed: 78)
        let table = Array("amount,country,\"n\"\r\n1.5,DE,\"a\"\"b\"\n,\"x\ny\",7\n2e3,,NA\n".utf8)
        for _ in 0..<1_500 {
            var text = table
            for _ in 0..<(random.next() % 5) {
                let at = Int(random.next() % UInt64(text.count))
                text[at] =
                    random.next() % 2 == 0 ? Self.alphabet[Int(random.next() % UInt64(Self.alphabet.count))] : 0x22
            }
            guard let header = CSVDecoder.header(in: text) else { continue }
            let schema = Schema(signals: [
                Signal(name: "amount", role: .feature, kind: .numeric),
                Signal(name: "country", role: .feature, kind: .categorical),
            ])
            let batch = Self.batch(schema, text, guardBytes: 0x22)
            var decoder = CSVDecoder(schema: schema, header: header.names)
            let isFinal = random.next() % 2 == 0
            _ = decoder.decodeLines(in: batch, from: header.end, to: text.count, isFinal: isFinal)
            Self.check(batch, text.count, guardBytes: 0x22)
            var inference = SchemaInference()
            inference.add(rows: Array(text[header.end...]), header: header.names)
            for _ in 0..<4 { unsafe Self.mutated(&random).withUnsafeBytes { unsafe inference.add(record: $0) } }
            if let result = inference.infer() { #expect(result.schema.signals.allSatisfy { !$0.name.isEmpty }) }
        }
    }
}
