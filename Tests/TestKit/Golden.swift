public import Foundation

/// Expected values that were computed elsewhere and are kept beside the tests.
public enum Golden {
    /// Decodes `Golden/<name>.json` of a test bundle.
    ///
    /// `NaN`, `Infinity` and `-Infinity` are numbers, as Python writes them between quotation marks.
    public static func load<Value: Decodable>(_ name: String, from bundle: Bundle, as type: Value.Type = Value.self)
        throws
        -> Value
    {
        let url = bundle.bundleURL.appendingPathComponent("Golden/\(name).json")
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return try decoder.decode(type, from: Data(contentsOf: url))
    }
}
