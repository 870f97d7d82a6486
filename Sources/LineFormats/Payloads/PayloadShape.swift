import Events

/// How the instances of a payload are arranged, found without changing a byte.
enum PayloadShape {
    /// An array with one element per instance, at its first element.
    case rows(Int)
    /// An array with one row per instance, and the names of the columns in another one; both at their first element.
    case named(columns: Int, rows: Int)
    /// Tensors with names, each holding all instances; at the first one.
    case tensors(Int)
    /// One tensor: its values in one array, at the first of them; its names, if it has some.
    case tensor(values: Int, names: Int?, width: Int)
    /// One object that is the instance.
    case object(Int)
    /// One object or array per instance, one behind the other.
    case documents
    /// Spans of an OTLP request, one instance for each that is about a model; at the first resource.
    case spans(Int)
    /// Comma-separated values, one line per instance.
    case lines
}

/// A payload: where it is, how it is arranged, and how many instances it has.
struct PayloadTable {
    var payload: Int
    var isOutput: Bool
    var from: Int
    var to: Int
    var shape: PayloadShape
    var rows: Int
}

/// Finds out how payloads are arranged.
///
/// Known are the protocols of KServe and TensorFlow Serving (`instances`, `predictions`, `inputs`, `outputs`), the Open
/// Inference Protocol (tensors), MLflow (`dataframe_split`, `dataframe_records`), Seldon (`data` with `ndarray` or
/// `tensor`), JSON lines, CSV, and any of them as base64.
struct PayloadSurvey {
    let scanner: JSONScanner
    let numbers: DecimalReader

    private var bytes: ByteWindow { scanner.bytes }

    /// Looks at the payload `from..<to`.
    ///
    /// - Parameter isValue: Whether it is one JSON object or array without line breaks, as `JSONScanner.extent` finds.
    func table(
        _ payload: Int, isOutput: Bool, _ from: Int, _ to: Int, isValue: Bool = false
    ) throws(RejectionReason) -> PayloadTable {
        if isValue {
            let (shape, rows) = try bytes[from] == Byte.openBracket ? array(from) : object(from)
            return PayloadTable(payload: payload, isOutput: isOutput, from: from, to: to, shape: shape, rows: rows)
        }
        var (from, to) = trimmed(from, to)
        if let end = Base64.decodeInPlace(bytes, from, to) { (from, to) = trimmed(from, end) }
        guard from < to else { throw .malformedPayload }
        var table = PayloadTable(payload: payload, isOutput: isOutput, from: from, to: to, shape: .lines, rows: 0)
        let first = bytes[from]
        guard first == Byte.openBrace || first == Byte.openBracket else {
            table.rows = lineCount(from, to)
            return table
        }
        // Line breaks between tokens end no line here.
        var newline = bytes.newline(from: from)
        while newline < to {
            bytes[newline] = Byte.space
            newline = bytes.newline(from: newline &+ 1)
        }
        let end = try scanner.extent(from, depth: 0)
        if end < to, trimmed(end, to).0 < to {
            (table.shape, table.rows) = (.documents, try documentCount(from, to))
        } else if first == Byte.openBracket {
            (table.shape, table.rows) = try array(from)
        } else {
            (table.shape, table.rows) = try object(from)
        }
        return table
    }

    // MARK: - Shapes

    /// The arrangement of an array.
    private func array(_ start: Int) throws(RejectionReason) -> (PayloadShape, Int) {
        let first = bytes.skippingSpaces(start &+ 1)
        if bytes[first] == Byte.openBrace {
            if let rows = try tensorRows(first) { return (.tensors(first), rows) }
            if try member(first, "scopeSpans") != nil {
                var count = 0
                try OTLPSpans(survey: self).each(first) { (_) throws(RejectionReason) in count &+= 1 }
                return (.spans(first), count)
            }
        }
        return (.rows(first), try count(first))
    }

    /// The arrangement of an object, by the keys it has.
    private func object(_ start: Int) throws(RejectionReason) -> (PayloadShape, Int) {
        var (columns, data, names, tensor): (Int?, Int?, Int?, Int?) = (nil, nil, nil, nil)
        var found: Int?
        try eachMember(start) { (from, to, value) throws(RejectionReason) in
            let isContainer = bytes[value] == Byte.openBrace || bytes[value] == Byte.openBracket
            guard isContainer else { return }
            if is_(from, to, "instances") || is_(from, to, "predictions") || is_(from, to, "dataframe_split")
                || is_(from, to, "dataframe_records") || is_(from, to, "inputs") || is_(from, to, "outputs")
                || is_(from, to, "ndarray")
            {
                if found == nil { found = value }
            } else if is_(from, to, "columns") {
                columns = value
            } else if is_(from, to, "names") {
                names = value
            } else if is_(from, to, "data") {
                data = value
            } else if is_(from, to, "tensor") {
                tensor = value
            }
        }
        if let found, let names, bytes[found] == Byte.openBracket, try count(inside(names)) > 0 {
            return (.named(columns: inside(names), rows: inside(found)), try count(inside(found)))
        }
        if let found { return bytes[found] == Byte.openBrace ? try object(found) : try array(found) }
        if let tensor, bytes[tensor] == Byte.openBrace { return try self.tensor(tensor, names: names) }
        if let columns, let data, bytes[columns] == Byte.openBracket, bytes[data] == Byte.openBracket {
            return (.named(columns: inside(columns), rows: inside(data)), try count(inside(data)))
        }
        if let data { return bytes[data] == Byte.openBrace ? try object(data) : try array(data) }
        return (.object(start), 1)
    }

