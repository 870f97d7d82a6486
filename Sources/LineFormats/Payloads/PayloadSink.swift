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

    /// Takes a number that was computed from values that are read; bytes from `at` on, enough for its digits, are free.
    mutating func number(_ payload: Int, _ key: PayloadKey, _ row: Int, _ number: Double, at: Int)
}
