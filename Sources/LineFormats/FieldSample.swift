import Events

/// What the values of one field looked like over the sampled records.
struct FieldSample {
    let path: [String]
    /// Records in which it had a value that is not null.
    private(set) var present = 0
    private(set) var booleans = 0
    private(set) var lists = 0
    private(set) var numbers = 0
    /// Numbers that are whole.
    private(set) var integers = 0
    private(set) var texts = 0
    /// Texts that are RFC 3339 times with an offset.
    private(set) var times = 0
    /// Texts that are such times without an offset.
    private(set) var localTimes = 0
    /// Texts that as a whole are numbers.
    private(set) var numericTexts = 0
    /// Values that name a `Status`.
    private(set) var statuses = 0
    /// Bytes of all texts.
    private(set) var textBytes = 0
    private(set) var smallest = Double.infinity
    private(set) var largest = -Double.infinity
    /// Different spellings of numbers and texts.
    private var spellings: Set<String> = []

    init(path: [String]) { self.path = path }

    var distinct: Int { spellings.count + min(booleans, 2) }
    /// Key or keys, as they appear in explanations.
    var name: String { path.joined(separator: ".") }

    mutating func add(_ value: RecordSampler.Value) {
        guard value != .null else { return }
        present += 1
        switch value {
        case .null: break
        case .boolean:
            booleans += 1
            statuses += 1
        case .list: lists += 1
        case .number(let number, let spelling):
            numbers += 1
            add(number: number)
            if StatusNames.status(code: number) != nil { statuses += 1 }
            spellings.insert(spelling)
        case .text(let text):
            texts += 1
            textBytes += text.utf8.count
            if TimestampReader.timestamp(in: text) != nil {
                times += 1
            } else if withTerminated(text.utf8, { TimestampReader.timestamp($0, 0, $1, zoneOffset: 0) }) != nil {
                localTimes += 1
            }
            let isStatus = withTerminated(text.utf8) { StatusNames.named($0, 0, $1) != nil }
            if let number = DecimalReader().number(in: text), isJSONNumber(text) {
                numericTexts += 1
                add(number: number)
                if StatusNames.status(code: number) != nil { statuses += 1 }
            } else if isStatus {
                statuses += 1
            }
            spellings.insert(text)
        }
    }

    /// Whether the decoder would take the text for a number: `007` is a code.
    private func isJSONNumber(_ text: String) -> Bool {
        withTerminated(text.utf8) { DecimalReader().skipJSON($0, 0) == $1 }
    }

    private mutating func add(number: Double) {
        guard number.isFinite else { return }
        (smallest, largest) = (min(smallest, number), max(largest, number))
        // From 2^53 on there are no fractions.
        if number.magnitude >= 0x1p53 || Double(Int64(number)) == number { integers += 1 }
    }

    /// Whether all of its values are numbers, or texts that are numbers.
    var isNumeric: Bool { present > 0 && numbers + numericTexts == present }
    /// Whether its values are all whole numbers that the writer put in quotes.
    var isQuotedInteger: Bool { present > 0 && numericTexts == present && integers == present }
    /// Whether its values are all whole and so few different ones that they are names of classes.
    var isClassNumber: Bool {
        guard isNumeric, integers == present, distinct <= SchemaInference.classLimit else { return false }
        return (smallest >= 0 && largest < 20) || present >= 5 * distinct
    }
    /// Whether its values come so often that they name groups of records, as a trace or a session does, and no record;
    /// records that come two or three times are still named.
    var isShared: Bool { present >= 20 && distinct * 4 < present }
    /// Whether nearly every record has a value of its own.
    var isNearlyUnique: Bool { present >= 20 && distinct * 10 >= present * 9 }
}
