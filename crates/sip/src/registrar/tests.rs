use super::*;
use crate::dialog::{Credentials, answer_challenge};
use crate::digest::Challenge;
use crate::message::{Host, Method, Uri};
use crate::transaction::Transport;

struct Bench {
    registrar: Registrar,
    entropy: Entropy,
    now: Instant,
    seq: u32,
}

const FLOW: &str = "198.51.100.7:40000";

impl Bench {
    fn new() -> Self {
        Self::asking_for(&[Algorithm::Md5])
    }

    fn asking_for(algorithms: &[Algorithm]) -> Self {
        let mut entropy = Entropy::for_simulation(1);
        let mut registrar = Registrar::new("tipring", algorithms, &mut entropy);
        registrar.set_users(vec![User { name: "201".to_owned(), password: Secret::new("lamo") }]);
        Self { registrar, entropy, now: Instant::from_millis(1000), seq: 0 }
    }

    fn flow() -> Target {
        Target::new(Transport::Udp, FLOW.parse().expect("address"))
    }

    fn request(&mut self, user: &str, contact: &str, expires: Option<u32>) -> Request {
        self.seq += 1;
        let host = Host::Name("tipring.example".to_owned());
        let mut request = Request::new(Method::Register, Uri::sip(None, host, None));
        let headers = &mut request.headers;
        headers.push(HeaderName::Via, "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx");
        headers.push(HeaderName::From, format!("<sip:{user}@tipring.example>;tag=1"));
        headers.push(HeaderName::To, format!("<sip:{user}@tipring.example>"));
        headers.push(HeaderName::CallId, "reg-1");
        headers.push(HeaderName::CSeq, format!("{} REGISTER", self.seq));
        if !contact.is_empty() {
            headers.push(HeaderName::Contact, contact);
        }
        if let Some(expires) = expires {
            headers.push(HeaderName::Expires, expires.to_string());
        }
        request
    }

    fn prove(&mut self, mut request: Request, user: &str, password: &str) -> (Request, Proof) {
        let challenge = self.registrar.challenge(self.now, &request, false, &mut self.entropy);
        let credentials = Credentials { user: user.to_owned(), password: Secret::new(password) };
        assert!(answer_challenge(&mut request, &challenge, &credentials, &mut self.entropy));
        let proof = self.registrar.prove(self.now, &request);
        (request, proof)
    }

    fn register(&mut self, contact: &str, expires: Option<u32>) -> (Response, Vec<Change>) {
        let request = self.request("201", contact, expires);
        let (request, proof) = self.prove(request, "201", "lamo");
        assert_eq!(proof, Proof::User("201".to_owned()));
        self.registrar.register(self.now, "201", &request, Self::flow(), &mut self.entropy)
    }
}

#[test]
fn a_right_password_binds_and_a_wrong_one_does_not() {
    let mut bench = Bench::new();
    let request = bench.request("201", "<sip:201@10.0.0.9>", None);
    assert_eq!(bench.registrar.prove(bench.now, &request), Proof::Ask { stale: false });
    let (_, proof) = bench.prove(request, "201", "wrong");
    assert_eq!(proof, Proof::Wrong);
    let (response, changes) = bench.register("<sip:201@10.0.0.9>", Some(600));
    assert_eq!(response.status, 200);
    assert_eq!(changes.len(), 1);
    assert_eq!(bench.registrar.user_of_flow(bench.now, Bench::flow()), Some("201"));
}

/// The algorithms that a registrar asks for, header by header.
fn asked_for(bench: &mut Bench) -> Vec<Algorithm> {
    let request = bench.request("201", "<sip:201@10.0.0.9>", None);
    let answer = bench.registrar.challenge(bench.now, &request, false, &mut bench.entropy);
    let headers = answer.headers.get_all(&HeaderName::WwwAuthenticate);
    let challenges = headers.map(|value| Challenge::parse_all(&text(value)).expect("a challenge"));
    challenges.map(|one| one[0].algorithm.expect("an algorithm")).collect()
}

#[test]
fn a_challenge_names_no_algorithm_at_which_old_phones_give_up_unless_told() {
    let config = crate::agent::AgentConfig::new("10.0.0.1:5060".parse().expect("address"));
    let mut bench = Bench::asking_for(&config.digest);
    assert_eq!(asked_for(&mut bench), [Algorithm::Md5]);
}

#[test]
fn every_algorithm_has_a_header_in_the_order_given() {
    use Algorithm::{Md5, Sha256, Sha512Half};
    let orders: [&[Algorithm]; 5] =
        [&[Sha256], &[Sha512Half, Sha256, Md5], &[Md5, Sha256], &[Sha256, Md5, Sha256], &[]];
    let expected: [&[Algorithm]; 5] =
        [&[Sha256], &[Sha512Half, Sha256, Md5], &[Md5, Sha256], &[Sha256, Md5], &[Md5]];
    for (order, expected) in orders.into_iter().zip(expected) {
        assert_eq!(asked_for(&mut Bench::asking_for(order)), expected);
        let mut bench = Bench::new();
        bench.registrar.set_digest(order);
        assert_eq!(asked_for(&mut bench), expected);
    }
}

