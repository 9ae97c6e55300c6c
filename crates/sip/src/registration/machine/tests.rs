use super::*;
use crate::digest::{Authorization, Secret};
use crate::message::Host;

fn name(text: &str) -> Host {
    Host::Name(text.to_owned())
}

struct Bench {
    registration: Registration,
    entropy: Entropy,
    now: Instant,
    sent: Vec<Request>,
    reports: Vec<RegistrationState>,
    gone: bool,
}

impl Bench {
    fn new() -> Self {
        let mut entropy = Entropy::for_simulation(1);
        let mut out = Vec::new();
        let contact: NameAddr = "<sip:15550123@10.0.0.2:5060>".parse().expect("contact");
        let registration = Registration::start(
            Uri::sip(Some("15550123"), name("sip.example.net"), None),
            Uri::sip(None, name("sip.example.net"), None),
            contact,
            Credentials { user: "15550123".to_owned(), password: Secret::new("change-me") },
            Millis(3_600_000),
            "Tipring",
            "reg@host".to_owned(),
            &mut entropy,
            &mut out,
        );
        let mut bench = Self {
            registration,
            entropy,
            now: Instant::from_millis(1000),
            sent: Vec::new(),
            reports: Vec::new(),
            gone: false,
        };
        bench.take(out);
        bench
    }

    fn take(&mut self, out: Vec<Action>) {
        for action in out {
            match action {
                Action::Send(request) => self.sent.push(request),
                Action::Report(state) => self.reports.push(state),
                Action::Gone => self.gone = true,
            }
        }
    }

    fn answer(&mut self, status: u16, headers: &[(HeaderName, &str)]) {
        let mut last = self.sent.last().expect("a request").clone();
        last.headers.push_front(HeaderName::Via, "SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1;rport");
        let mut response = last.response(status, "", Some("srv"));
        for (name, value) in headers {
            response.headers.set(name.clone(), value);
        }
        let mut out = Vec::new();
        self.registration.on_response(self.now, &response, &mut self.entropy, &mut out);
        self.take(out);
    }

    fn run_timer(&mut self) {
        let (at, wait) = self.registration.deadline().expect("a timer");
        self.now = at;
        let mut out = Vec::new();
        self.registration.on_time(wait, &mut out);
        self.take(out);
    }

    /// The nonce and the count of the last REGISTER.
    fn proof(&self) -> Option<(String, Option<u32>)> {
        let value = self.sent.last().expect("a request").headers.text(&HeaderName::Authorization)?;
        let given = Authorization::parse(&value).expect("it can be read").expect("digest");
        Some((given.nonce, given.nc))
    }

    /// Registered by the challenge `n1`.
    fn proved() -> Self {
        let mut bench = Self::new();
        assert_eq!(bench.proof(), None);
        bench.answer(401, &[(HeaderName::WwwAuthenticate, CHALLENGE)]);
        bench.answer(200, &[]);
        bench
    }

    fn seqs(&self) -> Vec<u32> {
        self.sent.iter().map(|r| r.cseq().expect("cseq").seq).collect()
    }
}

const CHALLENGE: &str = "Digest realm=\"x\", nonce=\"n1\", qop=\"auth\", algorithm=MD5";

#[test]
fn it_registers_with_digest_and_refreshes_before_the_end() {
    let mut bench = Bench::new();
    bench.answer(401, &[(HeaderName::WwwAuthenticate, CHALLENGE)]);
    assert!(bench.sent[1].headers.has(&HeaderName::Authorization));
    bench.answer(200, &[(HeaderName::Contact, "<sip:15550123@10.0.0.2:5060>;expires=600")]);
    assert!(matches!(
        bench.reports.last(),
        Some(RegistrationState::Registered { expires: Millis(600_000), .. })
    ));
    let (at, wait) = bench.registration.deadline().expect("a refresh");
    assert_eq!(wait, Wait::Refresh);
    let left = (bench.now + Millis(600_000)).since(at);
    assert!(left >= Millis(32_000).into() && left <= Millis(120_000).into(), "{left:?}");
    bench.run_timer();
    assert_eq!(bench.seqs(), [1, 2, 3]);
    assert!(bench.sent.iter().all(|r| r.call_id().as_deref() == Ok("reg@host")));
}

#[test]
fn a_second_challenge_after_digest_means_a_wrong_password() {
    let mut bench = Bench::new();
    bench.answer(401, &[(HeaderName::WwwAuthenticate, CHALLENGE)]);
    bench.answer(401, &[(HeaderName::WwwAuthenticate, "Digest realm=\"x\", nonce=\"n2\", qop=\"auth\"")]);
    assert!(matches!(
        bench.reports.last(),
        Some(RegistrationState::Failed { why: WhyUnregistered::WrongPassword, .. })
    ));
    assert_eq!(bench.sent.len(), 2);
}

