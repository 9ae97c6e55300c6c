//! What a country pack must hold to beyond being readable: sources, audible tones, possible timings.

mod numbers;
mod sources;
mod tones;

use tipring_port::{CallerIdAlert, CallerIdSignal, CallerIdTiming, Disconnect};
use tipring_units::{Millis, Volts};

use crate::{CallerIdStandard, Country};

/// The time that a caller-ID burst needs between two rings: 300 + 180 bits and a message of about 60 bytes at 1200 baud.
const CALLER_ID_BURST: Millis = Millis(1000);

/// The longest flash that any country takes.
const LONGEST_FLASH: Millis = Millis(1200);
/// The shortest burst or pause of a bell.
const SHORTEST_RING: Millis = Millis(100);
/// The least time from a ring to caller-ID data, and from there to the next ring (Telcordia GR-30).
const AFTER_RING: Millis = Millis(500);
const BEFORE_RING: Millis = Millis(200);

/// All that is wrong with `country`; empty is well.
pub fn lint(country: &Country) -> Vec<String> {
    let mut found = Vec::new();
    let mut check = |right: bool, what: &str| {
        if !right {
            found.push(format!("{}: {what}", country.code));
        }
    };
    sources::sources(country, &mut check);
    tones::tones(country, &mut check);
    timings(country, &mut check);
    ringing(country, &mut check);
    outside(country, &mut check);
    numbers::numbers(country, &mut check);
    found
}

fn timings(country: &Country, check: &mut impl FnMut(bool, &str)) {
    let (hook, pulse, flash) = (&country.hook, &country.pulse, country.flash());
    check(hook.bounce < hook.seize, "bounce is not shorter than seizure");
    check(hook.bounce < pulse.break_min + Millis(1), "bounce hides the shortest dial pulse");
    check(pulse.break_max < pulse.interdigit, "a pulse is as long as the gap between digits");
    check(pulse.interdigit >= Millis(200), "the gap between digits is shorter than a make of 10 pps may be");
    check(
        pulse.break_min < Millis(60) && pulse.break_max > Millis(67),
        "pulses of 60 to 67 ms are not taken",
    );
    check(country.recall.min < country.recall.max, "the flash window is empty");
    check(country.recall.min > hook.bounce, "bounce can be a flash");
    check(country.recall.max <= LONGEST_FLASH, "the longest flash is a hang-up elsewhere");
    check(pulse.break_max <= Millis(200), "a dial pulse is longer than 200 ms");
    check(flash.min < flash.max, "no flash is left beside dial pulses");
    check(!pulse.enabled || flash.min >= pulse.break_max, "a dial pulse can be a flash");
    match country.disconnect {
        Disconnect::Cpc(length) => {
            check((Millis(200)..=Millis(1500)).contains(&length), "CPC is not 200 to 1500 ms");
            check(length > pulse.break_max, "CPC is as short as a dial pulse");
            let heeded = country.outside.clear.loop_break;
            check(
                heeded > Millis::ZERO && heeded <= length,
                "an outside line does not take the country's own CPC",
            );
        }
        Disconnect::Reversal => {
            check(
                country.reverse_on_answer,
                "polarity that goes back at the end is not reversed at the answer",
            );
        }
        Disconnect::None => {}
    }
    check(country.roh.reorder >= Millis::from_secs(5), "reorder sounds less than 5 s");
}

/// Caller identity before the first ring keeps to the limits of its standard.
fn caller_id_before(
    country: &Country,
    alert: CallerIdAlert,
    alert_to_data: Millis,
    data_to_ring: Millis,
    signal: CallerIdSignal,
    check: &mut impl FnMut(bool, &str),
) {
    let (wait, length) = match alert {
        CallerIdAlert::None | CallerIdAlert::Reversal => (None, None),
        CallerIdAlert::Tone(length) | CallerIdAlert::RingPulse(length) => (None, Some(length)),
        CallerIdAlert::ReversalAndTone { wait, length } => (Some(wait), Some(length)),
    };
    let (seizure, mark) = match signal {
        CallerIdSignal::Fsk { seizure, mark, .. } => (Some(time_of_bits(seizure)), Some(time_of_bits(mark))),
        CallerIdSignal::Dtmf(_) | CallerIdSignal::Ntt => (None, None),
    };
    for (name, least, most) in &country.caller_id.times {
        let value = match name.as_str() {
            "reversal_to_alert" => wait,
            "alert" => length,
            "alert_to_data" => Some(alert_to_data),
            "data_to_ring" => Some(data_to_ring),
            "seizure" => seizure,
            "mark" => mark,
            _ => None,
        };
        match value {
            None => check(false, &format!("caller_id.times.{name} limits nothing")),
            Some(value) => {
                let within = value >= *least && (least == most || value <= *most);
                check(within, &format!("caller_id.{name} is beyond its standard's limits"));
            }
        }
    }
    check(
        alert_to_data <= Millis(2000) && data_to_ring <= Millis(2000),
        "caller ID delays the ring too long",
    );
}

fn time_of_bits(bits: u16) -> Millis {
    Millis(u32::from(bits) * 1000 / 1200)
}