    /// Seldon's `{"shape":[rows,columns],"values":[…]}`.
    private func tensor(_ start: Int, names: Int?) throws(RejectionReason) -> (PayloadShape, Int) {
        var (shape, values): (Int?, Int?) = (nil, nil)
        try eachMember(start) { (from, to, value) throws(RejectionReason) in
            guard bytes[value] == Byte.openBracket else { return }
            if is_(from, to, "shape") { shape = value }
            if is_(from, to, "values") { values = value }
        }
        guard let shape, let values else { throw .malformedPayload }
        let (rows, width) = try extents(shape)
        let names = try names.flatMap { (names) throws(RejectionReason) -> Int? in
            guard bytes[names] == Byte.openBracket else { return nil }
            return try count(inside(names)) == width ? inside(names) : nil
        }
        return (.tensor(values: inside(values), names: names, width: width), rows)
    }

    /// Number of instances of a tensor of the Open Inference Protocol at `start`; `nil` if it is something else.
    private func tensorRows(_ start: Int) throws(RejectionReason) -> Int? {
        guard let tensor = try self.tensor(start) else { return nil }
        return tensor.rows
    }

    /// A tensor of the Open Inference Protocol.
    struct Tensor {
        var nameFrom = 0
        var nameTo = 0
        /// Behind its closing brace.
        var end = 0
        /// First number of its shape, behind the bracket.
        var shape = 0
        /// First value, behind the bracket; 0 if the values travel elsewhere.
        var data = 0
        var rows = 0
        var width = 0
    }

    /// The tensor at `start`; `nil` if it has no name and shape.
    func tensor(_ start: Int) throws(RejectionReason) -> Tensor? {
        var tensor = Tensor()
        var shape: Int?
        tensor.end = try eachMember(start) { (from, to, value) throws(RejectionReason) in
            if is_(from, to, "name"), bytes[value] == Byte.quote {
                (tensor.nameFrom, tensor.nameTo) = (value &+ 1, try scanner.end(value) &- 1)
            } else if is_(from, to, "shape"), bytes[value] == Byte.openBracket {
                shape = value
            } else if is_(from, to, "data"), bytes[value] == Byte.openBracket {
                tensor.data = inside(value)
            }
        }
        guard let shape, tensor.nameTo > tensor.nameFrom else { return nil }
        tensor.shape = inside(shape)
        (tensor.rows, tensor.width) = try extents(shape)
        return tensor
    }

    /// Rows, and values per row, of a shape.
    private func extents(_ start: Int) throws(RejectionReason) -> (rows: Int, width: Int) {
        var (rows, width, at) = (1, 1, inside(start))
        var index = 0
        while bytes[at] != Byte.closeBracket {
            guard let number = numbers.readJSON(bytes, &at), number >= 0, number <= Double(EventLimits.lineBytes) else {
                throw .malformedPayload
            }
            let extent = Int(number)
            if index == 0 {
                rows = extent
            } else {
                let (product, isTooLarge) = width.multipliedReportingOverflow(by: extent)
                guard !isTooLarge else { throw .malformedPayload }
                width = product
            }
            index &+= 1
            at = bytes.skippingSpaces(at)
            if bytes[at] == Byte.comma { at = bytes.skippingSpaces(at &+ 1) }
        }
        return (rows, width)
    }

    /// Offset of the value of a member, or `nil`.
    func member(_ start: Int, _ name: StaticString) throws(RejectionReason) -> Int? {
        var found: Int?
        try eachMember(start) { (from, to, value) throws(RejectionReason) in
            if is_(from, to, name) { found = value }
        }
        return found
    }

    // MARK: - Steps

    /// Offset of the first element of an array.
    func inside(_ start: Int) -> Int { bytes.skippingSpaces(start &+ 1) }

    /// Number of elements of an array, from its first one on.
    private func count(_ first: Int) throws(RejectionReason) -> Int {
        var (at, count) = (first, 0)
        while bytes[at] != Byte.closeBracket {
            count &+= 1
            at = try nextElement(try scanner.end(at))
        }
        return count
    }

