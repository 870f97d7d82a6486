import Events

/// Tells from the first bytes of a file how its records are written.
enum FormatDetection {
    /// Lines that are looked at.
    private static let lineLimit = 20

    /// The format of a file that begins with these bytes: as the hints say, and for the rest JSON lines unless they
    /// clearly are something else.
    static func format(of head: [UInt8], hints: FormatHints) -> RecordFormat {
        let lines = lines(head)
        let wrapper = hints.wrapper ?? lines.first.flatMap(wrapper) ?? .none
        let grammar: RecordFormat.Grammar
        if let known = hints.grammar {
            grammar = known
        } else if wrapper == .none {
            grammar = self.grammar(head, lines)
        } else {
            let texts = self.lines(LineDecoder.unwrapped(head, format: RecordFormat(wrapper: wrapper)))
            // An application logs other things than records too.
            let hasObjects = texts.contains { $0.first == Byte.openBrace }
            grammar = !hasObjects && texts.contains(where: isLogfmt) ? .logfmt : .json
        }
        return RecordFormat(
            wrapper: wrapper, grammar: grammar, columns: hints.columns, zoneOffset: hints.zoneOffset,
            isMixed: hints.isMixed)
    }

    private static func grammar(_ head: [UInt8], _ lines: [[UInt8]]) -> RecordFormat.Grammar {
        guard let first = lines.first, first.first != Byte.openBrace, first.first != Byte.openBracket else {
            return .json
        }
        return lines.allSatisfy(isLogfmt) ? .logfmt : table(head) ?? .json
    }

    private static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
        var rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        var lines: [[UInt8]] = []
        while lines.count < lineLimit, let end = rest.firstIndex(of: Byte.newline) {
            var line = rest[..<end].drop { $0 == 0 || $0 == Byte.space || $0 == Byte.tab }
            if line.last == Byte.carriageReturn { line = line.dropLast() }
            if !line.isEmpty { lines.append(Array(line)) }
            rest = rest[(end + 1)...]
        }
        return lines
    }

    private static func wrapper(_ line: [UInt8]) -> RecordFormat.Wrapper? {
        withTerminated(line) { bytes, count in
            if CRILine.head(bytes, 0, count) != nil { return .cri }
            guard bytes[0] == Byte.openBrace, let leaves = RecordSampler.leaves(of: line) else { return nil }
            let keys = Set(leaves.filter { $0.path.count == 1 }.map { $0.path[0] })
            return keys.isSuperset(of: ["log", "stream", "time"]) ? .docker : nil
        }
    }

    /// Whether a line has pairs, and their names look like names.
    private static func isLogfmt(_ line: [UInt8]) -> Bool {
        withTerminated(line) { bytes, count in
            var pairs = LogfmtPairs(bytes, 0, count)
            var named = 0
            while let pair = try? pairs.next() {
                for at in pair.keyFrom..<pair.keyTo {
                    let byte = bytes[at]
                    let isName =
                        byte | 0x20 &- 0x61 < 26 || Byte.isDigit(byte) || byte == Byte.underscore
                        || byte == Byte.dot || byte == Byte.minus || byte == Byte.at
                    if !isName { return false }
                }
                if pair.hasValue { named += 1 }
            }
            return named > 0
        }
    }

    /// Commas or tabs, if the first records have the same number of fields, more than one.
    private static func table(_ head: [UInt8]) -> RecordFormat.Grammar? {
        for (grammar, separator) in [(RecordFormat.Grammar.tsv, Byte.tab), (.csv, Byte.comma)] {
            guard let (names, end) = CSVDecoder.header(in: head, separator: separator), names.count > 1 else {
                continue
            }
            guard end < head.count else { return grammar }
            if let (row, _) = CSVDecoder.header(in: Array(head[end...]), separator: separator),
                row.count == names.count
            {
                return grammar
            }
        }
        return nil
    }
}
