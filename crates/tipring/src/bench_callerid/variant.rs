//! The ways of sending who calls, and the countries that use them.

use tipring_country::Country;
use tipring_oracle::Adsi;
use tipring_port::{CallerIdAlert, CallerIdSignal, CallerIdTiming, DtmfCallerId, FskStandard};
use tipring_units::Millis;

/// A way, with its timing.
pub struct Variant {
    /// What it is called.
    pub name: &'static str,
    /// Who uses it.
    pub country: &'static str,
    /// What a line sends.
    pub timing: CallerIdTiming,
    /// As what.
    pub signal: CallerIdSignal,
    /// libspandsp's standard that should hear it, and sends the same.
    pub theirs: Adsi,
}

/// All of them: those of the country packs as these have them, then the others.
pub fn variants() -> Vec<Variant> {
    let mut all = Vec::new();
    for (code, name) in
        [("us", "Bellcore FSK"), ("gb", "SIN 227"), ("de", "ETSI DT-AS, FSK"), ("fr", "ETSI RP-AS, FSK")]
    {
        let Ok(country) = Country::named(code) else { continue };
        let timing = country.caller_id.timing;
        if let Some(signal) = timing.signal() {
            all.push(Variant { name, country: code, timing, signal, theirs: standard(signal) });
        }
    }
    let between =
        |signal| CallerIdTiming::BetweenRings { after_ring: Millis(600), before_ring: Millis(200), signal };
    let before = |alert, signal| CallerIdTiming::BeforeRing {
        alert,
        alert_to_data: Millis(250),
        data_to_ring: Millis(300),
        signal,
    };
    let reversal_and_tone = CallerIdAlert::ReversalAndTone { wait: Millis(150), length: Millis(100) };
    let single =
        CallerIdSignal::Fsk { standard: FskStandard::Bell202, multiple: false, seizure: 300, mark: 180 };
    let dtmf = |alert, framing| before(alert, CallerIdSignal::Dtmf(framing));
    let others = [
        ("Bellcore FSK, single", "us, sg", between(single)),
        ("ETSI FSK during ringing", "it, at, es", between(CallerIdSignal::ETSI)),
        ("ETSI reversal, DT-AS, FSK", "by setting", before(reversal_and_tone, CallerIdSignal::ETSI)),
        ("DTMF A-C", "se, br, in, fi", dtmf(CallerIdAlert::Reversal, DtmfCallerId::AC)),
        ("DTMF A-#", "dk", dtmf(CallerIdAlert::Reversal, DtmfCallerId::AHash)),
        ("DTMF D-C", "nl, tw, kw", dtmf(CallerIdAlert::None, DtmfCallerId::DC)),
        ("DTMF D-#", "kw, dk", dtmf(CallerIdAlert::None, DtmfCallerId::DHash)),
        ("NTT", "jp", CallerIdTiming::AfterShortRing { signal: CallerIdSignal::Ntt }),
    ];
    for (name, country, timing) in others {
        if let Some(signal) = timing.signal() {
            all.push(Variant { name, country, timing, signal, theirs: standard(signal) });
        }
    }
    all
}

fn standard(signal: CallerIdSignal) -> Adsi {
    match signal {
        CallerIdSignal::Fsk { standard: FskStandard::Bell202, .. } => Adsi::Class,
        CallerIdSignal::Fsk { standard: FskStandard::V23, .. } => Adsi::Clip,
        CallerIdSignal::Dtmf(_) => Adsi::Dtmf,
        CallerIdSignal::Ntt => Adsi::Jclip,
    }
}
