//! A configuration of several files: read as one, and edited in the file that has it.

use tipring_config::{
    Abilities, Files, Origin, Part, PhoneEdit, blamed, check_parts, phone_edits, phones_csv, put_phones_in,
};

const MAIN: &str = "country = \"us\"\n[phone.101-102]\nport = \"sim/1-2\"\n[dial]\n\"1xx\" = \"phones\"\n";
const ROOMS: &str = "# Rooms\n[phone.201-202] # east\nport = \"sim/11-12\"\n[dial]\n\"2xx\" = \"phones\"\n";

fn parts<'a>(main: &'a str, rooms: &'a str) -> [Part<'a>; 2] {
    [Part { name: "t.toml", text: main }, Part { name: "t.d/10-rooms.toml", text: rooms }]
}

fn told(main: &str, rooms: &str) -> Vec<String> {
    let report = check_parts(&parts(main, rooms), &Files::new(), Abilities::ALL);
    report.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn tables_of_all_files_are_one_configuration_and_each_value_knows_its_file() {
    let report = check_parts(&parts(MAIN, ROOMS), &Files::new(), Abilities::ALL);
    let effective = report.effective.clone().unwrap_or_else(|| panic!("{report}"));
    assert_eq!((effective.phone.len(), effective.dial.len()), (4, 2));
    let of = |path: &str| effective.origins.get(path).cloned();
    assert_eq!(of("phone.202.port"), Some(Origin::File("t.d/10-rooms.toml".to_owned(), 3)));
    assert_eq!(of("phone.102.port"), Some(Origin::File("t.toml".to_owned(), 3)));
}

#[test]
fn a_mistake_is_told_with_the_file_that_it_is_in() {
    for (rooms, part) in [
        (
            ROOMS.replace("sim/11-12", "sim/2-3"),
            "t.d/10-rooms.toml:3: phone 201 is on sim/2, which phone 102 has (t.toml, line 3).",
        ),
        (ROOMS.replace("2xx", "1xx"), "t.d/10-rooms.toml:5: [dial] 1xx is also in t.toml, line 5. Keep one."),
        (
            format!("country = \"de\"\n{ROOMS}"),
            "t.d/10-rooms.toml:1: country is also in t.toml, line 1. Keep one.",
        ),
        (
            ROOMS.replace("port =", "prot ="),
            "t.d/10-rooms.toml:3: [phone.201-202] has no key prot. Did you mean port?",
        ),
        (ROOMS.replace("[dial]", "[dial"), "t.d/10-rooms.toml:4: not readable as TOML"),
    ] {
        let told = told(MAIN, &rooms);
        assert!(told.iter().any(|line| line.starts_with(part)), "{part}: {told:?}");
    }
    assert!(told("", ROOMS).iter().any(|line| line.starts_with("t.toml:1: ")), "{:?}", told("", ROOMS));
}

#[test]
fn an_edit_goes_into_the_file_that_has_the_telephone() {
    let edits = phone_edits("number,port,name\n101,sim/1,Desk\n202,sim/12,East\n301,sim/20,New\n").unwrap();
    let texts = put_phones_in(&parts(MAIN, ROOMS), &edits).unwrap();
    assert!(
        texts[0].contains("[phone.101]\nname = \"Desk\"\n") && texts[0].contains("[phone.301]\n"),
        "{}",
        texts[0]
    );
    assert!(
        texts[1].contains("# east\n") && texts[1].contains("[phone.202]\nname = \"East\"\n"),
        "{}",
        texts[1]
    );
    assert_eq!(phones_csv(&parts(&texts[0], &texts[1])).lines().count(), 6);
    let wrong = phone_edits("number,port\n202,sim/1\n").unwrap();
    let texts = put_phones_in(&parts(MAIN, ROOMS), &wrong).unwrap();
    let edited = parts(&texts[0], &texts[1]);
    let rows = blamed(&edited, &wrong, &check_parts(&edited, &Files::new(), Abilities::ALL));
    assert!(rows[0].to_string().starts_with("line 2, port: phone 202 is on sim/1"), "{rows:?}");
    let taken = PhoneEdit { number: "101".into(), becomes: Some("201".into()), ..PhoneEdit::default() };
    assert_eq!(put_phones_in(&parts(MAIN, ROOMS), &[taken]).unwrap_err()[0].column, "number");
}
