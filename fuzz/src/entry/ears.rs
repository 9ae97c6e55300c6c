//! All that listens to a line: digits, tones, modems, caller ID, speech.

use tipring_dsp::{
    Activity, Bank, BankEvent, CallerIdReceiver, DtmfDetector, DtmfEvent, DtmfProfile, FskDemodulator,
    FskStandard, JapanReceiver,
};
use tipring_port::TonePlan;

use super::sound_script;

/// The first byte picks the profile. Digits end after they began and one at a time, are no longer than the sound was, and silence
/// ends them; levels and lengths are numbers.
pub fn run(data: &[u8]) {
    let Some((setup, script)) = data.split_first() else { return };
    let profile = match setup % 6 {
        0 => DtmfProfile::default(),
        1 => DtmfProfile::JAPAN,
        2 => DtmfProfile::AUSTRALIA,
        3 => DtmfProfile::NORTH_AMERICA,
        4 => DtmfProfile::DENMARK,
        _ => DtmfProfile::BRAZIL,
    };
    let mut digits = DtmfDetector::new(profile);
    let mut bank = Bank::new(&TonePlan::SILENT);
    let mut callers = [FskStandard::Bell202, FskStandard::V23].map(CallerIdReceiver::new);
    let mut modem = FskDemodulator::new(FskStandard::V23);
    let mut japan = JapanReceiver::new();
    let mut activity = Activity::new();
    let mut open = None;
    let mut heard = 0_u64;
    let mut frames = sound_script::frames(script);
    frames.extend([[0; 80]; 50]);
    for frame in &frames {
        heard += 80;
        for event in digits.process(frame) {
            match event {
                DtmfEvent::Begin { digit, since } => {
                    assert!(open.is_none(), "{digit} within {open:?}");
                    assert!(since.0 <= heard + 400, "{since:?} of {heard}");
                    open = Some(digit);
                }
                DtmfEvent::End { digit, duration } => {
                    assert_eq!(open.take(), Some(digit));
                    assert!(duration.0 <= heard + 400, "{duration:?} of {heard}");
                }
            }
        }
        assert_eq!(open.is_some(), digits.is_digit());
        for event in bank.process(frame) {
            match event {
                BankEvent::Begin { .. } | BankEvent::Steady(_) => {}
                BankEvent::End { level, length, .. } => {
                    assert!(level.0.is_finite() && length.0 <= heard);
                }
            }
        }
        for receiver in &mut callers {
            let _ = receiver.process(frame);
        }
        let _ = modem.process(frame);
        let _ = japan.process(frame);
        activity.process(frame);
        assert!(activity.level().0.is_finite() && activity.noise().0.is_finite());
    }
    assert!(!digits.is_digit() && !digits.suspects());
}
