//! Texts that people see on other machines: passwords are left out of them, and put back.

use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::kind::Kind;
use crate::schema::keys;

/// Stands where a password was.
pub const MASK: &str = "(secret)";

/// `text` with [`MASK`] in the place of each password; comments and everything else stay. A text that is no TOML shows nothing.
pub fn masked(text: &str) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return String::new() };
    each_secret(document.as_table_mut(), "", &mut |_, value| set(value, MASK));
    document.to_string()
}

/// `text` with the passwords of `old` where [`MASK`] stands. A text that is no TOML stays as it is: the check tells what is
/// wrong with it.
///
/// # Errors
/// The keys at which [`MASK`] stands though `old` has no password there.
pub fn unmasked(text: &str, old: &str) -> Result<String, Vec<String>> {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return Ok(text.to_owned()) };
    let mut known = Vec::new();
    if let Ok(mut old) = old.parse::<DocumentMut>() {
        each_secret(old.as_table_mut(), "", &mut |path, value| {
            known.extend(value.as_str().map(|secret| (path.to_owned(), secret.to_owned())));
        });
    }
    let mut unknown = Vec::new();
    each_secret(document.as_table_mut(), "", &mut |path, value| {
        if value.as_str() != Some(MASK) {
            return;
        }
        match known.iter().find(|(other, _)| other == path) {
            Some((_, secret)) => set(value, secret),
            None => unknown.push(path.to_owned()),
        }
    });
    if unknown.is_empty() { Ok(document.to_string()) } else { Err(unknown) }
}

fn is_secret(name: &str) -> bool {
    keys().iter().any(|key| matches!(key.kind, Kind::Secret) && key.name == name)
}

fn each_secret(table: &mut dyn TableLike, path: &str, act: &mut dyn FnMut(&str, &mut Value)) {
    for (key, item) in table.iter_mut() {
        let name = key.get().to_owned();
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if let Item::Value(value) = item
            && is_secret(&name)
            && value.is_str()
        {
            act(&path, value);
        } else if let Some(table) = item.as_table_like_mut() {
            each_secret(table, &path, act);
        }
    }
}

/// The value alone: what stands around it stays.
fn set(value: &mut Value, text: &str) {
    let decor = value.decor().clone();
    *value = Value::from(text);
    *value.decor_mut() = decor;
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# mine\n[server.pbx]\naddress = \"a.example\"\npassword = \"hush\" # from the provider\n\
                        [phone.101]\nport = \"sim/1\"\npin = \"4711\"\nsip = { password = 'quiet' }\n";

    #[test]
    fn passwords_are_left_out_and_put_back_and_the_rest_stays() {
        let shown = masked(TEXT);
        assert!(!["hush", "4711", "quiet"].iter().any(|secret| shown.contains(secret)), "{shown}");
        assert!(
            shown.starts_with("# mine\n") && shown.contains("\"(secret)\" # from the provider"),
            "{shown}"
        );
        let back = unmasked(&shown, TEXT).unwrap();
        assert_eq!(back, TEXT.replace('\'', "\""));
        let edited = unmasked(&shown.replacen(MASK, "new", 1), TEXT).unwrap();
        assert!(edited.contains("\"new\"") && edited.contains("4711"));
    }

    #[test]
    fn a_mask_without_a_password_behind_it_is_told_by_its_key() {
        let added = format!("{}[phone.102]\npin = \"(secret)\"\n", masked(TEXT));
        assert_eq!(unmasked(&added, TEXT), Err(vec!["phone.102.pin".to_owned()]));
        assert_eq!((masked("["), unmasked("[", TEXT)), (String::new(), Ok("[".to_owned())));
    }
}