#[test]
fn each_algorithm_that_is_offered_proves_and_no_other() {
    use Algorithm::{Md5, Sha256, Sha512Half};
    for offered in [Md5, Sha256, Sha512Half] {
        for answered in [Md5, Sha256, Sha512Half] {
            let mut bench = Bench::asking_for(&[answered]);
            let request = bench.request("201", "<sip:201@10.0.0.9>", None);
            bench.registrar.set_digest(&[answered]);
            let challenge = bench.registrar.challenge(bench.now, &request, false, &mut bench.entropy);
            // What is asked for changes while the answer is under way.
            bench.registrar.set_digest(&[offered]);
            let mut request = request;
            let credentials = Credentials { user: "201".to_owned(), password: Secret::new("lamo") };
            assert!(answer_challenge(&mut request, &challenge, &credentials, &mut bench.entropy));
            let proof = bench.registrar.prove(bench.now, &request);
            let right =
                if offered == answered { Proof::User("201".to_owned()) } else { Proof::Ask { stale: false } };
            assert_eq!(proof, right, "{offered} asked for, {answered} given");
        }
    }
}

#[test]
fn an_old_nonce_is_stale_with_every_algorithm_and_a_wrong_password_is_not() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512Half] {
        for (password, expected) in [("lamo", Proof::Ask { stale: true }), ("x", Proof::Wrong)] {
            let mut bench = Bench::asking_for(&[algorithm]);
            let request = bench.request("201", "<sip:201@10.0.0.9>", None);
            let (request, _) = bench.prove(request, "201", password);
            let later = bench.now + NONCE_LIFETIME + Millis(1);
            assert_eq!(bench.registrar.prove(later, &request), expected, "{algorithm}");
            let challenge = bench.registrar.challenge(later, &request, true, &mut bench.entropy);
            let asked = challenge.headers.text(&HeaderName::WwwAuthenticate).expect("a challenge");
            assert!(asked.contains("stale=true"), "{asked}");
        }
    }
}

#[test]
fn an_unknown_user_is_answered_like_a_wrong_password() {
    let mut bench = Bench::new();
    let unknown = bench.request("999", "<sip:999@10.0.0.9>", None);
    let (_, unknown) = bench.prove(unknown, "999", "x");
    let known = bench.request("201", "<sip:201@10.0.0.9>", None);
    let (_, known) = bench.prove(known, "201", "x");
    assert_eq!(unknown, known);
}

#[test]
fn a_user_cannot_bind_to_another_name() {
    let mut bench = Bench::new();
    let request = bench.request("202", "<sip:201@10.0.0.9>", None);
    let (request, proof) = bench.prove(request, "201", "lamo");
    assert_eq!(proof, Proof::User("201".to_owned()));
    let (response, _) =
        bench.registrar.register(bench.now, "201", &request, Bench::flow(), &mut bench.entropy);
    assert_eq!(response.status, 403);
}

#[test]
fn a_credential_cannot_be_replayed() {
    let mut bench = Bench::new();
    let request = bench.request("201", "<sip:201@10.0.0.9>", None);
    let (request, proof) = bench.prove(request, "201", "lamo");
    assert_eq!(proof, Proof::User("201".to_owned()));
    assert_eq!(bench.registrar.prove(bench.now, &request), Proof::Ask { stale: true });
}

#[test]
fn bindings_lapse() {
    let mut bench = Bench::new();
    bench.register("<sip:201@10.0.0.9>", Some(60));
    let at = bench.registrar.deadline().expect("a binding");
    assert_eq!(at, bench.now + Millis(60_000));
    assert_eq!(bench.registrar.on_time(at).first().map(|c| c.expires), Some(Millis::ZERO));
    assert!(bench.registrar.bindings(at, "201").is_empty());
}

#[test]
fn too_short_a_lifetime_is_423_with_the_minimum() {
    let mut bench = Bench::new();
    let (response, _) = bench.register("<sip:201@10.0.0.9>", Some(10));
    assert_eq!(response.status, 423);
    assert_eq!(response.min_expires().ok().flatten(), Some(MIN_EXPIRES));
}

#[test]
fn several_contacts_stand_side_by_side_and_a_star_removes_all() {
    let mut bench = Bench::new();
    bench.register("<sip:201@10.0.0.9>;q=0.3", None);
    let (response, _) = bench.register("<sip:201@10.0.0.10>;q=0.9", None);
    assert_eq!(response.contacts().map(|c| c.len()), Ok(2));
    let first = bench.registrar.bindings(bench.now, "201").first().map(|b| b.contact.uri.to_string());
    assert_eq!(first.as_deref(), Some("sip:201@10.0.0.10"));
    let (response, changes) = bench.register("*", Some(0));
    assert_eq!((response.status, changes.len()), (200, 2));
    assert!(bench.registrar.bindings(bench.now, "201").is_empty());
}

#[test]
fn a_query_lists_and_changes_nothing() {
    let mut bench = Bench::new();
    bench.register("<sip:201@10.0.0.9>", Some(600));
    let (response, changes) = bench.register("", None);
    assert!(changes.is_empty());
    let contact = response.contacts().expect("contacts").remove(0);
    assert_eq!(contact.params.get("expires"), Some("600"));
}

#[test]
fn contacts_are_bounded() {
    let mut bench = Bench::new();
    for n in 0..MAX_CONTACTS {
        assert_eq!(bench.register(&format!("<sip:201@10.0.1.{n}>"), None).0.status, 200);
    }
    assert_eq!(bench.register("<sip:201@10.0.2.1>", None).0.status, 503);
}
