//! Caller identity: the readers of its messages, what is sent for any caller, and the ears on any burst and any sound.

use tipring_dsp::caller_trial::played;
use tipring_dsp::{
    CallerIdBurst, CallerIdEar, CallerIdMessage, Digit, FskBurst, caller_id_of_digits, japan_message,
};
use tipring_port::{Absence, CallerId, CallerIdSignal, DateTime, DtmfCallerId, FskStandard, Overheard, Text};

use super::sound_script;

const SIGNALS: [CallerIdSignal; 8] = [
    CallerIdSignal::GR30,
    CallerIdSignal::ETSI,
    CallerIdSignal::Fsk { standard: FskStandard::Bell202, multiple: false, seizure: 96, mark: 55 },
    CallerIdSignal::Dtmf(DtmfCallerId::AC),
    CallerIdSignal::Dtmf(DtmfCallerId::AHash),
    CallerIdSignal::Dtmf(DtmfCallerId::DC),
    CallerIdSignal::Dtmf(DtmfCallerId::DHash),
    CallerIdSignal::Ntt,
];
/// A burst is at most this long: 258 bytes behind the longest lead-in, and digits of 26 characters.
const LONGEST: u64 = 26 * 140 * 8;

/// The first byte picks the signal and what is done with the rest.
pub fn run(data: &[u8]) {
    let Some((setup, rest)) = data.split_first() else { return };
    let signal = SIGNALS[usize::from(setup & 7)];
    match setup >> 3 & 3 {
        0 => read(rest),
        1 => send(rest, signal),
        2 => hear_bytes(rest, signal),
        _ => hear(&sound_script::frames(rest), signal, |_| {}),
    }
}

/// Readers take any bytes.
fn read(bytes: &[u8]) {
    if let Ok(message) = CallerIdMessage::parse(bytes) {
        let sum = bytes[..usize::from(bytes[1]) + 3].iter().fold(0_u8, |sum, b| sum.wrapping_add(*b));
        assert_eq!(sum, 0, "{message:?} of a wrong sum");
    }
    let _ = japan_message(bytes);
    if let Some(message) = caller_id_of_digits(bytes)
        && let Ok(number) = message.caller.number
    {
        assert!(number.as_str().bytes().all(|d| d.is_ascii_digit()), "{number}");
    }
}

/// Whatever is to be sent for any caller is what a display can show, and is read back as far as the signal carries it.
fn send(bytes: &[u8], signal: CallerIdSignal) {
    let [kind, rest @ ..] = bytes else { return };
    let (number, name) = rest.split_at(rest.len().min(usize::from(kind >> 2)));
    let text = String::from_utf8_lossy(number);
    let caller = CallerId {
        date: (kind & 1 == 1).then_some(DateTime { month: 12, day: 31, hour: 23, minute: *kind }),
        number: if kind & 2 == 2 { Ok(Text::new(&text)) } else { Err(Absence::Private) },
        name: (!name.is_empty()).then(|| Ok(Text::new(&String::from_utf8_lossy(name)))),
    };
    let Some(burst) = CallerIdBurst::new(&caller, signal) else { return };
    assert!(burst.duration().0 <= LONGEST, "{:?}", burst.duration());
    let told = match &burst {
        CallerIdBurst::Digits(run) => {
            assert!(run.as_bytes().iter().all(|d| Digit::from_ascii(*d).is_some()), "{run:?}");
            caller_id_of_digits(run.as_bytes()).map(|message| message.caller.number)
        }
        CallerIdBurst::Fsk(_, burst) if signal == CallerIdSignal::Ntt => {
            let plain: Vec<u8> = burst.bytes().iter().map(|b| b & 0x7F).collect();
            japan_message(&plain[..plain.len() - 2]).ok().map(|message| message.caller.number)
        }
        CallerIdBurst::Fsk(_, burst) => {
            CallerIdMessage::parse(burst.bytes()).ok().map(|message| message.caller.number)
        }
    };
    let told = told.expect("what is sent can be read");
    if caller.number.is_ok_and(|n| n.as_str().len() > 2 && n.as_str().bytes().all(|d| d.is_ascii_digit())) {
        assert_eq!(told, caller.number);
    }
    assert!(caller.number != Err(Absence::Private) || told == caller.number);
}

/// Any bytes as a burst: a caller is told only if the bytes say so.
fn hear_bytes(bytes: &[u8], signal: CallerIdSignal) {
    let CallerIdSignal::Fsk { standard, .. } = signal else { return };
    let Some(burst) = FskBurst::new(bytes, 96, 80) else { return };
    let said = CallerIdMessage::parse(bytes);
    let samples = played(&CallerIdBurst::Fsk(standard, burst));
    let mut frames: Vec<_> = samples.chunks_exact(80).map(|c| core::array::from_fn(|n| c[n])).collect();
    frames.extend([[0; 80]; 30]);
    let mut told = None;
    hear(&frames, signal, |overheard| told = told.or(Some(overheard)));
    if let Some(Overheard::Caller(Ok(caller))) = told {
        assert_eq!(said.map(|message| message.caller), Ok(caller));
    }
}

fn hear(frames: &[sound_script::Frame], signal: CallerIdSignal, mut tell: impl FnMut(Overheard)) {
    let mut ear = CallerIdEar::new(signal);
    for frame in frames {
        if let Some(overheard) = ear.process(frame) {
            tell(overheard);
        }
    }
    for _ in 0..100 {
        let _ = ear.process(&[0; 80]);
    }
    assert!(!ear.is_receiving(), "silence ends all");
}