#[test]
fn a_stale_nonce_is_answered_anew() {
    let mut bench = Bench::new();
    bench.answer(401, &[(HeaderName::WwwAuthenticate, CHALLENGE)]);
    bench.answer(
        401,
        &[(HeaderName::WwwAuthenticate, "Digest realm=\"x\", nonce=\"n2\", qop=\"auth\", stale=true")],
    );
    assert_eq!(bench.sent.len(), 3);
    bench.answer(200, &[]);
    assert!(bench.registration.is_bound());
}

#[test]
fn an_unknown_algorithm_is_named() {
    let mut bench = Bench::new();
    bench.answer(
        401,
        &[(HeaderName::WwwAuthenticate, "Digest realm=\"x\", nonce=\"n\", algorithm=WHIRLPOOL")],
    );
    assert!(matches!(
        bench.reports.last(),
        Some(RegistrationState::Failed { why: WhyUnregistered::UnknownAlgorithm, .. })
    ));
}

#[test]
fn too_short_an_interval_is_raised_to_the_minimum() {
    let mut bench = Bench::new();
    bench.answer(423, &[(HeaderName::MinExpires, "7200")]);
    assert_eq!(bench.sent[1].expires(), Ok(Some(Seconds(7200))));
}

#[test]
fn waits_grow_with_failures_and_reset_with_success() {
    let mut bench = Bench::new();
    let mut waits = Vec::new();
    for _ in 0..4 {
        bench.answer(500, &[]);
        let Some(RegistrationState::Failed { retry_in, .. }) = bench.reports.last() else { panic!("failed") };
        waits.push(retry_in.0);
        bench.run_timer();
    }
    assert!(waits[0] <= 30_000 && waits[3] >= 120_000, "{waits:?}");
    bench.answer(200, &[]);
    bench.run_timer();
    bench.answer(500, &[]);
    let Some(RegistrationState::Failed { retry_in, .. }) = bench.reports.last() else { panic!("failed") };
    assert!(retry_in.0 <= 30_000);
}

#[test]
fn a_public_address_is_learnt_and_bound() {
    let mut bench = Bench::new();
    let via = "SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1;rport=41234;received=203.0.113.5";
    bench.answer(200, &[(HeaderName::Via, via)]);
    assert_eq!(bench.sent.len(), 2);
    let contact = bench.sent[1].contacts().expect("contacts").remove(0);
    assert_eq!(contact.uri.to_string(), "sip:15550123@203.0.113.5:41234");
    bench.answer(200, &[(HeaderName::Via, via)]);
    assert_eq!(bench.sent.len(), 2);
}

#[test]
fn leaving_removes_the_binding() {
    let mut bench = Bench::new();
    bench.answer(200, &[]);
    let mut out = Vec::new();
    bench.registration.leave(&mut out);
    bench.take(out);
    assert_eq!(bench.sent[1].expires(), Ok(Some(Seconds(0))));
    bench.answer(200, &[]);
    assert!(bench.gone);
    assert_eq!(bench.reports.last(), Some(&RegistrationState::Unregistered));
}

#[test]
fn refreshes_prove_themselves_by_the_last_challenge_with_its_count_raised() {
    let mut bench = Bench::proved();
    for count in 2..5 {
        bench.run_timer();
        assert_eq!(bench.proof(), Some(("n1".to_owned(), Some(count))));
        bench.answer(200, &[]);
    }
    // A REGISTER and its answer each time, and the first one, which was refused.
    assert_eq!(bench.seqs(), [1, 2, 3, 4, 5]);
    let mut out = Vec::new();
    bench.registration.leave(&mut out);
    bench.take(out);
    assert_eq!(bench.proof(), Some(("n1".to_owned(), Some(5))));
}

#[test]
fn a_registrar_that_has_forgotten_the_challenge_is_answered_by_its_new_one() {
    for stale in ["", ", stale=true"] {
        let mut bench = Bench::proved();
        bench.run_timer();
        let challenge = format!("Digest realm=\"x\", nonce=\"n2\", qop=\"auth\"{stale}");
        bench.answer(401, &[(HeaderName::WwwAuthenticate, &challenge)]);
        assert_eq!(bench.proof(), Some(("n2".to_owned(), Some(1))), "{stale}");
        bench.answer(200, &[]);
        assert!(bench.registration.is_bound());
        bench.run_timer();
        assert_eq!(bench.proof(), Some(("n2".to_owned(), Some(2))), "{stale}");
    }
}

#[test]
fn a_password_that_holds_no_longer_is_told_and_not_proved_by_again() {
    let mut bench = Bench::proved();
    bench.run_timer();
    for nonce in ["n2", "n3"] {
        let challenge = format!("Digest realm=\"x\", nonce=\"{nonce}\", qop=\"auth\"");
        bench.answer(401, &[(HeaderName::WwwAuthenticate, &challenge)]);
    }
    assert!(matches!(
        bench.reports.last(),
        Some(RegistrationState::Failed { why: WhyUnregistered::WrongPassword, .. })
    ));
    bench.run_timer();
    assert_eq!(bench.proof(), None);
}
