import Events

/// Which column of a table of instances a value belongs to.
enum PayloadKey {
    /// By its place in a row without names.
    case index(Int)
    /// By a name in the bytes.
    case name(Int, Int)
    /// By its place in a row of the tensor announced last.
    case element(Int)
    /// What the model answered.
    case prediction
    /// How sure it was.
    case score
}

/// Takes the values of tables of instances, one by one.
protocol PayloadSink {
    /// Announces a tensor by its name, and the number of values it has per row.
    mutating func beginTensor(_ payload: Int, _ from: Int, _ to: Int, width: Int)

    /// Takes the JSON value at `at` and returns the offset behind it.
    mutating func json(_ payload: Int, _ key: PayloadKey, _ row: Int, _ at: Int) throws(RejectionReason) -> Int

    /// Takes a value that has no type.
    mutating func text(
        _ payload: Int, _ key: PayloadKey, _ row: Int, _ from: Int, _ to: Int
    ) throws(RejectionReason)

    /// Says that the bytes `from..<to` are one of several numbers of an answer, of which only the largest counts.
    mutating func candidate(_ answer: LargestNumber, _ row: Int, _ from: Int, _ to: Int)

    /// Says that the bytes `from..<to` are the number of instances.
    mutating func count(_ from: Int, _ to: Int)

    /// Takes the largest of several numbers, or its place among them; bytes where the first of them stood are free for
    /// the digits of that.
    mutating func answer(
        _ payload: Int, _ key: PayloadKey, _ row: Int, _ answer: LargestNumber, _ part: LargestNumber.Part
    )

    /// Says that a value, which nobody asks for, was passed over.
    mutating func passed(_ from: Int, _ to: Int)

    /// Says that what was handed on depends on a value: other values would have been read in another way.
    mutating func depends()
}

extension PayloadSink {
    mutating func candidate(_ answer: LargestNumber, _ row: Int, _ from: Int, _ to: Int) {}
    mutating func count(_ from: Int, _ to: Int) {}
    mutating func passed(_ from: Int, _ to: Int) {}
    mutating func depends() {}
}

/// The largest of several numbers.
struct LargestNumber {
    /// What of it is asked for.
    enum Part {
        /// Its place among all, from 0.
        case place
        case value
    }

    private(set) var count = 0
    private(set) var value = -Double.infinity
    /// Its place among all.
    private(set) var index = 0
    /// Where the first one stands.
    private(set) var first = 0
    private var hasOthers = false

    /// Adds the number that stands at `at`.
    mutating func add(_ number: Double, at: Int) {
        if count == 0 { first = at }
        if number > value { (value, index) = (number, count) }
        count &+= 1
    }

    /// Adds what is no number.
    mutating func addOther(at: Int) {
        if count == 0 { first = at }
        hasOthers = true
        count &+= 1
    }

    /// Adds what stands in `from..<to`.
    mutating func add(_ bytes: ByteWindow, _ from: Int, _ to: Int, _ numbers: DecimalReader) {
        var at = from
        if let number = numbers.readJSON(bytes, &at), at == to {
            add(number, at: from)
        } else {
            addOther(at: from)
        }
    }

    /// Whether all are numbers, and there is a largest one.
    var isKnown: Bool { count > 0 && !hasOthers && value.isFinite }

    /// Whether there is anything but numbers.
    var isMixed: Bool { hasOthers }

    /// A part of it, as a number.
    func number(_ part: Part) -> Double {
        switch part {
        case .place: Double(index)
        case .value: value
        }
    }
}
