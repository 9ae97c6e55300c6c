//! What the effective configuration holds, the files that it names, and that nothing panics.

use core::net::IpAddr;

use proptest::prelude::*;
use tipring_config::{FileFound, Files, Level, MayCall, Network, Number, Report, Target, check, check_with};
use tipring_country::NumberKind;
use tipring_port::{CallerIdTiming, Disconnect, DtmfProfile, Impedance};
use tipring_units::{Db, Dbm0, Millis, Samples};

fn number(text: &str) -> Number {
    Number::parse(text).unwrap()
}

fn effective(text: &str) -> tipring_config::Effective {
    let report = check(text, "tipring.toml");
    report.effective.clone().unwrap_or_else(|| panic!("{report}"))
}

fn with_file(text: &str, path: &str, content: &str, mode: u32) -> Report {
    let found = FileFound::Text { text: content.to_owned(), mode };
    check_with(text, "tipring.toml", &Files::from([(path.to_owned(), found)]))
}

fn errors(report: &Report) -> Vec<String> {
    report.of(Level::Error).map(ToString::to_string).collect()
}

#[test]
fn ranges_pair_in_order_and_a_single_entry_refines_them() {
    let effective = effective(
        "country = \"us\"\n[phone.203]\nname = \"Suite\"\n[phone.201-204]\nport = \"sim/11-14\"\nname = \"Room {number}\"\nmay_call = \"internal\"\n",
    );
    let names: Vec<_> = effective.phone.values().map(|phone| phone.name.clone().unwrap()).collect();
    assert_eq!(names, ["Room 201", "Room 202", "Suite", "Room 204"]);
    let ports: Vec<_> = effective.phone.values().map(|phone| phone.port.index).collect();
    assert_eq!(ports, [11, 12, 13, 14]);
    assert!(effective.phone.values().all(|phone| phone.may_call == MayCall::Internal));
}

#[test]
fn numbers_keep_their_width_and_come_in_order() {
    let effective =
        effective("country = \"us\"\n[phone.008-011]\nport = \"sim/1-4\"\n[phone.9]\nport = \"sim/5\"\n");
    let numbers: Vec<_> = effective.phone.keys().map(Number::as_str).collect();
    assert_eq!(numbers, ["9", "008", "009", "010", "011"]);
}

#[test]
fn a_phone_of_its_own_mind_gets_a_profile_of_its_own() {
    let effective = effective(
        "country = \"us\"\n[phone.1]\nport = \"sim/1\"\n[phone.2]\nport = \"sim/2\"\ncaller_id = false\npulse = false\nflash = \"90-500 ms\"\ndisconnect = \"reversal\"\ngain_in = \"-2 dB\"\ngain_out = \"1.5 dB\"\necho_tail = \"64 ms\"\nagc = \"in\"\ndtmf_profile = \"denmark\"\ndtmf_level = \"-41 dBm0\"\nimpedance = \"900 + 2.16u\"\n",
    );
    let plain = effective.profile(&effective.phone[&number("1")]);
    assert_eq!(plain, effective.country.line_profile());
    let own = effective.profile(&effective.phone[&number("2")]);
    assert_eq!(own.caller_id, CallerIdTiming::Off);
    assert!(!own.pulse.enabled);
    assert_eq!((own.flash.min, own.flash.max), (Millis(90), Millis(500)));
    assert_eq!(own.disconnect, Disconnect::Reversal);
    assert_eq!((own.gain_in, own.gain_out, own.echo_tail), (Db(-2.0), Db(1.5), Samples(512)));
    assert_eq!(plain.dtmf, DtmfProfile::default());
    assert_eq!(own.dtmf, DtmfProfile { level_min: Dbm0(-41.0), ..DtmfProfile::DENMARK });
    assert_eq!((own.agc_in, own.agc_out, own.impedance), (true, false, Impedance::R900C));
    // On top of the country's 0 dBr in and -3 dBr out.
    assert_eq!((own.send_gain(), own.receive_gain()), (Db(-2.0), Db(-1.5)));
    assert_eq!((plain.send_gain(), plain.receive_gain()), (Db(0.0), Db(-3.0)));
}

#[test]
fn without_pulses_a_british_recall_has_its_whole_window() {
    let effective = effective("country = \"uk\"\n[phone.1]\nport = \"sim/1\"\npulse = false\n");
    assert_eq!(effective.profile(&effective.phone[&number("1")]).flash.min, Millis(50));
}

