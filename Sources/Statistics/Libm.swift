#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#endif

/// The functions of the C library that this module needs, in one place.
enum Libm {
    static func log(_ x: Double) -> Double {
        #if canImport(Glibc)
            Glibc.log(x)
        #elseif canImport(Musl)
            Musl.log(x)
        #endif
    }

    static func exp(_ x: Double) -> Double {
        #if canImport(Glibc)
            Glibc.exp(x)
        #elseif canImport(Musl)
            Musl.exp(x)
        #endif
    }

    static func erfc(_ x: Double) -> Double {
        #if canImport(Glibc)
            Glibc.erfc(x)
        #elseif canImport(Musl)
            Musl.erfc(x)
        #endif
    }

    static func cbrt(_ x: Double) -> Double {
        #if canImport(Glibc)
            Glibc.cbrt(x)
        #elseif canImport(Musl)
            Musl.cbrt(x)
        #endif
    }
}
