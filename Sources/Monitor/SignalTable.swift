import Events
import Sketches

/// Finds the signals of a model by role and name.
///
/// Apart from the model, because a look-up that went through a method of it would copy all of it.
struct SignalTable {
    private var names = CategoryTable(limit: SketchLimits.categories)
    /// Per role: number of the signal with the role's default name; -1 without one.
    private var unnamed = [Int](repeating: -1, count: Role.allCases.count)

    /// Number of the signal with this role and name; `nil` if there is none.
    func number(role: Role, name: String) -> Int? { names.id(of: Self.key(role: role, name: name)) }

    /// The same for a name in bytes; `nil` stands for the role's default name.
    ///
    /// Mutating, though it changes nothing: so the table is used in its place and not copied, which would cost more
    /// than the look-up.
    mutating func number(role: Role, name: UnsafeRawBufferPointer?) -> Int? {
        guard let name = unsafe name else {
            let number = unnamed[Int(role.rawValue)]
            return number < 0 ? nil : number
        }
        guard name.count <= EventLimits.nameBytes else { return nil }
        return unsafe withUnsafeTemporaryAllocation(byteCount: 1 + name.count, alignment: 1) { key in
            unsafe key[0] = role.rawValue
            unsafe UnsafeMutableRawBufferPointer(rebasing: key[1...]).copyMemory(from: name)
            return unsafe names.id(of: UnsafeRawBufferPointer(key))
        }
    }

    /// Enters a signal under its number; `false` if there is one with its role and name.
    mutating func insert(role: Role, name: String, number: Int) -> Bool {
        guard names.insert(Self.key(role: role, name: name)) == number else { return false }
        if name == role.defaultName { unnamed[Int(role.rawValue)] = number }
        return true
    }

    private static func key(role: Role, name: String) -> String { String(UnicodeScalar(role.rawValue)) + name }
}
