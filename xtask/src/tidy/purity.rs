//! What the source of a pure crate names of the outer world.
//!
//! Paths are followed through groups and over lines: `use std::{thread, time::{Duration, Instant}};` names
//! `std::thread` and `std::time::Instant`. Comments and texts in quotes are passed over. It reads words, not types: a
//! name that arrives by another crate is that crate's matter, and its dependencies are checked.

/// Paths that no pure crate may name, with the reason that is printed. What lies below them is meant, too.
const PATHS: &[(&str, &str)] = &[
    ("std::thread", "a thread"),
    ("std::time::Instant", "the host's clock"),
    ("std::time::SystemTime", "the host's clock"),
    ("std::fs", "a file"),
    ("std::process", "a process"),
    ("std::env", "the environment"),
    ("std::io::stdin", "the terminal"),
    ("std::io::stdout", "the terminal"),
    ("std::io::stderr", "the terminal"),
    ("std::os", "the operating system"),
    ("std::net::UdpSocket", "a socket"),
    ("std::net::TcpStream", "a socket"),
    ("std::net::TcpListener", "a socket"),
    ("std::net::ToSocketAddrs", "the resolver"),
];

/// Words that stand for themselves, wherever they come from.
const WORDS: &[(&str, &str)] = &[
    ("UdpSocket", "a socket"),
    ("TcpStream", "a socket"),
    ("TcpListener", "a socket"),
    ("SystemTime", "the host's clock"),
    ("getrandom", "the host's randomness"),
    ("thread_rng", "the host's randomness"),
    ("RandomState", "the host's randomness"),
    ("HashMap", "a map whose order changes from run to run"),
    ("HashSet", "a set whose order changes from run to run"),
    ("tokio", "an async runtime"),
    ("unsafe", "unsafe code"),
];

/// Two words with `::` between them.
const PAIRS: &[(&str, &str, &str)] = &[
    ("thread", "spawn", "a thread"),
    ("thread", "sleep", "a sleep"),
    ("Instant", "now", "the host's clock"),
];

/// Each finding in `code`: line, what is named, why that is wrong.
pub fn findings(code: &str) -> Vec<(usize, String, &'static str)> {
    let mut found = Vec::new();
    // The path so far, and what it was before each brace that is open.
    let (mut path, mut open): (Vec<&str>, Vec<Vec<&str>>) = (Vec::new(), Vec::new());
    let mut joined = false; // the last token was `::`
    let tokens = tokens(code);
    for (line, token) in tokens {
        match token {
            "::" => joined = true,
            "use" => {
                path.clear();
                joined = false;
            }
            "{" => {
                // A brace that does not follow `::` begins a block, not a group of names.
                if !joined {
                    path.clear();
                }
                open.push(path.clone());
                joined = !path.is_empty();
            }
            "}" => {
                open.pop();
                path.clear();
                joined = false;
            }
            "," => {
                path = open.last().cloned().unwrap_or_default();
                joined = !path.is_empty();
            }
            "*" if joined => {
                // All of a module: everything below it that may not be named.
                let all = path.join("::");
                if let Some((_, what)) = PATHS.iter().find(|(bad, _)| bad.starts_with(&format!("{all}::"))) {
                    found.push((line, format!("{all}::*"), *what));
                }
                joined = false;
            }
            word if word.starts_with(|first: char| first.is_alphabetic() || first == '_') => {
                if !joined {
                    path.clear();
                }
                joined = false;
                if let Some((_, what)) = WORDS.iter().find(|(bad, _)| *bad == word) {
                    found.push((line, word.to_owned(), *what));
                }
                if let Some(before) = path.last()
                    && let Some((_, _, what)) = PAIRS.iter().find(|(a, b, _)| a == before && *b == word)
                {
                    found.push((line, format!("{before}::{word}"), *what));
                }
                path.push(word);
                let whole = path.join("::");
                if let Some((_, what)) = PATHS.iter().find(|(bad, _)| *bad == whole) {
                    found.push((line, whole, *what));
                }
            }
            // `self` in a group is a word like another: `std::thread` was found before it.
            _ => {
                path.clear();
                joined = false;
            }
        }
    }
    found.dedup_by(|a, b| a.0 == b.0 && a.2 == b.2);
    found
}

