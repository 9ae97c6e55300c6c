//! Apply classes, differences and edits.

use tipring_config::{Change, Edit, EditError, Effective, Files, check, diff, edit, key, keys, reference};

const BASE: &str = "# The tower
name    = \"tower\"   # shown in status
country = \"us\"

[server.pbx]
address = \"10.0.0.1\"
user = \"gw\"
password = \"old\"

# Rooms on the first floor
[phone.201-202]
port = \"sim/1-2\"     # left shelf
name = \"Room {number}\"

[dial]
\"0\" = \"201\"           # the desk
\"xx.\" = \"pbx\"
";

/// A configuration in which every key of this version and of later ones is written.
const FULL: &str = "name = \"n\"
country = \"us\"
listen = \"127.0.0.1:5062\"
media = \"20000-20099\"
trust = [\"10.0.0.0/8\", \"::1\"]
digest = [\"sha-256\", \"md5\"]
wait_first_digit = \"20 s\"
wait_digit = \"9 s\"
wait_end = \"2500 ms\"
wait_answer = \"90 s\"
star_codes = \"off\"
hunt = \"circular\"
announcements = true
announce_features = true
announcement_files = \"voice\"
language = \"de\"
[server.a]
address = [\"a.example\", \"[::1]:5070\"]
user = \"u\"
password = \"p\"
transport = \"tcp\"
expires = \"10 min\"
codecs = [\"pcma\"]
dtmf = \"info\"
from = \"caller\"
vad = true
mailbox = \"{number}\"
ptime = \"30 ms\"
jitter = \"30-120 ms\"
jitter_mode = \"fixed\"
rings = \"101\"
may_call = \"national\"
forwards = \"server\"
called_out = [\"<00:+>x.\", \"<:1>x.\"]
caller_out = \"<:1>x.\"
called_in = \"<1:>x.\"
caller_in = \"<+:00>x.\"
[server.b]
address = \"b.example\"
user = \"u\"
password_file = \"pw\"
[server.c]
address = \"c.example\"
passwords = \"pws\"
[phone.101]
port = \"sim/1\"
name = \"x\"
type = \"lift\"
may_call = \"local\"
may_call_night = \"internal\"
night_hours = \"20:00-06:00\"
caller_id = false
pulse = false
flash = \"90-500 ms\"
codecs = [\"pcma\"]
ptime = \"40 ms\"
jitter = \"40-60 ms\"
jitter_mode = \"fixed\"
disconnect = \"cpc 600 ms\"
reversal = true
metering = \"16 kHz 200 ms every 30 s\"
start = \"ground\"
lifeline = \"1\"
gain_in = \"-1 dB\"
gain_out = \"2 dB\"
agc = \"both\"
dtmf_profile = \"denmark\"
dtmf_level = \"-35 dBm0\"
dtmf_twist = \"9 dB\"
impedance = \"600\"
level_in = \"-2 dBr\"
level_out = \"-8 dBr\"
ring = \"1000/3000 ms\"
ring_frequency = \"25 Hz\"
ring_level = \"70 V\"
pulse_digits = \"sweden\"
tone_dial = \"425\"
tone_stutter = \"425 500/50 ms\"
tone_ringback = \"400*25 1000/4000 ms\"
tone_busy = \"425 480/480 ms\"
tone_congestion = \"425 240/240 ms\"
tone_waiting = \"425 200/9000 ms\"
echo_tail = \"0\"
forward = \"102\"
forward_busy = \"102\"
forward_no_answer = \"102\"
forward_unreachable = \"102\"
ring_time = \"35 s\"
ring_for = [\"0044x. dr2\", \"private dr4\"]
reject_anonymous = true
hide = true
recall = \"swap\"
lock = true
pin = \"4713\"
star_codes = true
pickup = [\"a\", \"b\"]
transfer = true
dials = \"a:8001\"
lamp = false
data = false
priority = false
rooms = false
desk = \"101\"
desk_key = \"7\"
dial_after = \"5 s\"
dial_time = \"25 s\"
repeat = false
call_limit = \"90 s\"
release = \"#9\"
opens = \"12\"
connects = \"at once\"
one_way = true
pre_tone = \"400 ms\"
override = false
self_test = \"04:30\"
self_test_to = \"a:8002\"
test = \"03:30\"
[sip.201]
password = \"x\"
name = \"s\"
may_call = \"national\"
may_call_night = \"local\"
night_hours = \"20:00-06:00\"
[sip.202]
password_file = \"pw\"
[sip.203]
passwords = \"pws\"
[line.1]
port = \"sim/9\"
name = \"l\"
rings = [\"101\", \"a:8001\"]
ring_time = \"30 s\"
fallback = \"201\"
night = \"lines:15550142\"
night_hours = \"18:00-08:00\"
caller_id = \"etsi-dtas\"
rings_before = 3
dialling = \"pulse\"
dial_when = \"pause 1 s\"
suffix = \"#\"
flash = \"120 ms\"
guard = \"2 s\"
answer = \"reversal\"
disconnect = [\"cpc 300 ms\", \"silence 90 s\"]
learned = \"500+620 300/300 ms\"
called_out = \"<:1>x.\"
caller_in = \"<:9>x.\"
disa = \"national\"
disa_pin = \"4711\"
start = \"ground\"
impedance = \"900\"
level_in = \"1 dBr\"
level_out = \"-4 dBr\"
tone_dial = \"400\"
tone_ringback = \"400 1000/4000 ms\"
tone_busy = \"400 500/500 ms\"
tone_congestion = \"400 250/250 ms\"
gain_in = \"1 dB\"
gain_out = \"-2 dB\"
agc = \"in\"
echo_tail = \"64 ms\"
in_use_below = \"15 V\"
dead_below = \"2 V\"
codecs = [\"pcma\"]
ptime = \"40 ms\"
jitter = \"40-60 ms\"
jitter_mode = \"fixed\"
[line.2]
port = \"sim/10\"
rings = \"101\"
disa = \"internal\"
disa_pin_file = \"pw\"
[route.out]
via = [\"a\", \"line.1:5\"]
on = [\"busy\", \"unknown\"]
called_out = \"<9:>x.\"
caller_out = \"<:1>x.\"
[group.600]
name = \"g\"
members = [\"101\", \"a:700\"]
hunt = \"circular\"
ring_time = \"15 s\"
busy = \"announcement\"
no_answer = \"lines:15550142\"
[dial]
\"0\" = \"101\"
[offline]
\"<9:>,xx.\" = \"line.1\"
[codes]
\"*96\" = \"do-not-disturb\"
[emergency]
via = [\"a\", \"lines\"]
notify = \"101\"
callback = \"15550100\"
[syslog]
address = \"10.0.0.9:6514\"
transport = \"tls\"
ca_file = \"ca.pem\"
details = false
[web]
listen = [\"127.0.0.1:8081\", \"eth1\"]
certificate = \"web.crt\"
key = \"web.key\"
allow = \"10.0.0.0/8\"
names = \"gw.example.net\"
";

fn effective(text: &str) -> Effective {
    let report = check(text, "tipring.toml");
    report.effective.clone().unwrap_or_else(|| panic!("{report}"))
}

fn changes(old: &str, new: &str) -> Vec<String> {
    diff(&effective(old), &effective(new)).iter().map(ToString::to_string).collect()
}

/// The key of the schema for a path of the effective form: `phone.101.name` is `name` of `[phone.N]`.
fn declared(path: &str) -> Option<&'static tipring_config::Key> {
    let words: Vec<&str> = path.split('.').collect();
    let place = tipring_config::Place::ALL.into_iter().find(|place| place.word() == words[0]);
    match (place, words.as_slice()) {
        (None, [top]) => key(tipring_config::Place::Top, top),
        (Some(place), [_, _, name]) if place.is_named() => key(place, name),
        (Some(place), [_, name, ..]) if !place.is_named() => key(place, name),
        _ => None,
    }
}

/// Every value of the effective form that differs from nothing at all: the walk over its fields.
fn all_paths() -> Vec<Change> {
    let mut empty = effective(FULL);
    empty.server.clear();
    empty.phone.clear();
    empty.sip.clear();
    empty.line.clear();
    empty.dial.clear();
    empty.offline.clear();
    empty.emergency.via.clear();
    empty.emergency.notify.clear();
    empty.emergency.callback = None;
    empty.syslog = None;
    empty.web = tipring_config::Web {
        listen: Vec::new(),
        certificate: None,
        key: None,
        allow: Vec::new(),
        names: Vec::new(),
    };
    let tops = effective("country = \"gb\"\n[phone.1]\nport = \"sim/1\"\n");
    let mut all = diff(&empty, &effective(FULL));
    all.extend(diff(&tops, &empty));
    all
}

#[test]
fn every_field_of_the_effective_form_has_an_apply_class() {
    for change in all_paths() {
        let key = declared(&change.path).unwrap_or_else(|| panic!("{} is in no list of keys", change.path));
        assert_eq!(change.apply, key.apply, "{}", change.path);
    }
}

#[test]
fn every_key_reaches_the_effective_form() {
    let paths = all_paths();
    let reached = |key: &tipring_config::Key| {
        paths.iter().any(|change| {
            declared(&change.path).is_some_and(|found| (found.place, found.name) == (key.place, key.name))
        })
    };
    let lost: Vec<_> =
        keys().iter().filter(|key| key.later.is_none() && !reached(key)).map(|key| key.name).collect();
    assert_eq!(lost, Vec::<&str>::new());
}

#[test]
fn every_key_is_told_once_and_helps() {
    for (place, key) in keys().iter().enumerate() {
        assert!(key.help.ends_with('.') && !key.default.is_empty(), "{}", key.name);
        assert!(
            !keys()[..place].iter().any(|other| (other.place, other.name) == (key.place, key.name)),
            "{}",
            key.name
        );
        // A bar would end the column.
        let kind = key.kind.describe().replace('|', "\\|");
        assert!(reference().contains(&format!("| `{}` | {kind} |", key.name)));
    }
}

#[test]
fn differences_carry_their_class() {
    assert_eq!(changes(BASE, BASE), Vec::<String>::new());
    assert_eq!(
        changes(BASE, &BASE.replace("\"sim/1-2\"", "\"sim/5-6\"").replace("Room", "Suite")),
        [
            "phone.201.name: \"Room 201\" -> \"Suite 201\" (live)",
            "phone.201.port: \"sim/1\" -> \"sim/5\" (when-idle)",
            "phone.202.name: \"Room 202\" -> \"Suite 202\" (live)",
            "phone.202.port: \"sim/2\" -> \"sim/6\" (when-idle)",
        ]
    );
    assert_eq!(
        changes(BASE, &format!("listen = \"127.0.0.1\"\n{BASE}")),
        ["listen: \"0.0.0.0:5060\" -> \"127.0.0.1:5060\" (next-start)"]
    );
    assert_eq!(
        changes(BASE, &format!("digest = [\"sha-256\", \"md5\"]\n{BASE}")),
        ["digest: \"md5\" -> [\"sha-256\", \"md5\"] (live)"]
    );
    assert_eq!(
        changes(BASE, &BASE.replace("\"0\" = \"201\"", "\"0\" = \"202\"")),
        ["dial.0: \"201\" -> \"202\" (live)"]
    );
    assert_eq!(
        changes(BASE, &BASE.replace("[dial]", "[phone.202]\ndisconnect = \"none\"\n[dial]")),
        ["phone.202.disconnect: nothing -> \"none\" (when-idle)"]
    );
}

#[test]
fn a_changed_password_is_a_difference_that_is_not_shown() {
    assert_eq!(
        changes(BASE, &BASE.replace("\"old\"", "\"new\"")),
        ["server.pbx.password: (secret) -> (secret) (live)"]
    );
}

#[test]
fn what_comes_from_elsewhere_now_is_no_difference() {
    assert_eq!(changes(BASE, &format!("listen = \"0.0.0.0:5060\"\n{BASE}")), Vec::<String>::new());
}

fn edited(path: &str, value: Option<&str>) -> Result<String, EditError> {
    let change = Edit { base_revision: 16, path: path.into(), value: value.map(str::to_owned) };
    edit(BASE, "tipring.toml", &Files::new(), 16, &change).map(|edited| edited.text)
}

#[test]
fn an_edit_keeps_comments_and_everything_else() {
    assert_eq!(edited("name", Some("\"tower-b\"")).unwrap(), BASE.replace("\"tower\" ", "\"tower-b\" "));
    assert_eq!(
        edited("dial.0", Some("\"202\"")).unwrap(),
        BASE.replace("\"0\" = \"201\"", "\"0\" = \"202\"")
    );
    assert_eq!(
        edited("dial.\"xx.\"", Some("[\"pbx\", \"201\"]")).unwrap(),
        BASE.replace("= \"pbx\"", "= [\"pbx\", \"201\"]")
    );
    assert_eq!(
        edited("phone.201-202.may_call", Some("\"local\"")).unwrap(),
        BASE.replace("name = \"Room {number}\"\n", "name = \"Room {number}\"\nmay_call = \"local\"\n")
    );
}

#[test]
fn an_edit_of_one_phone_of_a_range_refines_it() {
    let text = edited("phone.202.name", Some("\"Suite\"")).unwrap();
    assert!(text.contains("\n[phone.202]\nname = \"Suite\"\n"), "{text}");
    assert!(text.contains("# Rooms on the first floor\n[phone.201-202]\n"), "{text}");
    assert_eq!(changes(BASE, &text), ["phone.202.name: \"Room 202\" -> \"Suite\" (live)"]);
    let text = edited("phone.203", Some("{ port = \"sim/3\" }")).unwrap();
    assert!(text.contains("\n[phone.203]\nport = \"sim/3\"\n"), "{text}");
    assert_eq!(effective(&text).phone.len(), 3);
}

#[test]
fn a_removed_key_leaves_the_comment_above_it() {
    let text = edited("name", None).unwrap();
    assert!(text.starts_with("# The tower\ncountry = \"us\"\n"), "{text}");
    assert_eq!(edited("dial.\"xx.\"", None).unwrap(), BASE.replace("\"xx.\" = \"pbx\"\n", ""));
}

#[test]
fn an_edit_that_does_not_fit_is_refused_with_its_reason() {
    let refused = |path: &str, value: Option<&str>| edited(path, value).unwrap_err().to_string();
    assert_eq!(
        refused("phone.201-202.port", Some("\"sim/1-3\"")),
        "tipring.toml:12: [phone.201-202] is 2 phones, \"sim/1-3\" is 3 ports. Write sim/1-2, or end at 203."
    );
    assert_eq!(
        refused("phone.201-202.prot", Some("\"x\"")),
        "tipring.toml:14: [phone.201-202] has no key prot. Did you mean port?"
    );
    assert_eq!(
        refused("name", Some("tower b")),
        "tower b is no value: text stands in quotes, lists in brackets."
    );
    assert_eq!(
        refused("phone", Some("\"x\"")),
        "\"phone\" is no place in the configuration. Write it as phone.101.name or dial.\"9,xx.\"."
    );
    assert_eq!(refused("listen", None), "listen is not written in the file, so it cannot be removed.");
    assert_eq!(
        refused("phone.299.name", None),
        "phone.299.name is not written in the file, so it cannot be removed."
    );
}

#[test]
fn an_edit_against_an_old_revision_is_refused() {
    let change = Edit { base_revision: 15, path: "name".into(), value: None };
    assert_eq!(
        edit(BASE, "tipring.toml", &Files::new(), 16, &change).unwrap_err().to_string(),
        "the change was made against revision 15, revision 16 is in force. Look at it and change again."
    );
}
