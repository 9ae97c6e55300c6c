//! Each kind of mistake with the words in which it is told.

use tipring_config::{Level, check};

/// A configuration without fault; mistakes are added below it (line 6 is the first that is free).
const GOOD: &str = "country = \"us\"
[server.pbx]
address = \"10.0.0.1\"
[phone.101]
port = \"sim/1\"
";

/// What is found at `level` in [`GOOD`] followed by `more`, a line each.
fn found(level: Level, more: &str) -> String {
    whole(level, &format!("{GOOD}{more}"))
}

fn whole(level: Level, text: &str) -> String {
    let report = check(text, "tipring.toml");
    let lines: Vec<String> = report.of(level).map(ToString::to_string).collect();
    assert_eq!(report.is_accepted(), report.of(Level::Error).count() == 0);
    lines.join("\n").replace("tipring.toml:", "")
}

fn error(more: &str) -> String {
    found(Level::Error, more)
}

#[test]
fn the_base_of_these_tests_is_without_fault() {
    assert_eq!(check(GOOD, "tipring.toml").findings, []);
}

#[test]
fn unequal_counts_read_as_the_design_has_them() {
    let text = "# 3.\nname = \"tower-a\"\ncountry = \"us\"\n\n[server.pbx]\naddress = \"pbx1\"\n\n\n\n[phone.201-236]\nport = \"dahdi/1-35\"\n";
    let report = check(text, "tipring.toml");
    assert_eq!(
        report.of(Level::Error).next().map(ToString::to_string).as_deref(),
        Some(
            "tipring.toml:11: [phone.201-236] is 36 phones, \"dahdi/1-35\" is 35 ports. Write dahdi/1-36, or end at 235."
        )
    );
    assert_eq!(report.of(Level::Error).count(), 1);
}

#[test]
fn unequal_counts_the_other_ways_round() {
    assert_eq!(
        error("[phone.201-203]\nport = \"sim/2-9\""),
        "7: [phone.201-203] is 3 phones, \"sim/2-9\" is 8 ports. Write sim/2-4, or end at 208."
    );
    assert_eq!(
        error("[phone.201-203]\nport = \"sim/2\""),
        "7: [phone.201-203] is 3 phones, \"sim/2\" is 1 port. Write sim/2-4, or end at 201."
    );
    assert_eq!(
        error("[phone.201]\nport = \"sim/2-4\""),
        "7: [phone.201] is 1 phone, \"sim/2-4\" is 3 ports. Write sim/2, or name the table [phone.201-203]."
    );
    assert_eq!(
        error("[line.1-2]\nport = \"sim/2-4\""),
        "7: [line.1-2] is 2 lines, \"sim/2-4\" is 3 ports. Write sim/2-3, or end at 3."
    );
}

#[test]
fn unknown_keys_and_tables_are_told_with_a_suggestion() {
    assert_eq!(error("prot = \"sim/2\""), "6: [phone.101] has no key prot. Did you mean port?");
    assert_eq!(error("maycall = \"all\""), "6: [phone.101] has no key maycall. Did you mean may_call?");
    assert_eq!(
        error("listen = \"0.0.0.0\""),
        "6: [phone.101] has no key listen. It belongs to the top of the file, above all tables."
    );
    assert_eq!(
        error("[sip.201]\nuser = \"x\"\npassword = \"x\""),
        "7: [sip.201] has no key user. It belongs to [server.NAME]."
    );
    assert_eq!(
        error("[emergency]\ncolour = 1"),
        "7: [emergency] has no key colour. It may have via, notify or callback."
    );
    assert_eq!(
        whole(Level::Error, &format!("contry = \"us\"\n{GOOD}")),
        "1: The file has no key contry. Did you mean country?"
    );
    assert_eq!(
        error("[phones.102]\nport = \"sim/2\""),
        "6: There is no table [phones]. Did you mean [phone]?"
    );
    assert_eq!(
        error("[colour]\nx = 1"),
        "6: There is no table [colour]. Tables are server, phone, sip, line, group, route, dial, offline, codes, emergency, syslog or web."
    );
}