/// Words, `::`, braces, commas and other marks, with their lines; no comments, no texts, no characters in quotes.
fn tokens(code: &str) -> Vec<(usize, &str)> {
    let bytes = code.as_bytes();
    let (mut all, mut at, mut line) = (Vec::new(), 0, 1);
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let rest = &bytes[at..];
        at += match byte {
            b'/' if rest.starts_with(b"//") => rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with(b"/*") => {
                rest.windows(2).position(|two| two == b"*/").map_or(rest.len(), |end| end + 2)
            }
            b'"' => quoted(rest, b'"'),
            b'r' | b'b' if raw_text(rest).is_some() => raw_text(rest).unwrap_or(1),
            // A character, else a lifetime.
            b'\'' if rest.get(1) == Some(&b'\\') || rest.get(2) == Some(&b'\'') => quoted(rest, b'\''),
            _ if is_word(byte) => {
                let length = rest.iter().position(|b| !is_word(*b)).unwrap_or(rest.len());
                all.push((line, &code[start..start + length]));
                length
            }
            b':' if rest.starts_with(b"::") => {
                all.push((line, "::"));
                2
            }
            _ => {
                if !byte.is_ascii_whitespace() {
                    all.push((line, &code[start..=start]));
                }
                1
            }
        };
        line += bytes[start..at.min(bytes.len())].iter().filter(|b| **b == b'\n').count();
    }
    all
}

/// Length of a text in quotes, both included.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        at += match byte {
            b'\\' => 2,
            _ if byte == quote => return at + 1,
            _ => 1,
        };
    }
    bytes.len()
}

/// Length of `r"..."`, `r#"..."#` or the same of bytes.
fn raw_text(bytes: &[u8]) -> Option<usize> {
    let start = if bytes.starts_with(b"br") { 2 } else { usize::from(bytes.starts_with(b"r")) };
    let hashes = bytes.get(start..)?.iter().take_while(|b| **b == b'#').count();
    if start == 0 || bytes.get(start + hashes) != Some(&b'"') {
        return None;
    }
    let body = start + hashes + 1;
    let end = bytes
        .get(body..)?
        .windows(hashes + 1)
        .position(|tail| tail.first() == Some(&b'"') && tail.iter().skip(1).all(|b| *b == b'#'))?;
    Some(body + end + hashes + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(code: &str) -> Vec<String> {
        findings(code).into_iter().map(|(_, word, _)| word).collect()
    }

    #[test]
    fn every_path_is_found_alone_in_a_group_and_in_an_expression() {
        for (path, _) in PATHS {
            let (module, name) = path.rsplit_once("::").unwrap();
            for code in [
                format!("use {path};\n"),
                format!("use {module}::{{{name}}};\n"),
                format!("use {module}::{{Other, {name}}};\n"),
                format!("use {module}::{{\n    Other,\n    {name} as Harmless,\n}};\n"),
                format!("use {module}::{{other::{{A, B}}, {name}}};\n"),
                format!("fn f() {{ let x = {path}::new(); }}\n"),
                format!("fn f(x: &{path}) {{}}\n"),
                format!("use ::{path};\n"),
            ] {
                assert!(!named(&code).is_empty(), "{code}");
            }
        }
    }

    #[test]
    fn groups_are_followed_through_levels_and_lines() {
        assert_eq!(named("use std::{thread, time::Instant};"), ["std::thread", "std::time::Instant"]);
        let deep = "use std::{\n    collections::{BTreeMap, HashMap},\n    time::{\n        Duration, SystemTime,\n    },\n    fs::{self, File},\n};\n";
        let found = findings(deep);
        let lines: Vec<usize> = found.iter().map(|(line, ..)| *line).collect();
        assert_eq!(lines, [2, 4, 6], "{found:?}");
        assert_eq!(named("use std::time::*;"), ["std::time::*"]);
        assert_eq!(named("use std::*;"), ["std::*"]);
    }

    #[test]
    fn every_word_and_pair_is_found_by_itself() {
        for (word, _) in WORDS {
            assert_eq!(named(&format!("fn f() {{ {word} }}")), [*word]);
        }
        for (a, b, _) in PAIRS {
            assert_eq!(named(&format!("fn f() {{ {a}::{b}() }}")), [format!("{a}::{b}")]);
        }
    }

    #[test]
    fn what_is_pure_is_let_through() {
        for code in [
            "use tipring_units::{Instant, WallTime};\nfn f(now: Instant) {}",
            "use std::{collections::BTreeMap, panic::catch_unwind, sync::Once};",
            "use core::time::Duration;\nuse std::net::{IpAddr, SocketAddr};",
            "// std::thread::spawn\n/* HashMap */ fn f() -> &'static str { \"std::fs and tokio\" }",
            "fn f<'a>(x: &'a str) { let c = '\"'; let r = r#\"unsafe \" HashMap\"#; }",
            "struct S { thread: u8, env: u8 }\nfn std() {}\nmod fs {}",
            "#![forbid(unsafe_code)]",
            "use crate::{process, thread};",
        ] {
            assert_eq!(named(code), Vec::<String>::new(), "{code}");
        }
    }
}
