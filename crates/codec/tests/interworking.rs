//! With other people's coders, where they are installed: libspandsp both ways, libbcg729 both ways.

use tipring_codec::{G722Decoder, G722Encoder, G722Mode, G726Decoder, G726Encoder, G726Rate, Packing};
use tipring_oracle::{SpandspCodecs, SpandspPacking};
use tipring_units::Entropy;

/// Whether both are the same; not a comparison that prints either.
fn same<T: PartialEq>(what: &str, theirs: &[T], ours: &[T]) {
    let place = theirs.iter().zip(ours).position(|(a, b)| a != b);
    assert!(
        theirs.len() == ours.len() && place.is_none(),
        "{what}: {place:?} of {} and {}",
        theirs.len(),
        ours.len()
    );
}

/// Noise that swells and fades, from a seed; its peaks are loud, but do not overload, where the library wraps round.
fn noise(seed: u64, count: usize) -> Vec<i16> {
    let mut entropy = Entropy::for_simulation(seed);
    let mut last = 0.0_f64;
    (0..count)
        .map(|n| {
            let white = f64::from(entropy.u32() as i32) / f64::from(i32::MAX);
            last = 0.7 * last + 0.3 * white;
            let swell = (n as f64 / 3000.0).sin().powi(4);
            (last * swell * 25_000.0).clamp(-32_768.0, 32_767.0) as i16
        })
        .collect()
}

#[test]
fn g722_agrees_with_libspandsp_both_ways_in_every_mode() {
    let Some(spandsp) = SpandspCodecs::open() else { return println!("skipped: no libspandsp") };
    for seed in 1..4 {
        let sent = noise(seed, 32_000);
        let mut ours = vec![0; 16_000];
        G722Encoder::new().encode(&sent, &mut ours);
        same("coder", &spandsp.g722_encoder().unwrap().encode(&sent), &ours);
        // Of the other two modes the library takes the upper bits, shifted down.
        for (mode, rate, shift) in
            [(G722Mode::R64, 64_000, 0), (G722Mode::R56, 56_000, 1), (G722Mode::R48, 48_000, 2)]
        {
            let mut heard = vec![0; 32_000];
            G722Decoder::new(mode).decode(&ours, &mut heard);
            let coded: Vec<u8> = ours.iter().map(|byte| byte >> shift).collect();
            same(&format!("{mode:?}"), &spandsp.g722_decoder(rate).unwrap().decode(&coded), &heard);
        }
    }
}

#[test]
fn g726_agrees_with_libspandsp_both_ways_at_every_rate_in_both_packings() {
    let Some(spandsp) = SpandspCodecs::open() else { return println!("skipped: no libspandsp") };
    for rate in G726Rate::ALL {
        for (packing, theirs) in
            [(Packing::Rfc3551, SpandspPacking::Right), (Packing::Aal2, SpandspPacking::Left)]
        {
            let sent = noise(7, 16_000);
            let mut ours = vec![0; 2000 * rate.bits()];
            G726Encoder::new(rate, packing).encode(&sent, &mut ours);
            same(
                &format!("{rate:?} {packing:?}"),
                &spandsp.g726_encoder(rate.bits(), theirs).unwrap().encode(&sent),
                &ours,
            );
            let mut heard = vec![0; 16_000];
            G726Decoder::new(rate, packing).decode(&ours, &mut heard);
            same(
                &format!("{rate:?} {packing:?}"),
                &spandsp.g726_decoder(rate.bits(), theirs).unwrap().decode(&ours),
                &heard,
            );
        }
    }
}

#[cfg(feature = "g729")]
mod g729 {
    use tipring_codec::{G729Decoder, G729Encoder};
    use tipring_oracle::Bcg729;

    /// Speech-like bursts with pauses of soft noise between.
    fn talk() -> Vec<i16> {
        let mut entropy = tipring_units::Entropy::for_simulation(3);
        let background: Vec<i16> = (0..80_000).map(|_| (entropy.u32() % 4000) as i16 - 2000).collect();
        let mut phase = 0.0_f64;
        (0..80_000)
            .map(|n| {
                let time = n as f64 / 8000.0;
                phase += (120.0 + 25.0 * (time * 3.0).sin()) / 8000.0;
                let voice: f64 = (1..14)
                    .map(|k| (core::f64::consts::TAU * phase * f64::from(k)).sin() / f64::from(k))
                    .sum();
                let talking = if time % 2.5 < 1.2 { 5000.0 * (time * 7.0).sin().abs() } else { 0.0 };
                (voice * talking) as i16 / 2 + background[n] / 40
            })
            .collect()
    }

    fn level(samples: &[i16]) -> f64 {
        let power: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len() as f64;
        10.0 * (power + 1.0).log10()
    }