#[test]
fn the_shape_of_tables_is_told() {
    assert_eq!(error("[[phone]]\nport = \"sim/2\""), error_of_duplicate());
    assert_eq!(
        whole(Level::Error, "country = \"us\"\n[[phone]]\nport = \"sim/1\""),
        "2: [[phone]] is a list. Write [phone.N], in single brackets."
    );
    assert_eq!(
        whole(Level::Error, "country = \"us\"\n[phone]\nport = \"sim/1\""),
        "3: [phone] has no number. Write [phone.101] above port."
    );
    assert_eq!(
        whole(Level::Error, "country = \"us\"\n[server]\naddress = \"x\""),
        "3: [server] has no name. Write [server.provider] above address."
    );
    assert_eq!(
        whole(Level::Error, "country = \"us\"\nphone = \"sim/1\""),
        "2: phone is a table, not a value. Write [phone.N] on a line of its own."
    );
    assert_eq!(
        error("[phone.desk]\nport = \"sim/2\""),
        "6: [phone.desk]: \"desk\" is no number: write 1 to 15 digits."
    );
    assert_eq!(
        error("[phone.98-102]\nport = \"sim/2-6\""),
        "6: [phone.98-102]: 98-102 is no range: both numbers have the same length and rise, as 201-236."
    );
    assert_eq!(
        error("[phone.1000-9999]\nport = \"sim/2\""),
        "6: [phone.1000-9999]: 1000-9999 is 9000 numbers; 4096 are the most."
    );
}

/// The TOML library's own words for a table that is a value already are not ours to fix.
fn error_of_duplicate() -> String {
    let told = error("[[phone]]\nport = \"sim/2\"");
    assert!(told.starts_with("6: not readable as TOML: "), "{told}");
    told
}

#[test]
fn what_is_not_toml_is_told_with_its_line() {
    let told = error("[phone.102]\nport = sim/2");
    assert!(told.starts_with("7: not readable as TOML: "), "{told}");
    assert!(told.ends_with(". Text stands in quotes, tables in brackets, comments after #."), "{told}");
    let told = error("[phone.101]\nport = \"sim/2\"");
    assert!(told.starts_with("6: not readable as TOML: "), "{told}");
}

#[test]
fn values_of_the_wrong_kind_are_told_with_an_example() {
    assert_eq!(
        error("[phone.102]\nport = 2"),
        "7: [phone.102] port = 2: expected a line port, as \"sim/1\", or a rising range, as \"dahdi/1-8\"."
    );
    assert_eq!(
        error("[phone.102]\nport = \"sim/8-2\""),
        "7: [phone.102] port = \"sim/8-2\": expected a line port, as \"sim/1\", or a rising range, as \"dahdi/1-8\"."
    );
    assert_eq!(
        error("pulse = \"yes\""),
        "6: [phone.101] pulse = \"yes\": expected true or false, without quotes."
    );
    assert_eq!(
        error("type = \"hotell\""),
        "6: [phone.101] type = \"hotell\": expected plain, hotel, fax, modem, lift, alarm, door, paging or trunk. Did you mean \"hotel\"?"
    );
    assert_eq!(
        error("may_call = \"everything\""),
        "6: [phone.101] may_call = \"everything\": expected internal, local, national, no-international, no-premium or all."
    );
    assert_eq!(
        error("flash = \"300 ms\""),
        "6: [phone.101] flash = \"300 ms\": expected two rising times with their unit, as \"300-1000 ms\", or \"off\"."
    );
    assert_eq!(
        error("disconnect = \"cpc\""),
        "6: [phone.101] disconnect = \"cpc\": expected \"none\", \"reversal\" or \"cpc 500 ms\"."
    );
    assert_eq!(
        error("gain_in = \"-10\""),
        "6: [phone.101] gain_in = \"-10\": expected -30 to 30 decibels, as \"0 dB\"."
    );
    assert_eq!(
        error("dtmf_profile = \"atnt\""),
        "6: [phone.101] dtmf_profile = \"atnt\": expected wide, north-america, japan, denmark, australia or brazil."
    );
    assert_eq!(
        error("dtmf_level = \"-50 dBm0\""),
        "6: [phone.101] dtmf_level = \"-50 dBm0\": expected -45 to -20 dBm0, as \"-32 dBm0\"."
    );
    assert_eq!(
        error("dtmf_twist = \"20 dB\""),
        "6: [phone.101] dtmf_twist = \"20 dB\": expected 0 to 12 decibels, as \"6 dB\"."
    );
    assert_eq!(error("echo_tail = \"1 s\""), "6: [phone.101] echo_tail = \"1 s\": expected 0 to 128 ms.");
    assert_eq!(
        error("test = \"3:30\""),
        "6: [phone.101] test = \"3:30\": expected a time of day, as \"03:30\"."
    );
    assert_eq!(
        error("[server.two]\naddress = \"sip:pbx\"\n[dial]\n\"x.\" = \"pbx\""),
        "7: [server.two] address = \"sip:pbx\": expected a host or an address, as \"sip.example.net\" or \"10.0.0.1:5060\"."
    );
    assert_eq!(
        error("[dial]\n\"1xx\" = \"front desk\""),
        "7: [dial] \"1xx\" = \"front desk\": expected a number, a server, \"phones\", \"lines\", \"line.2\", \"route.NAME\" or \"server:number\"."
    );
    assert_eq!(error("dials = []"), "6: [phone.101] dials = []: expected 1 to 64 entries.");
}

