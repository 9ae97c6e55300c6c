//! Volts, milliamps, ohms and what hangs on a loop.

macro_rules! quantity {
    ($($(#[$doc:meta])* $name:ident, $unit:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default)]
        pub struct $name(pub f32);

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!("{:.1} ", $unit), self.0)
            }
        }
    )*};
}

quantity! {
    /// A voltage in volts. Between tip and ring it is tip minus ring: normal battery is positive.
    Volts, "V";
    /// A current in milliamps. Loop current flows out of tip and back into ring in normal battery.
    Milliamps, "mA";
    /// A resistance or the magnitude of an impedance in ohms.
    Ohms, "ohm";
    /// A capacitance in farads.
    Farads, "F";
    /// Ringer equivalence number: the load of one standard ringer is 1 (8 uF in series with 7 kohm at 20 Hz).
    Ren, "REN";
}
