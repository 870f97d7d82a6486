/// Cuts JSON texts into lines of one record each.
public enum RecordLines {
    /// The records of a JSON text: of one object, of several one after the other, or the elements of an array.
    ///
    /// Line breaks between tokens become spaces, so each record is on one line; whether it is a valid one is for its
    /// decoder to say. Needs time and memory in proportion to the text.
    ///
    /// - Returns: Lines, each with its newline, and their number; `nil` if the text has no such shape: it begins with
    ///   something else, ends before its brackets do, or goes on after them.
    public static func lines(ofJSON text: [UInt8]) -> (bytes: [UInt8], count: Int)? {
        var splitter = Splitter(isArray: text.first { !isSpace($0) } == Byte.openBracket)
        splitter.bytes.reserveCapacity(text.count + 1)
        for byte in text where !splitter.take(byte) { return nil }
        return splitter.isWhole ? (splitter.bytes, splitter.count) : nil
    }

    /// Whitespace of JSON.
    static func isSpace(_ byte: UInt8) -> Bool {
        byte == Byte.space || byte == Byte.newline || byte == Byte.carriageReturn || byte == Byte.tab
    }

    /// Goes through a text byte by byte; no deeper than a count.
    private struct Splitter {
        let isArray: Bool
        var bytes: [UInt8] = []
        var count = 0
        /// Open brackets inside the record at hand.
        private var depth = 0
        private var isInString = false
        private var isEscaped = false
        /// Whether the record at hand has a byte.
        private var hasBegun = false
        private var isAfterComma = false
        private var hasOpened = false
        private var hasClosed = false

        init(isArray: Bool) { self.isArray = isArray }

        /// Whether everything that was opened is closed.
        var isWhole: Bool {
            depth == 0 && !isInString && (isArray ? hasClosed : count > 0)
        }

        /// `false` if this byte cannot stand here.
        mutating func take(_ byte: UInt8) -> Bool {
            if isInString { return takeInString(byte) }
            if RecordLines.isSpace(byte) {
                if hasBegun { bytes.append(Byte.space) }
                return true
            }
            if hasClosed { return false }
            if isArray, !hasOpened {
                hasOpened = true
                return true
            }
            if depth == 0, isArray, byte == Byte.comma || byte == Byte.closeBracket { return endElement(byte) }
            switch byte {
            case Byte.openBrace, Byte.openBracket: depth += 1
            case Byte.closeBrace, Byte.closeBracket:
                if depth == 0 { return false }
                depth -= 1
            case Byte.quote: isInString = true
            default: break
            }
            // Outside of an array there are objects and nothing else.
            if !isArray, !hasBegun, byte != Byte.openBrace { return false }
            hasBegun = true
            bytes.append(byte)
            if !isArray, depth == 0, !isInString { end() }
            return true
        }

        private mutating func takeInString(_ byte: UInt8) -> Bool {
            // A string has no line break but an escaped one.
            if byte == Byte.newline { return false }
            bytes.append(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == Byte.backslash {
                isEscaped = true
            } else if byte == Byte.quote {
                isInString = false
            }
            return true
        }

        /// Takes a comma between elements, or the bracket behind the last one.
        private mutating func endElement(_ byte: UInt8) -> Bool {
            let isLast = byte == Byte.closeBracket
            guard hasBegun || (isLast && !isAfterComma) else { return false }
            if hasBegun { end() }
            isAfterComma = true
            hasClosed = isLast
            return true
        }

        private mutating func end() {
            bytes.append(Byte.newline)
            count += 1
            hasBegun = false
        }
    }
}