#[test]
fn one_server_gets_everything_and_none_leaves_the_phones_to_each_other() {
    let one = effective("country = \"us\"\n[server.a]\naddress = \"x\"\n[phone.1]\nport = \"sim/1\"\n");
    assert_eq!(one.dial.len(), 1);
    assert!(one.dial_is_implied());
    assert_eq!(one.dial[0].to[0].target, Target::Server("a".into()));
    assert_eq!(one.server["a"].rings[0].target, Target::Phone(number("1")));
    let none = effective("country = \"us\"\n[phone.1-2]\nport = \"sim/1-2\"\n[sip.30]\npassword = \"x\"\n");
    let patterns: Vec<_> = none.dial.iter().map(|rule| rule.pattern.as_str()).collect();
    assert_eq!(patterns, ["1", "2", "30"]);
    assert!(none.dial.iter().all(|rule| rule.to[0].target == Target::Phones));
}

#[test]
fn permissions_follow_the_kind_of_number() {
    for may in [MayCall::Internal, MayCall::Local, MayCall::National, MayCall::All] {
        assert!(may.allows(NumberKind::Emergency));
        assert_eq!(may.allows(NumberKind::International), matches!(may, MayCall::All | MayCall::NoPremium));
    }
    assert!(MayCall::National.allows(NumberKind::Local) && !MayCall::Local.allows(NumberKind::National));
    assert!(!MayCall::National.allows(NumberKind::Premium));
    assert!(!MayCall::Internal.allows(NumberKind::Local));
}

#[test]
fn a_network_holds_its_addresses_only() {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let ten = Network::parse("10.0.0.0/8").unwrap();
    assert!(ten.contains(ip("10.255.1.2")) && ten.contains(ip("::ffff:10.1.1.1")));
    assert!(!ten.contains(ip("11.0.0.1")) && !ten.contains(ip("::1")));
    assert!(Network::parse("0.0.0.0/0").unwrap().contains(ip("8.8.8.8")));
    assert!(Network::parse("::1").unwrap().contains(ip("::1")));
    assert!(Network::parse("fd00::/8").unwrap().contains(ip("fd12::1")));
    assert!(Network::parse("10.0.0.0/33").is_none());
}

#[test]
fn what_is_too_much_ends_soon() {
    let phones = effective("country = \"us\"\n[phone.1000-5095]\nport = \"sim/1-4096\"\n");
    assert_eq!(phones.phone.len(), 4096);
    let tables: String =
        (0..20_000).map(|n| format!("[phone.{n:05}000-{n:05}999]\nport = \"sim/1-1000\"\n")).collect();
    let report = check(&format!("country = \"us\"\n{tables}"), "t");
    assert_eq!(errors(&report), ["t:2: there are 20000000 phones; 4096 are the most."]);
}

const TABLE: &str = "country = \"us\"\n[server.pbx]\naddress = \"x\"\npasswords = \"rooms.csv\"\n[phone.201-202]\nport = \"sim/1-2\"\n";

#[test]
fn files_are_wanted_and_their_accounts_used() {
    let report = check(TABLE, "tipring.toml");
    assert!(report.is_accepted());
    assert_eq!((report.files[0].path.as_str(), report.files[0].line), ("rooms.csv", 4));
    let report = with_file(
        TABLE,
        "rooms.csv",
        "number,user,password\n# hotel\n201,secret\n202,\"guest,202\",\"a\"\"b\"\n",
        0o600,
    );
    let accounts = &report.effective.as_ref().unwrap_or_else(|| panic!("{report}")).server["pbx"].accounts;
    let (first, second) = (&accounts[&number("201")], &accounts[&number("202")]);
    assert_eq!((first.user.as_str(), first.password.reveal(), first.line), ("201", "secret", 3));
    assert_eq!((second.user.as_str(), second.password.reveal()), ("guest,202", "a\"b"));
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let report = with_file(TABLE, "rooms.csv", "201,a\n202,b\n", 0o644);
    assert_eq!(
        errors(&report),
        ["tipring.toml:4: rooms.csv can be read by others (mode 0644). Run: chmod 600 rooms.csv"]
    );
    let unreadable = Files::from([("rooms.csv".to_owned(), FileFound::Unreadable("no such file".into()))]);
    let report = check_with(TABLE, "tipring.toml", &unreadable);
    assert_eq!(errors(&report), ["tipring.toml:4: rooms.csv cannot be read: no such file."]);
}