#[test]
fn values_at_the_top_are_told_too() {
    let top = |line: &str| whole(Level::Error, &format!("{line}\n{GOOD}"));
    assert_eq!(
        top("wait_end = \"3\""),
        "1: wait_end = \"3\": expected a time with its unit, as \"400 ms\" or \"60 s\"."
    );
    assert_eq!(
        top("wait_end = \"20 s\""),
        "1: wait_end is longer than wait_digit. A number that could be complete waits less."
    );
    assert_eq!(top("wait_answer = \"1 s\""), "1: wait_answer = \"1 s\": expected 5 s to 10 min.");
    assert_eq!(
        top("media = \"16385-17383\""),
        "1: media = \"16385-17383\": expected UDP ports from 1024, the first even and the last odd, as \"16384-17383\"."
    );
    assert_eq!(
        top("trust = [\"10.0.0.1/8\"]"),
        "1: trust = [\"10.0.0.1/8\"]: expected a network, as \"10.0.0.0/8\" (no bits beyond the prefix)."
    );
    assert_eq!(
        top("listen = \"eth0\""),
        "1: listen = \"eth0\": expected an address of this machine, as \"0.0.0.0:5060\"."
    );
    assert_eq!(
        whole(Level::Error, &GOOD.replace("\"us\"", "\"usa\"")),
        "1: country = \"usa\": expected at, au, be, br, ca, ch, cn, de, dk, es, fi, fr, gb, ie, in, it, jp, nl, no, nz, pl, pt, se, us or uk. Did you mean \"us\"?"
    );
}

#[test]
fn what_is_missing_is_told_with_what_to_write() {
    assert_eq!(
        whole(Level::Error, "[phone.101]\nport = \"sim/1\""),
        "1: no country is set. Write country = \"us\" at the top, or another of at, au, be, br, ca, ch, cn, de, dk, es, fi, fr, gb, ie, in, it, jp, nl, no, nz, pl, pt, se, us: tones, ringing and emergency numbers depend on it."
    );
    let also = "[phone.101]\nport = \"sim/1\"\nflash = \"long\"\n";
    let told = whole(Level::Error, also);
    assert!(told.starts_with("1: no country is set.") && told.contains("\n3: [phone.101] flash"), "{told}");
    let no_toml = whole(Level::Error, "[phone.101\nport = \"sim/1\"");
    assert!(no_toml.starts_with("1: not readable as TOML") && !no_toml.contains("country"), "{no_toml}");
    assert_eq!(
        whole(Level::Error, "country = \"us\""),
        "1: there is no phone. Write [phone.101] with port = \"sim/1\"."
    );
    assert_eq!(error("[phone.102]\nname = \"x\""), "6: [phone.102] has no port. Write port = \"sim/1\".");
    assert_eq!(
        whole(Level::Error, &GOOD.replace("address = \"10.0.0.1\"\n", "")),
        "2: [server.pbx] has no address. Write address = \"sip.example.net\"."
    );
    assert_eq!(
        error("[sip.201]\nname = \"x\""),
        "6: [sip.201] has no password. Write password = \"...\" (or password_file, passwords)."
    );
    assert_eq!(
        error("[server.two]\naddress = \"10.0.0.2\""),
        "6: there are 2 servers and no [dial]. Write which numbers go where, as [dial] with \"xx.\" = \"pbx\"."
    );
}

