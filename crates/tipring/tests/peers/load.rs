//! Sixteen lines in calls at once, in real time.

use std::time::Duration;

use crate::common::{Dir, until};
use crate::gateway::{Gateway, free_port};
use crate::measure;
use crate::program::is_installed;
use crate::rtp::RtpPeer;
use crate::sipp::Sipp;
use crate::steady::in_time;

const LINES: usize = 16;
/// What a telephone says.
const SAID_DBM0: f64 = -10.0;
/// From mouth to wire, and from wire to ear: the loop, and the country's 3 dB outward.
const OUT_DB: f64 = -1.8;
const IN_DB: f64 = -4.8;

fn number(line: usize) -> String {
    (101 + line).to_string()
}

/// Each line has its own frequency.
fn hertz(line: usize) -> f64 {
    500.0 + 70.0 * line as f64
}

fn say(gateway: &Gateway, line: usize) {
    gateway.phone(&number(line), &["say", &format!("tone:{}:{SAID_DBM0}", hertz(line))]);
}

#[test]
fn sixteen_lines_talk_at_once_to_each_other_and_to_sip_phones() {
    in_time(|| {
        if !is_installed("sipp") {
            return;
        }
        let far = RtpPeer::start(700.0, -15.0);
        let port = free_port();
        let media = far.port.to_string();
        let sipp = Sipp::serve_with("plain", port, LINES, &["-key", "far_media", &media]);
        let body = format!(
            "[server.far]\naddress = \"127.0.0.1:{port}\"\n[phone.101-116]\nport = \"sim/1-16\"\n\
         [dial]\n\"1xx\" = \"phones\"\n\"555xxxx\" = \"far\"\n"
        );
        let gateway = Gateway::start_in(Dir::new("load"), &body, 200, &[]);

        // Eight calls between lines: every telephone hears the tone of its own partner, in both directions.
        let half = LINES / 2;
        for line in 0..half {
            gateway.dials(&number(line), &number(line + half));
        }
        for line in half..LINES {
            gateway.hears(&number(line), "ringing");
            gateway.phone(&number(line), &["off-hook"]);
        }
        gateway.status_shows("phones 16: 16 talking");
        for (speakers, offset) in [(0..half, half), (half..LINES, LINES - half)] {
            for line in speakers.clone() {
                say(&gateway, line);
            }
            for line in speakers.clone() {
                let partner = (line + offset) % LINES;
                gateway.hears_tone(&number(partner), hertz(line), SAID_DBM0 + OUT_DB + IN_DB);
            }
            for line in speakers {
                gateway.phone(&number(line), &["hush"]);
            }
        }
        for line in 0..LINES {
            gateway.phone(&number(line), &["on-hook"]);
        }
        gateway.status_shows("phones 16: 16 idle");

        // Sixteen calls to the far end.
        for line in 0..LINES {
            gateway.dials(&number(line), &format!("55512{:02}", line));
        }
        gateway.status_shows("phones 16: 16 talking");
        for line in 0..LINES {
            gateway.hears_tone(&number(line), 700.0, -15.0 + IN_DB);
        }
        for line in 0..LINES {
            say(&gateway, line);
        }
        let wire = SAID_DBM0 + OUT_DB;
        let of = |line: usize| {
            let tracks = far.tracks();
            let found = tracks.iter().filter_map(|track| measure::find(&track.samples, hertz(line), wire));
            found.filter(|found| found.length_ms > 2000).max_by(|a, b| a.length_ms.cmp(&b.length_ms))
        };
        for line in 0..LINES {
            until(&format!("two seconds of line {line}"), || of(line));
        }
        for line in 0..LINES {
            gateway.phone(&number(line), &["on-hook"]);
        }
        sipp.succeeds();
        let tracks = far.tracks();
        assert_eq!(tracks.len(), LINES);
        let lost: usize = tracks.iter().map(|track| track.lost).sum();
        let wait = tracks.iter().map(|track| track.longest_wait).max().unwrap_or_default();
        println!("lost {lost} packets; the longest wait for one was {} ms", wait.as_millis());
        for line in 0..LINES {
            let found = of(line).unwrap();
            assert!((found.dbm0 - wire).abs() < 1.0 && found.gap_ms <= 100, "line {line}: {found:?}");
        }
        assert_eq!(lost, 0);
        assert!(wait < Duration::from_millis(200), "a shard stood still for {wait:?}");
        gateway.status_shows("phones 16: 16 idle");
        gateway.record(half + LINES);
    });
}
