//! The shape of a country file, as written.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::NumberKind;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCountry {
    pub code: String,
    pub name: String,
    pub tone: BTreeMap<String, RawTone>,
    pub ring: RawRing,
    #[serde(default)]
    pub distinctive: Vec<RawDistinctive>,
    pub caller_id: RawCallerId,
    pub hook: RawHook,
    pub flash: RawFlash,
    pub pulse: RawPulse,
    pub disconnect: RawDisconnect,
    pub receiver_off_hook: RawRoh,
    pub impedance: RawImpedance,
    pub levels: RawLevels,
    pub feed: RawFeed,
    pub outside_ringing: RawOutsideRinging,
    pub outside_dialling: RawOutsideDialling,
    pub outside_signs: RawOutsideSigns,
    pub emergency: RawEmergency,
    pub numbers: RawNumbers,
}

/// Declares a table of a country file; each has its sources.
macro_rules! sourced {
    ($($name:ident { $($field:ident: $kind:ty,)* })*) => {$(
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $(pub $field: $kind,)*
            #[serde(default)]
            pub source: String,
            #[serde(default)]
            pub second: String,
            #[serde(default)]
            pub unverified: String,
        }

        impl $name {
            pub fn provenance(&self, key: &str) -> crate::Provenance {
                crate::Provenance {
                    key: key.to_owned(),
                    source: self.source.clone(),
                    second: (!self.second.is_empty()).then(|| self.second.clone()),
                    unverified: (!self.unverified.is_empty()).then(|| self.unverified.clone()),
                }
            }
        }
    )*};
}

sourced! {
    RawTone { level: String, steps: Vec<String>, repeat: Option<String>, }
    RawRing { frequency: String, level: String, cadence: String, }
    RawDistinctive { name: String, cadence: String, }
    RawCallerId {
        standard: String,
        after_ring: Option<String>,
        before_ring: Option<String>,
        reversal: Option<bool>,
        reversal_to_alert: Option<String>,
        alert: Option<String>,
        alert_to_data: Option<String>,
        data_to_ring: Option<String>,
        seizure: Option<String>,
        mark: Option<String>,
        framing: Option<String>,
        multiple: Option<bool>,
        times: Option<BTreeMap<String, String>>,
    }
    RawHook { seize: String, release: String, bounce: String, }
    RawFlash { window: String, }
    RawPulse { enabled: bool, r#break: String, interdigit: String, convention: String, }
    RawDisconnect { signal: String, length: Option<String>, reverse_on_answer: Option<bool>, }
    RawRoh { reorder: String, howler: String, }
    RawImpedance { network: String, }
    RawLevels { input: String, output: String, }
    RawFeed { battery: String, current: String, threshold: String, }
    RawOutsideRinging { frequency: String, least: String, validate: String, timeout: String, }
    RawOutsideDialling {
        when: String,
        digits: String,
        pulses: String,
        interdigit: String,
        flash: String,
        guard: String,
    }
    RawOutsideSigns { answer: String, clear: Vec<String>, in_use_below: String, dead_below: String, }
    RawEmergency { numbers: Vec<String>, }
    RawNumbers { trunk_prefix: String, international_prefix: String, rule: Vec<RawRule>, }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRule {
    pub pattern: String,
    pub kind: NumberKind,
}
