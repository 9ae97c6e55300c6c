//! Minutes of what the bench plays for hours.

use tipring_port::{SAMPLE_SILENCE, Tone};
use tipring_units::Entropy;

use super::ears::{Ear, Kind, Sign, Watched};
use super::music::Style;
use super::tones::{frames, unheard_of};
use super::{COUNTRIES, plan_of};

#[test]
fn music_clears_no_call() {
    let learned = unheard_of();
    for style in Style::ALL {
        let mut entropy = Entropy::for_simulation(77);
        let piece = frames(&style.piece(60, &mut entropy));
        assert!(piece.iter().any(|frame| *frame != SAMPLE_SILENCE));
        for country in COUNTRIES {
            let plan = plan_of(country).unwrap();
            let watched = Watched { plan: &plan, learned: learned.as_ref() };
            let mut ear = Ear::new(Kind::Ours, watched, None).unwrap();
            let told: Vec<Sign> = piece.iter().filter_map(|frame| ear.hear(frame)).collect();
            let cleared = told.iter().any(|sign| matches!(sign, Sign::Tone(_) | Sign::Learned));
            assert!(!cleared, "{style:?} {country}: {told:?}");
        }
    }
}

#[test]
fn libspandsp_is_given_the_tones_as_it_wants_them() {
    let Some(library) = tipring_oracle::Spandsp::open() else {
        eprintln!("skipped: libspandsp2 is not installed");
        return;
    };
    let plan = plan_of("us").unwrap();
    let mut generator = tipring_dsp::ToneGenerator::new();
    generator.start(plan.get(Tone::Busy));
    let watched = Watched { plan: &plan, learned: None };
    for cycles in [1, 3] {
        let mut ear = Ear::new(Kind::Theirs(cycles), watched, Some(&library)).unwrap();
        let mut told = Vec::new();
        for _ in 0..600 {
            let mut frame = SAMPLE_SILENCE;
            generator.process(&mut frame);
            told.extend(ear.hear(&frame));
        }
        assert_eq!(told.first(), Some(&Sign::Tone(Tone::Busy)), "{cycles}: {told:?}");
    }
}