#[test]
fn what_does_not_fit_together_is_told() {
    assert_eq!(
        error("[phone.102]\nport = \"sim/1\""),
        "7: phone 102 is on sim/1, which phone 101 has (line 5). A port serves one phone or line."
    );
    assert_eq!(
        error("[phone.201-205]\nport = \"sim/2-6\"\n[phone.203-210]\nport = \"sim/7-14\""),
        "8: [phone.203-210] overlaps [phone.201-205] at 203. Only a single entry may refine a range."
    );
    assert_eq!(
        error("[sip.101]\npassword = \"x\""),
        "6: [sip.101]: 101 is also [phone.101] (line 4). Give one of them another number."
    );
    assert_eq!(
        error("[sip.201]\npassword = \"x\"\npassword_file = \"y\""),
        "6: [sip.201] has several passwords. Keep one of password, password_file, passwords."
    );
    let server =
        |line: &str| whole(Level::Error, &GOOD.replace("[phone.101]", &format!("{line}\n[phone.101]")));
    assert_eq!(
        server("password = \"x\""),
        "4: [server.pbx] has a password but no user. Write user = \"...\": the gateway registers under it."
    );
    assert_eq!(
        server("user = \"u\"\npassword = \"x\"\npassword_file = \"y\""),
        "6: [server.pbx] has password and password_file. Keep one."
    );
    assert_eq!(
        server("user = \"u\"\npasswords = \"y.csv\""),
        "5: [server.pbx] has user and passwords. Keep user if the gateway registers once, passwords if each phone registers itself."
    );
    assert_eq!(
        error("[server.lines]\naddress = \"x\"\n[dial]\n\"x.\" = \"pbx\""),
        "6: [server.lines]: lines has a meaning of its own in destinations. Give the server another name."
    );
    assert_eq!(
        error("name = \"Room {room}\""),
        "6: [phone.101] name = \"Room {room}\": only {number} may stand in braces."
    );
    assert_eq!(
        error("flash = \"100-900 ms\""),
        "6: [phone.101] flash begins at 100 ms, but breaks up to 200 ms are dial pulses. Begin at 200 ms, or write pulse = false."
    );
    assert_eq!(error("flash = \"100-900 ms\"\npulse = false"), "");
    assert_eq!(
        server("ptime = \"25 ms\""),
        "4: [server.pbx] ptime = \"25 ms\": packets have whole steps of 10 ms. Write \"20 ms\" or \"30 ms\"."
    );
    assert_eq!(
        error("jitter = \"20-500 ms\""),
        "6: [phone.101] jitter = \"20-500 ms\": a jitter buffer is at most 400 ms deep. Write \"20-400 ms\"."
    );
    assert_eq!(
        error("[dial]\n\"1xx\" = \"pbx\"\n\"1XX\" = \"phones\""),
        "8: [dial] \"1XX\" is the same pattern as \"1xx\" (line 7). Keep one."
    );
}

#[test]
fn destinations_that_are_not_there_are_told() {
    let dial = |to: &str| error(&format!("[dial]\n\"1xx\" = {to}"));
    assert_eq!(dial("\"pbc\""), "7: [dial] \"1xx\": there is no server \"pbc\". Did you mean \"pbx\"?");
    assert_eq!(
        dial("\"phone\""),
        "7: [dial] \"1xx\": there is no server \"phone\". Did you mean \"phones\"?"
    );
    assert_eq!(
        dial("\"provider:123\""),
        "7: [dial] \"1xx\": there is no server \"provider\". Servers are pbx."
    );
    assert_eq!(dial("\"201\""), "7: [dial] \"1xx\": there is no phone 201. Did you mean 101?");
    assert_eq!(
        dial("\"8001\""),
        "7: [dial] \"1xx\": there is no phone 8001. Write [phone.8001], or another number."
    );
    assert_eq!(
        dial("[\"pbx\", \"lines\"]"),
        "7: [dial] \"1xx\": there is no outside line. Write [line.1] with its port."
    );
    assert_eq!(dial("\"line.3\""), "7: [dial] \"1xx\": there is no line 3. Write [line.3] with its port.");
    assert_eq!(
        error("[line.1-2]\nport = \"sim/2-3\"\n[emergency]\nvia = \"line.3\""),
        "9: [emergency] via: there is no line 3. Lines are 1, 2."
    );
    assert_eq!(
        error("[line.1]\nport = \"sim/2\"\nrings = \"102\""),
        "8: [line.1] rings: there is no phone 102. Did you mean 101?"
    );
}