    /// The next element, or the bracket behind the last, from behind an element.
    func nextElement(_ behind: Int) throws(RejectionReason) -> Int {
        let at = bytes.skippingSpaces(behind)
        if bytes[at] == Byte.closeBracket { return at }
        guard bytes[at] == Byte.comma else { throw .malformedPayload }
        return bytes.skippingSpaces(at &+ 1)
    }

    /// Goes through the members of an object: the key's bytes, and the offset of the value.
    ///
    /// Returns the offset behind the object.
    @discardableResult
    func eachMember(
        _ start: Int, _ body: (Int, Int, Int) throws(RejectionReason) -> Void
    ) throws(RejectionReason) -> Int {
        var at = inside(start)
        while bytes[at] != Byte.closeBrace {
            guard bytes[at] == Byte.quote else { throw .malformedPayload }
            let end = try scanner.end(at)
            let value = try scanner.colon(end)
            try body(at &+ 1, end &- 1, value)
            at = bytes.skippingSpaces(try scanner.end(value))
            if bytes[at] == Byte.comma { at = bytes.skippingSpaces(at &+ 1) }
        }
        return at &+ 1
    }

    private func documentCount(_ from: Int, _ to: Int) throws(RejectionReason) -> Int {
        var (at, count) = (from, 0)
        while at < to {
            at = trimmed(try scanner.extent(at, depth: 0), to).0
            count &+= 1
        }
        return count
    }

    private func lineCount(_ from: Int, _ to: Int) -> Int {
        var (lines, hasBytes) = (0, false)
        for at in from..<to {
            if bytes[at] == Byte.newline {
                if hasBytes { lines &+= 1 }
                hasBytes = false
            } else if bytes[at] != Byte.carriageReturn {
                hasBytes = true
            }
        }
        return lines &+ (hasBytes ? 1 : 0)
    }

    func trimmed(_ from: Int, _ to: Int) -> (Int, Int) {
        func isSpace(_ byte: UInt8) -> Bool { byte == Byte.space || byte &- Byte.tab < 5 }
        var (from, to) = (from, to)
        while from < to, isSpace(bytes[from]) { from &+= 1 }
        while to > from, isSpace(bytes[to &- 1]) { to &-= 1 }
        return (from, to)
    }

    func is_(_ from: Int, _ to: Int, _ name: StaticString) -> Bool {
        guard to &- from == name.utf8CodeUnitCount else { return false }
        for i in 0..<(to &- from) where unsafe bytes[from &+ i] != name.utf8Start[i] { return false }
        return true
    }
}

/// Base64 (RFC 4648), as loggers wrap bodies in.
enum Base64 {
    /// Decodes `from..<to` in place and returns the new end; `nil` if it is not base64 of a JSON text or of numbers.
    ///
    /// Text that happens to be valid base64 stays as it is unless what it stands for begins as a payload does.
    static func decodeInPlace(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Int? {
        let count = to &- from
        guard count >= 4, count % 4 == 0, let start = first(bytes, from), isPayload(start) else { return nil }
        var padding = 0
        while padding < 2, bytes[to &- 1 &- padding] == 0x3D { padding &+= 1 }
        for at in from..<(to &- padding) where value(bytes[at]) > 63 { return nil }
        var write = from
        var read = from
        while read < to {
            var group: UInt32 = 0
            for i in 0..<4 {
                let value = value(bytes[read &+ i])
                group = group &<< 6 | UInt32(value > 63 ? 0 : value)
            }
            let length = read &+ 4 == to ? 3 &- padding : 3
            for i in 0..<length {
                bytes[write &+ i] = UInt8(truncatingIfNeeded: group &>> UInt32(16 &- 8 &* i))
            }
            write &+= length
            read &+= 4
        }
        return write
    }

    /// The first byte that four characters stand for, if all of them are of the alphabet and one is a letter.
    private static func first(_ bytes: ByteWindow, _ from: Int) -> UInt8? {
        var hasLetter = false
        for i in 0..<4 {
            let byte = bytes[from &+ i]
            if byte | 0x20 &- 0x61 < 26 { hasLetter = true }
            if value(byte) > 63, byte != 0x3D { return nil }
        }
        let (a, b) = (value(bytes[from]), value(bytes[from &+ 1]))
        return hasLetter && a < 64 && b < 64 ? a &<< 2 | b &>> 4 : nil
    }

    private static func isPayload(_ byte: UInt8) -> Bool {
        byte == Byte.openBrace || byte == Byte.openBracket || byte == Byte.minus || Byte.isDigit(byte)
    }

    private static func value(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x41...0x5A: byte &- 0x41
        case 0x61...0x7A: byte &- 0x61 &+ 26
        case 0x30...0x39: byte &- 0x30 &+ 52
        case 0x2B, 0x2D: 62
        case 0x2F, 0x5F: 63
        default: 255
        }
    }
}