    #[test]
    fn speech_without_annex_b_is_the_same_for_libbcg729() {
        let Some(library) = Bcg729::open() else { return println!("skipped: no libbcg729") };
        let (mut theirs, mut ours) = (library.encoder(false).unwrap(), G729Encoder::new(false));
        let (mut their_ear, mut our_ear) = (library.decoder().unwrap(), G729Decoder::new());
        let (mut same, mut count, mut error, mut power) = (0, 0, 0.0, 0.0);
        for frame in talk().as_chunks::<80>().0 {
            let (mut a, mut b) = ([0; 10], [0; 10]);
            assert_eq!((theirs.encode(frame, &mut a), ours.encode(frame, &mut b)), (10, 10));
            same += usize::from(a == b);
            count += 1;
            let (mut x, mut y) = ([0; 80], [0; 80]);
            their_ear.decode(&b, &mut x);
            our_ear.decode(&b, &mut y);
            error += x.iter().zip(y).map(|(x, y)| (f64::from(*x) - f64::from(y)).powi(2)).sum::<f64>();
            power += y.iter().map(|y| f64::from(*y).powi(2)).sum::<f64>();
        }
        // The library computes otherwise than the reference in places: it is close, not the same.
        println!(
            "frames alike: {same} of {count}; decoded {:.1} dB apart",
            10.0 * (power / error.max(1.0)).log10()
        );
        assert!(power > 25.0 * error, "{power} {error}");
    }

    #[test]
    fn silence_is_described_so_that_the_other_hears_it_both_ways() {
        let Some(library) = Bcg729::open() else { return println!("skipped: no libbcg729") };
        let talk = talk();
        let frames = talk.as_chunks::<80>().0;
        let (mut theirs, mut ours) = (library.encoder(true).unwrap(), G729Encoder::new(true));
        let (mut coded_a, mut coded_b) = (Vec::new(), Vec::new());
        for frame in frames {
            let (mut a, mut b) = ([0; 10], [0; 10]);
            let size = theirs.encode(frame, &mut a);
            coded_a.push(a[..size].to_vec());
            let size = ours.encode(frame, &mut b);
            coded_b.push(b[..size].to_vec());
        }
        let shape =
            |coded: &[Vec<u8>]| [10, 2, 0].map(|size| coded.iter().filter(|c| c.len() == size).count());
        let ([_, sid_a, none_a], [speech_b, sid_b, none_b]) = (shape(&coded_a), shape(&coded_b));
        println!("theirs {:?}, ours {:?}", shape(&coded_a), shape(&coded_b));
        assert!(sid_a > 3 && none_a > 50 && sid_b > 3 && none_b > 50 && speech_b > 300);
        let agree = coded_a.iter().zip(&coded_b).filter(|(a, b)| a.len() == b.len()).count();
        assert!(agree * 10 > frames.len() * 8, "{agree} of {} frames are of the same kind", frames.len());
        for coded in [&coded_a, &coded_b] {
            let (mut their_ear, mut our_ear) = (library.decoder().unwrap(), G729Decoder::new());
            let (mut heard_a, mut heard_b) = (Vec::new(), Vec::new());
            for bytes in coded {
                let (mut x, mut y) = ([0; 80], [0; 80]);
                their_ear.decode(bytes, &mut x);
                assert_eq!(our_ear.decode(bytes, &mut y), 80);
                heard_a.extend(x);
                heard_b.extend(y);
            }
            // Half a second at a time: talk is as loud by both ears, and in pauses ours hears the noise that was there.
            let chunks = heard_a.chunks(4000).zip(heard_b.chunks(4000)).zip(talk.chunks(4000));
            for (second, ((a, b), sent)) in chunks.enumerate() {
                let (a, b, sent) = (level(a), level(b), level(sent));
                assert!((b - sent).abs() < 6.0, "{second}: {b}, sent {sent}");
                assert!(sent < 50.0 || (a - b).abs() < 3.0, "{second}: {a} {b}");
            }
        }
    }

    #[test]
    fn comfort_noise_goes_on_as_long_as_the_silence_does() {
        let mut encoder = G729Encoder::new(true);
        let mut entropy = tipring_units::Entropy::for_simulation(9);
        let background: Vec<i16> = (0..24_000).map(|_| (entropy.u32() % 400) as i16 - 200).collect();
        let mut decoder = G729Decoder::new();
        let mut out = [0; 80];
        let mut described = 0;
        for frame in background.as_chunks::<80>().0 {
            let mut bytes = [0; 10];
            let size = encoder.encode(frame, &mut bytes);
            described += u32::from(size == 2);
            decoder.decode(&bytes[..size], &mut out);
        }
        assert!(described > 0, "the noise was never described");
        let mut heard = Vec::new();
        // Then the far end sends nothing for five seconds.
        for _ in 0..500 {
            assert_eq!(decoder.decode(&[], &mut out), 80);
            heard.extend(out);
        }
        let before = level(&heard[..800]);
        assert!(before > 30.0, "{before}");
        for tenth in heard.chunks(800) {
            assert!((level(tenth) - before).abs() < 3.0, "{before} becomes {}", level(tenth));
        }
    }

    #[test]
    fn lost_speech_is_bridged_and_fades() {
        let talk = talk();
        let (mut encoder, mut decoder) = (G729Encoder::new(false), G729Decoder::new());
        let mut out = [0; 80];
        for frame in talk.as_chunks::<80>().0.iter().take(60) {
            let mut bytes = [0; 10];
            encoder.encode(frame, &mut bytes);
            decoder.decode(&bytes, &mut out);
        }
        let before = level(&out);
        assert_eq!(decoder.conceal(&mut out), 80);
        assert!((level(&out) - before).abs() < 10.0, "{before} {}", level(&out));
        for _ in 0..60 {
            decoder.conceal(&mut out);
        }
        assert!(level(&out) < before - 20.0);
    }
}