#[test]
fn a_bad_pattern_is_told_with_its_place() {
    assert_eq!(
        error("[dial]\n\"[2-8\" = \"pbx\""),
        "7: [dial] \"[2-8\": no dial pattern: at character 5: expected `]`."
    );
    assert_eq!(
        error("[dial]\n\"(1xx|2xx)\" = \"pbx\""),
        "7: [dial] \"(1xx|2xx)\": no dial pattern: at character 1: expected one pattern: write each alternative as a key of its own, or cisco: before the whole plan."
    );
    assert_eq!(
        error("[offline]\n\"<9\" = \"pbx\"").lines().next(),
        Some(
            "7: [offline] \"<9\": no dial pattern: at character 3: expected a dialled digit, or `:` and what is sent for it."
        )
    );
}

#[test]
fn a_password_is_not_repeated_in_a_message() {
    assert_eq!(
        error("[sip.201]\npassword = 4711"),
        "7: [sip.201] password = ...: expected a password in quotes."
    );
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let told = error(
        "prot = \"sim/2\"\ntype = \"hotell\"\n[phone.102]\nport = \"sim/1\"\n[dial]\n\"1xx\" = \"pbc\"",
    );
    let lines: Vec<&str> = told.lines().map(|line| line.split(':').next().unwrap_or("")).collect();
    assert_eq!(lines, ["6", "7", "9", "11"]);
}

#[test]
fn a_key_or_a_table_of_a_later_version_is_answered() {
    let later = |more: &str| {
        assert_eq!(error(more), "");
        found(Level::NotYet, more)
    };
    assert_eq!(
        later("[snmp]\nport = 161"),
        "6: [snmp]: SNMP: not in this version yet. The table is not used."
    );
    assert_eq!(
        later("type = \"fax\""),
        "6: [phone.101] type = \"fax\" is not in this version yet: it goes as G.711, without T.38."
    );
    assert_eq!(
        later("[phone.102]\nport = \"dahdi/1\""),
        "7: [phone.102]: dahdi ports are not in this version yet: the phone stays out of service. To try it write sim/ for dahdi/."
    );
    assert_eq!(
        later("[emergency]\nnotify = [\"101\", \"pbx:1\"]"),
        "7: [emergency] notify: several are not in this version yet: only the first is rung."
    );
}

#[test]
fn a_choice_that_is_not_made_yet_is_told() {
    assert_eq!(
        found(Level::NotYet, "[dial]\n\"1xx\" = [\"pbx\", \"phones\"]"),
        "7: [dial] \"1xx\": \"phones\" stands in a list, and a list is of ways out (servers, \"lines\", \"line.2\"): only the first is used. For several phones write [group.N]."
    );
    let rings = |to: &str| GOOD.replace("[phone.101]", &format!("rings = {to}\n[phone.101]"));
    assert_eq!(
        whole(Level::Error, &rings("\"pbx\"")),
        "4: [server.pbx] rings: only a phone can ring. Write its number, as \"101\"."
    );
    assert_eq!(
        whole(Level::NotYet, &rings("[\"101\", \"101\"]")),
        "4: [server.pbx] rings: several phones are not in this version yet: only the first rings."
    );
}

#[test]
fn tls_is_never_replaced_by_something_else() {
    let text = GOOD.replace("[phone.101]", "transport = \"tls\"\n[phone.101]");
    assert_eq!(
        whole(Level::NotYet, &text),
        "4: [server.pbx] transport = \"tls\" is not in this version yet: the server stays unused, with an alarm. To use it without encryption write \"udp\" or \"tcp\"."
    );
    let effective = check(&text, "tipring.toml").effective.unwrap();
    assert!(!effective.server["pbx"].service.is_used());
    assert_eq!(
        whole(Level::Note, &text),
        "1: 911 cannot leave this gateway: no line or server is in use. A caller hears reorder."
    );
}

#[test]
fn each_countrys_caller_id_is_shown_by_its_standard() {
    for (country, standard) in [("us", "bellcore"), ("de", "etsi-dtas"), ("fr", "etsi-rpas"), ("gb", "bt")] {
        let text = GOOD.replace("\"us\"", &format!("\"{country}\""));
        assert!(!whole(Level::Note, &text).contains("caller ID"), "{country}");
        let shown = check(&text, "tipring.toml").effective.unwrap().to_string();
        assert!(shown.contains(&format!("#   caller_id    {standard}\n")), "{shown}");
    }
}

#[test]
fn a_thousand_mistakes_do_not_fill_the_screen() {
    let many: String = (0..1000).map(|n| format!("key{n} = 1\n")).collect();
    let report = check(&format!("{GOOD}{many}"), "tipring.toml");
    assert_eq!((report.findings.len(), report.unlisted), (200, 800));
    assert!(report.to_string().ends_with("and 800 more.\n"));
}

