//! The packs that are built in. This list is the only one: what a configuration may say and what an unknown country is answered
//! follow from it.

/// Names by which a country is also known.
pub(crate) const ALIASES: [(&str, &str); 1] = [("uk", "gb")];

/// Lists the packs by their codes, in order.
macro_rules! packs {
    ($($code:literal)*) => {
        /// The packs that are built in, by code.
        pub(crate) const PACKS: &[(&str, &str)] =
            &[$(($code, include_str!(concat!("../../../data/countries/", $code, ".toml")))),*];

        /// What a configuration may call a country: the codes of all packs in order, then the other names.
        pub const COUNTRY_WORDS: &[&str] = &[$($code,)* ALIASES[0].0];
    };
}

packs! {
    "at" "au" "be" "br" "ca" "ch" "cn" "de" "dk" "es" "fi" "fr" "gb" "ie" "in" "it" "jp" "nl" "no" "nz" "pl" "pt" "se" "us"
}
