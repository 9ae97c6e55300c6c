//! Telephones by the hundred, and one by one: the text is edited in its tables.

use tipring_config::{Part, PhoneEdit, blamed, check, phone_edits, phones_csv, put_phones};

const TEXT: &str = "# The tower
country = \"us\"

# Rooms
[phone.201-204]
port = \"sim/1-4\"     # left shelf
name = \"Room {number}\"
type = \"hotel\"

# The lift has no dial
[phone.290]
port  = \"sim/9\"
dials = [\"201\", \"202\"]

[dial]
\"2xx\" = \"phones\"   # every room
";

fn put(csv: &str) -> String {
    let text = put_phones(TEXT, &phone_edits(csv).unwrap()).unwrap();
    let report = check(&text, "t");
    assert!(report.is_accepted(), "{report}\n{text}");
    text
}

fn told(csv: &str) -> String {
    let edits = match phone_edits(csv) {
        Ok(edits) => edits,
        Err(mistakes) => return mistakes[0].to_string(),
    };
    match put_phones(TEXT, &edits) {
        Ok(text) => blamed(&[Part { name: "t", text: &text }], &edits, &check(&text, "t"))[0].to_string(),
        Err(mistakes) => mistakes[0].to_string(),
    }
}

#[test]
fn the_table_of_what_there_is_changes_nothing_when_it_comes_back() {
    let csv = phones_csv(&[Part { name: "t", text: TEXT }]);
    assert!(csv.starts_with("number,port,name,type,may_call,dials,forward\r\n"), "{csv}");
    assert!(csv.contains("\r\n202,sim/2,Room {number},hotel,,,\r\n"), "{csv}");
    assert!(csv.contains("\r\n290,sim/9,,,,\"201; 202\",\r\n"), "{csv}");
    assert_eq!(put(&csv), TEXT);
    assert_eq!(put(&csv.replace(',', ";")), TEXT, "also as a spreadsheet with decimal commas writes it");
}

#[test]
fn rows_make_and_edit_telephones_and_leave_the_rest_as_it_is() {
    let text =
        put("number,port,name,forward\n203,sim/3,Nurse,201\n301,sim/11,\"Bar, left\",\n290,sim/9,Lift,\n");
    for part in [
        "# Rooms\n[phone.201-204]\nport = \"sim/1-4\"     # left shelf\n",
        "[phone.203]\nname = \"Nurse\"\nforward = \"201\"\n",
        "# The lift has no dial\n[phone.290]\nport  = \"sim/9\"\ndials = [\"201\", \"202\"]\nname = \"Lift\"\n",
        "[phone.301]\nport = \"sim/11\"\nname = \"Bar, left\"\n",
        "\"2xx\" = \"phones\"   # every room\n",
    ] {
        assert!(text.contains(part), "{part}\n--\n{text}");
    }
    let lists = put("number,port,dials,rooms\n290,sim/9,204,FALSE\n");
    assert!(lists.contains("dials = \"204\"\nrooms = false\n"), "{lists}");
}

#[test]
fn an_empty_cell_takes_a_value_away_also_one_that_the_range_has() {
    let text = put("number,type\n203,\n");
    let effective = check(&text, "t").effective.unwrap();
    let phone = |number: &str| {
        let (_, phone) = effective.phone.iter().find(|(own, _)| own.as_str() == number).unwrap();
        (phone.port.to_string(), phone.name.clone().unwrap(), phone.r#type.to_string())
    };
    let of = |port: &str, name: &str, kind: &str| (port.to_owned(), name.to_owned(), kind.to_owned());
    assert_eq!(phone("202"), of("sim/2", "Room 202", "hotel"));
    assert_eq!(phone("203"), of("sim/3", "Room 203", "plain"));
    assert_eq!(phone("204"), of("sim/4", "Room 204", "hotel"));
    assert!(text.contains("# Rooms\n[phone.201-202]\nport = \"sim/1-2\"     # left shelf\n"), "{text}");
    let none = put("number,type\n201,\n202,\n203,\n204,\n");
    assert!(!none.contains("hotel") && none.contains("[phone.204]\nport = \"sim/4\" "), "{none}");
}

#[test]
fn another_number_keeps_all_that_the_telephone_has() {
    let rename = |from: &str, to: &str| {
        let edit = PhoneEdit { number: from.into(), becomes: Some(to.into()), ..PhoneEdit::default() };
        put_phones(TEXT, &[edit])
    };
    let text = rename("204", "250").unwrap();
    let effective = check(&text, "t").effective.unwrap_or_else(|| panic!("{text}"));
    let all: Vec<String> =
        effective.phone.iter().map(|(n, p)| format!("{n} {} {}", p.port, p.r#type)).collect();
    let rooms =
        ["201 sim/1 hotel", "202 sim/2 hotel", "203 sim/3 hotel", "250 sim/4 hotel", "290 sim/9 plain"];
    assert_eq!(all, rooms, "{text}");
    assert!(
        rename("290", "291").unwrap().contains("# The lift has no dial\n[phone.291]\nport  = \"sim/9\"\n")
    );
    let taken = rename("290", "204").unwrap_err()[0].to_string();
    assert_eq!(taken, "number: 204 is another telephone. Choose a free number.");
}

#[test]
fn a_mistake_is_told_by_its_row_and_column_with_the_remedy() {
    for (csv, part) in [
        ("", "line 1: the table is empty."),
        ("port,name\nsim/1,x\n", "line 1, number: the first line names no column number."),
        ("number,nmae\n201,x\n", "line 1, nmae: [phone.N] has no key nmae. Did you mean name?"),
        ("number,password\n201,x\n", "line 1, password: accounts of telephones stand in the file"),
        ("number,name,name\n201,x,y\n", "line 1, name: the column is there twice."),
        ("number,name\n201,x\n201,y\n", "line 3, number: 201 is in line 2 already."),
        ("number,name\n201,a,b\n", "line 2: 3 fields, 2 columns."),
        ("number,name\nx1,a\n", "line 2, number: \"x1\" is no number"),
        ("number,type\n\n201,hotle\n", "line 3, type: hotle: expected"),
        ("number,rooms\n201,perhaps\n", "line 2, rooms: perhaps: expected true or false."),
        ("number,name\n301,Bar\n", "line 2, port: 301 is a new telephone and has no port."),
        ("number,port\n301,sim/11\n302,sim/2\n", "line 3, port: phone 302 is on sim/2, which phone 202 has"),
        ("number,port\n301,sim/11-12\n", "line 2, port: [phone.301] is 1 phone, \"sim/11-12\" is 2 ports."),
        ("number,pin\n201,secret\n", "line 2, pin: "),
    ] {
        let told = told(csv);
        assert!(told.starts_with(part), "{csv:?}: {told}");
        assert!(!told.contains("secret"), "{told}");
    }
}

#[test]
fn three_hundred_telephones_are_one_edit() {
    let rows = (0..300).map(|step| format!("{},sim/{},Room {0},internal\n", 1000 + step, 100 + step));
    let csv = format!("number,port,name,may_call\n{}", rows.collect::<String>());
    let text = put(&csv);
    let effective = check(&text, "t").effective.unwrap();
    assert_eq!(effective.phone.len(), 305);
    assert!(text.starts_with(TEXT.split("[dial]").next().unwrap()), "{text}");
    let back = phones_csv(&[Part { name: "t", text: &text }]);
    assert_eq!(put_phones(&text, &phone_edits(&back).unwrap()).unwrap(), text);
}
