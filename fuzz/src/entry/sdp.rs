//! A session description, as an offer and as an answer.

use tipring_sip::offer_answer::{LocalMedia, OfferAnswer};
use tipring_sip::sdp::SessionDescription;

/// What is read is written so that it is read the same; offer and answer end in a plan or an error, and another round
/// follows.
pub fn run(data: &[u8]) {
    if let Ok(read) = SessionDescription::parse(data) {
        let written = read.to_bytes();
        let again = SessionDescription::parse(&written).expect("what we write we can read");
        assert_eq!(String::from_utf8_lossy(&again.to_bytes()), String::from_utf8_lossy(&written));
    }
    let local = LocalMedia::g711(core::net::SocketAddr::from(([192, 0, 2, 1], 4000)));
    let mut asked = OfferAnswer::new(1);
    if asked.receive_offer(data).is_ok() {
        match asked.answer(&local) {
            Ok((body, plan)) => {
                SessionDescription::parse(&body).expect("our answer can be read");
                for stream in &plan.streams {
                    assert!(stream.send_ptime.0 >= 10 && stream.send_ptime.0 <= 200, "{stream:?}");
                }
            }
            Err(_) => asked.withdraw(),
        }
    }
    let mut asking = OfferAnswer::new(2);
    asking.offer(&local);
    let _ = asking.preview(data);
    if asking.receive_answer(data).is_err() {
        asking.withdraw();
    }
    let body = asking.offer(&local);
    SessionDescription::parse(&body).expect("our next offer can be read");
}
