//! Announcements over a line, and what either receiver makes of them.

use tipring_dsp::caller_trial::{Line, announcement, callers, expected, message, plain_bytes, played, read};
use tipring_dsp::{CallerIdBurst, CallerIdEar, FskBurst};
use tipring_oracle::Spandsp;
use tipring_port::{CallerId, CallerIdSignal, Overheard};
use tipring_units::Entropy;

use super::variant::Variant;

/// Whose sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sender {
    Ours,
    Theirs,
}

/// What became of the messages of a cell: here, and in libspandsp's receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    pub sent: u32,
    pub right: [u32; 2],
    /// A caller was told who did not call.
    pub wrong: [u32; 2],
}

impl Tally {
    /// Adds another cell's.
    pub fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        for n in 0..2 {
            self.right[n] += other.right[n];
            self.wrong[n] += other.wrong[n];
        }
    }

    /// The share that was understood here (0) and by libspandsp (1), in percent, rounded down.
    pub fn share(&self, who: usize) -> u32 {
        self.right[who] * 100 / self.sent.max(1)
    }

    fn count(&mut self, wanted: Option<&CallerId>, told: [Vec<CallerId>; 2]) {
        self.sent += 1;
        for (n, told) in told.iter().enumerate() {
            self.right[n] += u32::from(wanted.is_some_and(|wanted| told.contains(wanted)));
            self.wrong[n] += told.iter().filter(|caller| Some(*caller) != wanted).count() as u32;
        }
    }
}

/// Puts all messages over `line`, `rounds` times; `None` where the library is missing for its own sender.
pub fn cell(
    variant: &Variant,
    sender: Sender,
    line: &Line,
    rounds: u32,
    library: Option<&Spandsp>,
    entropy: &mut Entropy,
) -> Option<Tally> {
    let mut tally = Tally::default();
    for caller in callers() {
        let sound = match sender {
            Sender::Ours => message(&caller, variant.signal),
            Sender::Theirs => {
                library?.adsi_send(variant.theirs, &plain_bytes(&caller, variant.signal), false)?
            }
        };
        let clean = announcement(&variant.timing, &sound);
        let wanted = expected(&caller, variant.signal);
        for _ in 0..rounds {
            let samples = line.carry(&clean, entropy);
            tally.count(Some(&wanted), heard(variant, &samples, library));
        }
    }
    Some(tally)
}

/// Messages of which one bit is wrong, over a line without fault: whoever is told is told wrong.
pub fn damaged(variant: &Variant, library: Option<&Spandsp>, entropy: &mut Entropy) -> Option<Tally> {
    let mut tally = Tally::default();
    for caller in callers() {
        let Some(CallerIdBurst::Fsk(standard, burst)) = CallerIdBurst::new(&caller, variant.signal) else {
            return None;
        };
        for place in 0..burst.bytes().len() {
            let mut bytes = burst.bytes().to_vec();
            bytes[place] ^= 1 << (place % 8);
            let bad = FskBurst::new(&bytes, burst.seizure_bits, burst.mark_bits)?;
            let samples = Line::PLAIN.carry(&played(&CallerIdBurst::Fsk(standard, bad)), entropy);
            tally.count(None, heard(variant, &samples, library));
        }
    }
    Some(tally)
}

fn heard(variant: &Variant, samples: &[i16], library: Option<&Spandsp>) -> [Vec<CallerId>; 2] {
    let theirs = library.and_then(|library| library.adsi_receiver(variant.theirs)).map(|mut receiver| {
        receiver.feed(samples);
        receiver.take().iter().filter_map(|bytes| read(bytes, variant.signal)).collect()
    });
    [ours(variant.signal, samples), theirs.unwrap_or_default()]
}

fn ours(signal: CallerIdSignal, samples: &[i16]) -> Vec<CallerId> {
    let mut ear = CallerIdEar::new(signal);
    let mut told = Vec::new();
    for frame in samples.chunks_exact(80).filter_map(|chunk| chunk.try_into().ok()) {
        if let Some(Overheard::Caller(Ok(caller))) = ear.process(frame) {
            told.push(caller);
        }
    }
    told
}