#[test]
fn a_whole_dial_plan_is_its_rows_and_says_what_is_lost() {
    let rows = |text: &str| {
        let report = check(&format!("{GOOD}[line.1]\nport = \"sim/2\"\n{text}"), "tipring.toml");
        let effective = report.effective.clone().unwrap_or_else(|| panic!("{report}"));
        (effective.dial, effective.offline)
    };
    let text = "cisco: (911S0|<9:>,xx.<:@gw0>|[2-8]xxS2L9|xx.)";
    let plan = tipring_country::DialPlan::parse(text).unwrap();
    let table = tipring_config::imported(&plan, "pbx");
    let whole = rows(&format!("[dial]\n\"{text}\" = \"pbx\"\n"));
    assert_eq!(whole, rows(&table), "{table}");
    assert_eq!(whole.0.len(), 4);
    let to: Vec<String> = whole.0.iter().flat_map(|rule| rule.to.iter().map(ToString::to_string)).collect();
    assert_eq!(to, ["pbx", "lines", "pbx", "pbx"]);
    // Beside other rows, and offline.
    let (dial, offline) = rows(
        "[dial]\n\"1xx\" = \"phones\"\n\"mgcp: (0T|2xx)\" = \"pbx\"\n[offline]\n\"grandstream: {x+}\" = \"lines\"\n",
    );
    assert_eq!((dial.len(), offline.len()), (3, 1));

    assert_eq!(
        found(Level::Note, "[dial]\n\"grandstream: {x+|\\\\+x+|L:9x+}\" = \"pbx\"\n"),
        "7: [dial] \"grandstream: {x+|\\+x+|L:9x+}\", character 18: \\+x+: no telephone dials +, and SIP phones that do are understood without it: left out.\n\
         7: [dial] \"grandstream: {x+|\\+x+|L:9x+}\": a part of it is for an outside line, and there is none: it goes where the others go. Write [line.1] with its port."
    );
    assert_eq!(
        error("[dial]\n\"cisco: (1xx|2y)\" = \"pbx\"\n"),
        "7: [dial] \"cisco: (1xx|2y)\": no dial plan: at character 14: expected a digit, *, #, x, [..], <..:..>, `.`, `,`, `!`, S, L or P."
    );
    assert_eq!(
        error("[dial]\n\"1xx\" = \"pbx\"\n\"cisco: (2xx|1xx)\" = \"pbx\"\n"),
        "8: [dial] \"1xx\" is the same pattern as \"1xx\" (line 7). Keep one."
    );
}

#[test]
fn a_collector_of_logs_needs_an_address_and_certificates_are_for_tls() {
    assert_eq!(
        error("[syslog]\ntransport = \"tls\"\n"),
        "6: [syslog]: no address. Write address = \"log.example.net\", or take the table out."
    );
    assert_eq!(
        found(Level::Note, "[syslog]\naddress = \"10.0.0.9\"\nca_file = \"ca.pem\"\n"),
        "8: [syslog] ca_file is not used: certificates are for transport = \"tls\"."
    );
}

#[test]
fn the_web_page_is_off_alone_and_has_a_certificate_with_its_key() {
    assert_eq!(
        error("[web]\nlisten = [\"off\", \"127.0.0.1\"]\n"),
        "7: [web] listen: \"off\" stands alone. Take it out, or the addresses beside it."
    );
    assert_eq!(
        error("[web]\nlisten = \"localhost:8080\"\n"),
        "7: [web] listen = \"localhost:8080\": expected an address of this machine, as \"192.168.1.5:8443\", an interface, as \"eth1\", or \"off\"."
    );
    assert_eq!(
        error("[web]\nlisten = \"eth1\"\ncertificate = \"web.crt\"\n"),
        "8: [web] certificate without key. Write key = \"web.key\", the file of its private key."
    );
    assert_eq!(
        error("[web]\nlisten = \"eth1\"\nkey = \"web.key\"\n"),
        "8: [web] key without certificate. Write certificate = \"web.crt\", the file that it is of."
    );
    assert_eq!(
        found(Level::Note, "[web]\ncertificate = \"web.crt\"\nkey = \"web.key\"\n"),
        "7: [web] certificate is not used: on a loopback the page is plain HTTP. For the network: listen = \"0.0.0.0:8443\"."
    );
}