#[test]
fn mistakes_in_a_password_file_name_that_file_and_line() {
    let report = with_file(TABLE, "rooms.csv", "201,a\n20l,b\n203\n204,\n201,c\n2002,d\n", 0o600);
    assert_eq!(
        errors(&report),
        [
            "rooms.csv:2: the first field is no number.",
            "rooms.csv:3: expected number,password or number,user,password.",
            "rooms.csv:4: the password of 204 is empty.",
            "tipring.toml:4: rooms.csv has no line for 202. Add a line: 202,PASSWORD",
            "rooms.csv:5: 201 is already in line 1. Keep one.",
            "rooms.csv:6: there is no phone 2002. Did you mean 202?",
        ]
    );
}

#[test]
fn a_password_file_holds_the_password_alone() {
    let text = "country = \"us\"\n[sip.201]\npassword_file = \"pw\"\n";
    let report = with_file(text, "pw", "lamo-kuch-41\n", 0o400);
    let effective = report.effective.unwrap();
    assert_eq!(effective.sip[&number("201")].password.as_ref().unwrap().reveal(), "lamo-kuch-41");
    assert_eq!(
        errors(&with_file(text, "pw", "a\nb\n", 0o600)),
        ["tipring.toml:3: pw must hold the password alone, on one line."]
    );
}

#[test]
fn several_sip_phones_may_share_a_password_file() {
    let text = "country = \"us\"\n[sip.201-203]\npasswords = \"sip.csv\"\n";
    let report = with_file(text, "sip.csv", "201,a\n202,b\n", 0o600);
    assert_eq!(errors(&report), ["tipring.toml:3: sip.csv has no line for 203. Did you mean 201?"]);
}

#[test]
fn no_password_is_ever_shown() {
    let text = "country = \"us\"\n[server.pbx]\naddress = \"x\"\nuser = \"u\"\npassword = \"hunter2\"\n[sip.201]\npassword = \"hunter2\"\n";
    let report = check(text, "tipring.toml");
    assert!(report.secrets_inline);
    let effective = report.effective.clone().unwrap();
    for shown in [format!("{report:?}"), format!("{effective:?}"), effective.to_string(), report.to_string()]
    {
        assert!(!shown.contains("hunter2"));
    }
}

const PIECES: &[&str] = &[
    "country = \"us\"\n",
    "country = \"de\"\n",
    "[phone.101]\n",
    "[phone.201-236]\n",
    "[phone.1-9999999999]\n",
    "[phone.\"x\"]\n",
    "[sip.300]\n",
    "[line.1-2]\n",
    "[server.pbx]\n",
    "[server.\"a b\"]\n",
    "[dial]\n",
    "[offline]\n",
    "[emergency]\n",
    "port = \"sim/1\"\n",
    "port = \"sim/1-36\"\n",
    "port = \"dahdi/65535\"\n",
    "port = []\n",
    "name = \"{number\"\n",
    "type = \"lift\"\n",
    "address = [\"a\", \"[::1]:5060\"]\n",
    "user = \"u\"\n",
    "password = \"p\"\n",
    "passwords = \"f\"\n",
    "transport = \"tls\"\n",
    "\"<9:>,xx.\" = \"lines\"\n",
    "\"1xx\" = \"phones\"\n",
    "\"[\" = \"pbx\"\n",
    "via = [\"pbx\", \"line.1\"]\n",
    "wait_end = \"99 h\"\n",
    "flash = \"1-2 ms\"\n",
    "[[phone]]\n",
    "phone.101.port = \"sim/2\"\n",
    "x = { y = 1 }\n",
    "server = 1\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_check_panic(text in "\\PC{0,200}") {
        let report = check(&text, "t");
        prop_assert_eq!(report.is_accepted(), report.of(Level::Error).count() == 0);
    }

    #[test]
    fn no_mixture_of_right_and_wrong_makes_the_check_panic(places in prop::collection::vec(0..PIECES.len(), 0..14)) {
        let text: String = places.iter().map(|place| PIECES[*place]).collect();
        let report = check(&text, "t");
        prop_assert_eq!(report.is_accepted(), report.of(Level::Error).count() == 0);
        if let Some(effective) = report.effective {
            // What is accepted is accepted in its effective form too.
            let again = check(&effective.to_string(), "t");
            prop_assert!(again.is_accepted(), "{}\n{}", effective, again);
        }
    }

    #[test]
    fn no_password_file_makes_the_check_panic(content in "[0-9a,\"\\n\\r #]{0,60}") {
        with_file(TABLE, "rooms.csv", &content, 0o600);
    }
}
