//! Every caller-ID signal that the laboratory's exchange sends, as it stands on the line, judged by libspandsp.

use tipring_oracle::{Adsi, Spandsp};
use tipring_port::{
    Absence, Audio, CallerId, CallerIdTiming, CardOrder, Feed, Samples as TrueSamples, Sense, Text,
};
use tipring_sim::ear::{Land, Message, parse};
use tipring_sim::flow::caller_id_of;
use tipring_sim::office::{Flaw, Manner, Modem, OfficeSpec, Order, SubscriberSpec, keys};
use tipring_sim::plant::{Line, LineSpec, LoopSpec};
use tipring_units::{Db, Dbm0, Entropy, Ohms};

/// The ways, and by which of the library's standards each is heard.
const WAYS: [(&str, Adsi); 14] = [
    ("bellcore", Adsi::Class),
    ("sdmf", Adsi::Class),
    ("etsi-between", Adsi::Clip),
    ("etsi-dtas", Adsi::Clip),
    ("etsi-reversal", Adsi::Clip),
    ("etsi-rpas", Adsi::Clip),
    ("bt", Adsi::Clip),
    ("cca", Adsi::Clip),
    ("dtmf-se", Adsi::Dtmf),
    ("dtmf-dk", Adsi::Dtmf),
    ("dtmf-nl", Adsi::Dtmf),
    ("dtmf-br", Adsi::Dtmf),
    ("dtmf-in", Adsi::Dtmf),
    ("ntt", Adsi::Jclip),
];

fn callers() -> Vec<CallerId> {
    let number = |number: &str| Ok(Text::new(number));
    vec![
        CallerId { date: None, number: number("5550177"), name: Some(Ok(Text::new("MARY MAJOR"))) },
        CallerId { date: None, number: number("00441632960123"), name: None },
        CallerId { date: None, number: Err(Absence::Private), name: Some(Err(Absence::Private)) },
        CallerId { date: None, number: Err(Absence::Unavailable), name: None },
    ]
}

/// What a port of the gateway hears of a call within ten seconds; with short rings it answers them as a terminal does.
fn heard(timing: CallerIdTiming, caller: &CallerId, modem: Modem, flaw: Flaw, ohms: f32) -> Vec<i16> {
    let mary = SubscriberSpec { number: "5550177".to_owned(), name: None, voice: 40, manner: Manner::Waits };
    let office =
        OfficeSpec { caller_id: timing, modem, flaw, subscribers: vec![mary], ..OfficeSpec::of(Land::Us) };
    let circuit = LoopSpec { loop_resistance: Ohms(ohms), ..LoopSpec::default() };
    let spec = LineSpec { office: Some(office), circuit, ..LineSpec::default() };
    let mut line: Line<TrueSamples> = Line::new(&spec, &mut Entropy::for_simulation(2));
    let mut samples = Vec::new();
    let mut answered_at = None;
    for tick in 0..1000_u32 {
        let mut order = None;
        if tick == 20 {
            line.office_mut().unwrap().order(Order::Call(0, Some(*caller))).unwrap();
        }
        let is_ntt = matches!(timing, CallerIdTiming::AfterShortRing { .. });
        match answered_at {
            None if is_ntt && tick == 120 => {
                answered_at = Some(tick);
                order = Some(CardOrder::Feed(Feed::Closed));
            }
            Some(at) if tick == at + 200 => order = Some(CardOrder::Feed(Feed::Open)),
            None | Some(_) => {}
        }
        let (frame, report) = line.exchange(&<TrueSamples as Audio>::SILENCE, order);
        assert!(!matches!(report.sense, Sense::Cooked(_)));
        samples.extend(frame);
    }
    samples
}

/// What the library's message says, by the laboratory's own reading.
fn says(bytes: &[u8], standard: Adsi) -> Option<CallerId> {
    match standard {
        Adsi::Class | Adsi::Clip | Adsi::Aclip => {
            let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
            match parse(&[bytes, &[sum.wrapping_neg()]].concat()) {
                Ok(Message::Caller(caller)) => Some(CallerId { date: None, ..caller }),
                Ok(Message::Waiting(_)) | Err(_) => None,
            }
        }
        Adsi::Jclip | Adsi::Dtmf => None,
    }
}

fn is_told(word: &str, standard: Adsi, caller: &CallerId, messages: &[Vec<u8>]) -> bool {
    let [message] = messages else { return false };
    match standard {
        Adsi::Class | Adsi::Clip | Adsi::Aclip => {
            let shown = if word == "sdmf" { CallerId { name: None, ..*caller } } else { *caller };
            says(message, standard) == Some(shown)
        }
        // the number, or the letter of its absence, stands in the frame
        Adsi::Jclip => {
            let text: Vec<u8> = message.iter().map(|byte| byte & 0x7f).collect();
            let wanted: Vec<u8> = match &caller.number {
                Ok(number) => number.as_str().bytes().collect(),
                Err(Absence::Private) => b"P".to_vec(),
                Err(Absence::Unavailable) => b"O".to_vec(),
            };
            text.windows(wanted.len()).any(|part| part == wanted)
        }
        Adsi::Dtmf => {
            let Some(tipring_port::CallerIdSignal::Dtmf(framing)) =
                caller_id_of(word).and_then(|timing| timing.signal())
            else {
                return false;
            };
            // the library keeps the keys, without the one that ends them or with it
            let keys = keys(caller, framing);
            *message == keys || Some(message.as_slice()) == keys.get(..keys.len() - 1)
        }
    }
}

#[test]
fn libspandsp_hears_every_caller_id_signal_of_the_exchange() {
    let Some(library) = Spandsp::open() else {
        eprintln!("skipped: libspandsp2 is not installed");
        return;
    };
    let modems = [
        Modem::default(),
        Modem { level: Dbm0(-24.0), ..Modem::default() },
        Modem { twist: Db(-3.0), high: 5.0, fast: 5.0, ..Modem::default() },
    ];
    let mut deaf = Vec::new();
    let mut count = 0;
    for (word, standard) in WAYS {
        let timing = caller_id_of(word).unwrap();
        for caller in callers() {
            for (modem, ohms) in modems.iter().zip([300.0, 0.0, 1200.0]) {
                let mut receiver = library.adsi_receiver(standard).expect("its functions are there");
                receiver.feed(&heard(timing, &caller, *modem, Flaw::None, ohms));
                let messages = receiver.take();
                count += 1;
                if !is_told(word, standard, &caller, &messages) {
                    deaf.push(format!("{word} {caller:?} {modem:?}: {messages:02x?}"));
                }
            }
        }
    }
    assert!(deaf.is_empty(), "{} of {count} not heard\n{}", deaf.len(), deaf.join("\n"));
}

#[test]
fn libspandsp_drops_the_messages_that_are_wrong_on_purpose() {
    let Some(library) = Spandsp::open() else {
        eprintln!("skipped: libspandsp2 is not installed");
        return;
    };
    for (word, standard) in WAYS.into_iter().filter(|(_, standard)| *standard != Adsi::Dtmf) {
        let timing = caller_id_of(word).unwrap();
        let mut receiver = library.adsi_receiver(standard).expect("its functions are there");
        receiver.feed(&heard(timing, &callers()[0], Modem::default(), Flaw::Checksum, 300.0));
        assert_eq!(receiver.take(), Vec::<Vec<u8>>::new(), "{word}");
    }
}
