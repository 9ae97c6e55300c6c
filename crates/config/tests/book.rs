//! The book's page of keys is made from the table that the program itself reads by.

use std::path::Path;

#[test]
fn the_book_lists_the_keys_that_the_program_knows() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/keys.md");
    let made = format!(
        "# Configuration keys\n\nMade from the program's own table (`TIPRING_BLESS=1 cargo test -p tipring-config --test book`).\n\n{}",
        tipring_config::reference()
    );
    if std::env::var_os("TIPRING_BLESS").is_some() {
        std::fs::write(&page, &made).unwrap();
    }
    let found = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(found == made, "{} is not what the program knows: run with TIPRING_BLESS=1", page.display());
}

/// What stands above the tables is written by hand.
const TYPES: &str = "## What each type sets\n\n";

#[test]
fn the_book_tells_what_each_endpoint_type_sets() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/endpoint-types.md");
    let found = std::fs::read_to_string(&page).unwrap_or_default();
    let (above, tables) = found.split_once(TYPES).expect("the heading of the tables");
    let made = tipring_config::endpoint_reference();
    if std::env::var_os("TIPRING_BLESS").is_some() {
        std::fs::write(&page, format!("{above}{TYPES}{made}")).unwrap();
    } else {
        assert!(tables == made, "{} is not what the program knows: run with TIPRING_BLESS=1", page.display());
    }
}
