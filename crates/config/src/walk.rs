//! Which room is on which port, as somebody found out who walked through the house, written into the configuration.

use toml_edit::{DocumentMut, Item, Table, value};

use crate::edit::{EditError, Edited};
use crate::effective::Effective;
use crate::files::Files;
use crate::values::{Number, PortName};

/// A room and its port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Room {
    /// The number of its phone.
    pub number: Number,
    /// The port that it was found on.
    pub port: PortName,
}

/// The tables of `[phone.N]` that say it.
pub fn room_tables(rooms: &[Room]) -> String {
    let table = |room: &Room| format!("[phone.{}]\nport = \"{}\"\n", room.number, room.port);
    rooms.iter().map(table).collect::<Vec<_>>().join("\n")
}

/// The text with each room on its port: a phone that is there gets the port, another one takes the place of the phone that had the
/// port, with all that is written of it. `effective` is what the text gives now; comments stay.
///
/// # Errors
/// If the text cannot be read, or the whole would not be right: two phones would be on one port.
pub fn put_rooms(
    text: &str,
    name: &str,
    files: &Files,
    effective: &Effective,
    rooms: &[Room],
) -> Result<Edited, EditError> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| EditError::Unreadable(error.message().to_owned()))?;
    let root = document.as_table_mut();
    if !root.contains_key("phone") {
        let mut new = Table::new();
        new.set_implicit(true);
        root.insert("phone", Item::Table(new));
    }
    let unreadable = || EditError::Unreadable("phone is no table".to_owned());
    let phones = root.get_mut("phone").and_then(Item::as_table_like_mut).ok_or_else(unreadable)?;
    // Phones that take another one's place first: a table that has moved is found under its new number.
    for room in rooms.iter().filter(|room| !effective.phone.contains_key(&room.number)) {
        let before =
            effective.phone.iter().find(|(_, phone)| phone.port == room.port).map(|(number, _)| number);
        let own = before.filter(|before| !rooms.iter().any(|other| other.number == **before));
        let moved = own.and_then(|before| phones.remove(before.as_str()));
        phones.insert(room.number.as_str(), moved.unwrap_or_else(|| Item::Table(Table::new())));
    }
    for room in rooms {
        let has_it = effective.phone.get(&room.number).is_some_and(|phone| phone.port == room.port);
        if has_it {
            continue;
        }
        if !phones.contains_key(room.number.as_str()) {
            phones.insert(room.number.as_str(), Item::Table(Table::new()));
        }
        let table =
            phones.get_mut(room.number.as_str()).and_then(Item::as_table_like_mut).ok_or_else(unreadable)?;
        let mut port = value(room.port.to_string());
        if let (Some(Item::Value(old)), Item::Value(new)) = (table.get("port"), &mut port) {
            *new.decor_mut() = old.decor().clone();
        }
        match table.get_mut("port") {
            Some(place) => *place = port,
            None => {
                table.insert("port", port);
            }
        }
    }
    let text = document.to_string();
    let report = crate::check_with(&text, name, files);
    if report.is_accepted() { Ok(Edited { text, report }) } else { Err(EditError::Refused(Box::new(report))) }
}
