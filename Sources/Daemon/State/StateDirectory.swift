/// What the state store asks of its directory, one system call each.
///
/// The real one is `LinuxStateDirectory`; the simulation puts one in its place that fails and dies at any call. Names
/// are those of files in the directory, and no call follows a link.
protocol StateDirectory: AnyObject {
    /// The directory, for messages.
    var path: String { get }
    /// What is unsafe about it, as a sentence; `nil` if nothing is.
    var weakness: String? { get }
    /// Whether files can be made in it at all.
    var isWritable: Bool { get }
    /// The whole content of a file; `nil` if there is none.
    ///
    /// What others may have written is an error.
    func read(_ name: String, limit: Int) throws(SystemError) -> [UInt8]?
    /// Whether there is something of this name.
    func exists(_ name: String) throws(SystemError) -> Bool
    /// Makes a file that was not there, readable by nobody else, and opens it.
    func create(_ name: String) throws(SystemError) -> Int32
    /// Appends at least one of the bytes and returns how many.
    func write(_ bytes: ArraySlice<UInt8>, to file: Int32) throws(SystemError) -> Int
    /// Makes the content of a file durable.
    func sync(_ file: Int32) throws(SystemError)
    /// Closes a file.
    func close(_ file: Int32) throws(SystemError)
    /// Removes a name; nothing to remove is no error.
    func remove(_ name: String) throws(SystemError)
    /// Gives a file a second name that was free.
    func link(_ name: String, to other: String) throws(SystemError)
    /// Gives a file another name, and with it the place of what had it.
    func rename(_ name: String, to other: String) throws(SystemError)
    /// Makes the names durable.
    func sync() throws(SystemError)
}
