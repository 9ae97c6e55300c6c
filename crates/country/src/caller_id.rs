//! Reads how a country's network delivers caller identity.

use tipring_port::{CallerIdAlert, CallerIdSignal, CallerIdTiming, DtmfCallerId, FskStandard};
use tipring_units::Millis;

use crate::load::{CountryError, File};
use crate::quantity;
use crate::raw::RawCallerId;
use crate::{CallerIdRule, CallerIdStandard};

/// The usual lead-in: 300 bits of seizure, 180 of mark.
const SEIZURE: Millis = Millis(250);
const MARK: Millis = Millis(150);
const BITS_A_SECOND: u32 = 1200;

/// The framings of DTMF.
const FRAMINGS: [(&str, DtmfCallerId); 4] = [
    ("A-C", DtmfCallerId::AC),
    ("A-#", DtmfCallerId::AHash),
    ("D-C", DtmfCallerId::DC),
    ("D-#", DtmfCallerId::DHash),
];

/// Reads the table `caller_id`.
pub(crate) fn caller_id(file: &File<'_>, raw: &RawCallerId) -> Result<CallerIdRule, CountryError> {
    let mut times = Vec::new();
    for (name, text) in raw.times.iter().flatten() {
        let (least, most) = file.read(&format!("caller_id.times.{name}"), text, quantity::time_range)?;
        times.push((name.clone(), least, most));
    }
    let standard = CallerIdStandard::ALL.into_iter().find(|standard| standard.word() == raw.standard);
    let standard = standard.ok_or_else(|| {
        let words = CallerIdStandard::ALL.map(CallerIdStandard::word).join(", ");
        file.error("caller_id.standard", format!("expected one of {words}"))
    })?;
    let table = Table { file, raw };
    let timing = match standard {
        CallerIdStandard::Bellcore => table.between(table.fsk(FskStandard::Bell202)?)?,
        CallerIdStandard::EtsiBetween => table.between(table.fsk(FskStandard::V23)?)?,
        CallerIdStandard::EtsiDtas => table.before(table.tone_alert()?, table.fsk(FskStandard::V23)?)?,
        CallerIdStandard::EtsiRpas => {
            let alert = CallerIdAlert::RingPulse(table.time("alert", &raw.alert)?);
            table.before(alert, table.fsk(FskStandard::V23)?)?
        }
        CallerIdStandard::Bt => {
            table.time("reversal_to_alert", &raw.reversal_to_alert)?;
            table.before(table.tone_alert()?, table.fsk(FskStandard::V23)?)?
        }
        CallerIdStandard::Dtmf => {
            let signal = CallerIdSignal::Dtmf(table.framing()?);
            match (&raw.after_ring, &raw.alert, raw.reversal) {
                (Some(_), _, _) => table.between(signal)?,
                (None, Some(_), _) => table.before(table.tone_alert()?, signal)?,
                (None, None, Some(true)) => table.before(CallerIdAlert::Reversal, signal)?,
                (None, None, Some(false) | None) => table.before(CallerIdAlert::None, signal)?,
            }
        }
        CallerIdStandard::Ntt => CallerIdTiming::AfterShortRing { signal: CallerIdSignal::Ntt },
    };
    Ok(CallerIdRule { standard, timing, times })
}

struct Table<'a> {
    file: &'a File<'a>,
    raw: &'a RawCallerId,
}

impl Table<'_> {
    fn time(&self, key: &str, text: &Option<String>) -> Result<Millis, CountryError> {
        let key = format!("caller_id.{key}");
        let text = text.as_deref().ok_or_else(|| self.file.error(&key, "missing"))?;
        self.file.read(&key, text, quantity::time)
    }

    fn between(&self, signal: CallerIdSignal) -> Result<CallerIdTiming, CountryError> {
        Ok(CallerIdTiming::BetweenRings {
            after_ring: self.time("after_ring", &self.raw.after_ring)?,
            before_ring: self.time("before_ring", &self.raw.before_ring)?,
            signal,
        })
    }

    fn before(&self, alert: CallerIdAlert, signal: CallerIdSignal) -> Result<CallerIdTiming, CountryError> {
        Ok(CallerIdTiming::BeforeRing {
            alert,
            alert_to_data: self.time("alert_to_data", &self.raw.alert_to_data)?,
            data_to_ring: self.time("data_to_ring", &self.raw.data_to_ring)?,
            signal,
        })
    }

    /// The alerting tone, after a reversal where there is one.
    fn tone_alert(&self) -> Result<CallerIdAlert, CountryError> {
        let length = self.time("alert", &self.raw.alert)?;
        Ok(match &self.raw.reversal_to_alert {
            None => CallerIdAlert::Tone(length),
            Some(_) => CallerIdAlert::ReversalAndTone {
                wait: self.time("reversal_to_alert", &self.raw.reversal_to_alert)?,
                length,
            },
        })
    }

    fn fsk(&self, standard: FskStandard) -> Result<CallerIdSignal, CountryError> {
        let bits = |key: &str, text: &Option<String>, usual: Millis| {
            let time = if text.is_some() { self.time(key, text)? } else { usual };
            let bits = u64::from(time.0) * u64::from(BITS_A_SECOND) / 1000;
            u16::try_from(bits)
                .ok()
                .filter(|bits| *bits <= BITS_A_SECOND as u16)
                .ok_or_else(|| self.file.error(&format!("caller_id.{key}"), "1 s at the most"))
        };
        Ok(CallerIdSignal::Fsk {
            standard,
            multiple: self.raw.multiple.unwrap_or(true),
            seizure: bits("seizure", &self.raw.seizure, SEIZURE)?,
            mark: bits("mark", &self.raw.mark, MARK)?,
        })
    }

    fn framing(&self) -> Result<DtmfCallerId, CountryError> {
        let key = "caller_id.framing";
        let word = self.raw.framing.as_deref().ok_or_else(|| self.file.error(key, "missing"))?;
        let found = FRAMINGS.iter().find(|(known, _)| *known == word).map(|(_, framing)| *framing);
        found.ok_or_else(|| {
            self.file.error(key, format!("expected {}", FRAMINGS.map(|(word, _)| word).join(", ")))
        })
    }
}