fn ringing(country: &Country, check: &mut impl FnMut(bool, &str)) {
    let ring = &country.ring;
    check((15.0..=70.0).contains(&ring.frequency.0), "ringing is not 15 to 70 Hz");
    check(ring.level >= Volts(40.0) && ring.level <= Volts(100.0), "ringing is not 40 to 100 V");
    let plain = ("the ring", ring.pattern);
    for (name, pattern) in
        country.distinctive.iter().map(|ring| (ring.name.as_str(), ring.pattern)).chain([plain])
    {
        let steps: Vec<Millis> = pattern.iter().collect();
        let sum = steps.iter().fold(Millis::ZERO, |sum, step| sum + *step);
        check(steps.len() >= 2, &format!("{name} has no cadence"));
        check((Millis(1500)..=Millis(8000)).contains(&sum), &format!("{name} is not 1.5 to 8 s long"));
        let shortest = steps.iter().min().copied().unwrap_or(Millis::ZERO);
        check(shortest >= SHORTEST_RING, &format!("{name} has a step that no bell follows"));
    }
    let names: Vec<&str> = country.distinctive.iter().map(|ring| ring.name.as_str()).collect();
    for (place, name) in names.iter().enumerate() {
        check(!names.iter().take(place).any(|other| other == name), &format!("two rings are called {name}"));
    }
    let pause = ring.pattern.iter().last().unwrap_or(Millis::ZERO);
    match country.caller_id.timing {
        CallerIdTiming::Off => {}
        CallerIdTiming::BetweenRings { after_ring, before_ring, signal } => {
            check(
                after_ring + CALLER_ID_BURST + before_ring <= pause,
                "caller ID does not fit between rings",
            );
            let far = match signal {
                CallerIdSignal::Fsk { .. } => after_ring >= AFTER_RING && before_ring >= BEFORE_RING,
                CallerIdSignal::Dtmf(_) | CallerIdSignal::Ntt => true,
            };
            check(far, "caller ID is closer to a ring than its standard allows");
        }
        CallerIdTiming::BeforeRing { alert, alert_to_data, data_to_ring, signal } => {
            caller_id_before(country, alert, alert_to_data, data_to_ring, signal, check);
        }
        CallerIdTiming::AfterShortRing { .. } => {}
    }
    check((300.0..=1200.0).contains(&country.impedance.nominal().0), "the impedance is not 300 to 1200 ohm");
    check((-15.0..=6.0).contains(&country.level_out.0), "the outward level is not -15 to 6 dBr");
    check((-12.0..=6.0).contains(&country.level_in.0), "the inward level is not -12 to 6 dBr");
    check((20.0..=60.0).contains(&country.battery.0), "the battery is not 20 to 60 V");
    check((15.0..=60.0).contains(&country.loop_current.0), "the feed current is not 15 to 60 mA");
    check(country.threshold.0 < country.loop_current.0, "the hook threshold is above the feed current");
}

fn outside(country: &Country, check: &mut impl FnMut(bool, &str)) {
    let (outside, ring) = (&country.outside, &country.ring);
    let taken = &outside.ringing;
    check(
        taken.lowest.0 + 4.0 <= ring.frequency.0 && ring.frequency.0 + 4.0 <= taken.highest.0,
        "an outside line does not take the country's own ringing",
    );
    check((10.0..=38.0).contains(&taken.least.0), "ringing is not taken from 10 to 38 V");
    // RP-AS of ETSI lasts up to 300 ms; the shortest burst of a cadence is 400.
    check((Millis(150)..=Millis(390)).contains(&taken.validate), "ringing is not validated in 150 to 390 ms");
    check(
        country.caller_id.standard != CallerIdStandard::EtsiRpas || taken.validate > Millis(300),
        "an alerting pulse of 300 ms is taken for ringing",
    );
    let pause = ring.pattern.iter().skip(1).step_by(2).max().unwrap_or(Millis::ZERO);
    check(taken.timeout >= pause + Millis(1000), "a pause of ringing is taken for its end");
    check((Millis(50)..=Millis(1000)).contains(&outside.flash), "a flash out is not 50 to 1000 ms");
    check(
        (country.recall.min..=country.recall.max).contains(&outside.flash),
        "the country's own lines do not take a flash that is sent",
    );
    check((Millis(300)..=Millis::from_secs(5)).contains(&outside.guard), "the guard time is not 0.3 to 5 s");
    check(outside.guard > country.recall.max, "the guard time could be taken for a flash");
    check(outside.touch.0 >= Millis(65) && outside.touch.1 >= Millis(65), "digits are shorter than 65 ms");
    let period = outside.pulse.0 + outside.pulse.1;
    check((Millis(90)..=Millis(125)).contains(&period), "pulses are not 8 to 11 a second");
    check(
        (country.pulse.break_min..=country.pulse.break_max).contains(&outside.pulse.0),
        "the country's own lines do not take a pulse that is sent",
    );
    check(
        (Millis(500)..=Millis(1500)).contains(&outside.interdigit),
        "pulsed digits are not 0.5 to 1.5 s apart",
    );
    check(
        outside.clear.loop_break == Millis::ZERO || outside.clear.loop_break >= Millis(80),
        "a break below 80 ms would clear a call",
    );
    check(
        outside.dead_below < outside.in_use_below && outside.in_use_below.0 <= 0.7 * country.battery.0,
        "the voltages of a line in use and of a dead one are not below the battery",
    );
}
