//! The book's tables of star codes are made from the sets that the program itself reads by.

use std::path::Path;

use tipring_call::{code_reference, code_word_reference};

/// The page with what stands between the marks of `name` made anew.
fn with(page: &str, name: &str, made: &str) -> String {
    let (begin, end) = (format!("<!-- {name}: made by the program -->\n"), format!("<!-- {name}: end -->\n"));
    let (above, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
    let (_, below) = rest.split_once(&end).unwrap_or_else(|| panic!("no {end}"));
    format!("{above}{begin}\n{made}\n{end}{below}")
}

#[test]
fn the_book_lists_the_star_codes_that_the_program_knows() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/features.md");
    let found = std::fs::read_to_string(&page).unwrap();
    let made = with(&found, "codes", &code_reference());
    let made = with(&made, "words", &code_word_reference());
    if std::env::var_os("TIPRING_BLESS").is_some() {
        std::fs::write(&page, &made).unwrap();
    } else {
        assert!(found == made, "{} is not what the program knows: run with TIPRING_BLESS=1", page.display());
    }
}
