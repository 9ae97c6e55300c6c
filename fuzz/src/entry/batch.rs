//! Tables of telephones.

use tipring_config::{
    MAX_FIELDS, Part, blamed, check, csv_field, csv_rows, phone_edits, phones_csv, put_phones,
};

const TEXT: &str = "# a\ncountry = \"us\"\n[phone.101-104] # b\nport = \"sim/1-4\"\nname = \"Room {number}\"\n\
                    [phone.102]\ntype = \"hotel\"\n[dial]\n\"xxx\" = \"phones\" # c\n";

/// Rows that are read are written and read as the same; a table that is taken gives a text that is one, with its comments, and
/// what it gives back changes nothing more.
pub fn run(data: &[u8]) {
    let Ok(csv) = core::str::from_utf8(data) else { return };
    if let Ok(rows) = csv_rows(csv) {
        let write =
            |fields: &[String]| fields.iter().map(|field| csv_field(field)).collect::<Vec<_>>().join(",");
        for row in &rows {
            assert!(row.fields.len() <= MAX_FIELDS);
            // A separator of another kind in the first field would be taken for the row's own: it stands in quotes.
            let again = csv_rows(&write(&row.fields)).expect("what was written is read");
            assert_eq!(again.first().map(|row| &row.fields), Some(&row.fields), "{:?}", row.fields);
        }
    }
    let Ok(edits) = phone_edits(csv) else { return };
    let Ok(text) = put_phones(TEXT, &edits) else { return };
    let report = check(&text, "fuzz");
    if !report.is_accepted() {
        assert!(!blamed(&[Part { name: "fuzz", text: &text }], &edits, &report).is_empty());
        return;
    }
    assert!(text.starts_with("# a\n") && text.contains("# c\n"), "{text}");
    let back = phone_edits(&phones_csv(&[Part { name: "fuzz", text: &text }])).expect("our own table");
    assert_eq!(put_phones(&text, &back).expect("our own table"), text);
}
