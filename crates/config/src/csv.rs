//! Comma-separated values, as spreadsheets write them.
//!
//! # What it does
//! Reads rows of fields, and writes one.
//!
//! # How
//! The separator is the first of comma, semicolon and tab that stands outside quotes in the first row: where the comma is the
//! decimal sign, spreadsheets write semicolons.
//!
//! # Limits
//! [`MAX_CSV`] bytes, [`MAX_FIELDS`] fields in a row.
//!
//! # Standard
//! RFC 4180, and line ends of every kind.

/// Bytes that are read, at the most.
pub const MAX_CSV: usize = 4 * 1024 * 1024;
/// Fields of a row, at the most.
pub const MAX_FIELDS: usize = 256;

/// A row that is not empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CsvRow {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its fields, without their quotes.
    pub fields: Vec<String>,
}

/// Why a text is no such table.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct CsvError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and the remedy.
    pub what: String,
}

/// The rows of `text`; those without anything are left out.
///
/// # Errors
/// A quote that is not closed, something behind one, or a limit.
pub fn csv_rows(text: &str) -> Result<Vec<CsvRow>, CsvError> {
    if text.len() > MAX_CSV {
        let what = format!("the table has {} bytes; {MAX_CSV} are the most.", text.len());
        return Err(CsvError { line: 1, what });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { rest: text, line: 1, separator: separator(text) };
    let mut rows = Vec::new();
    while !reader.rest.is_empty() {
        let row = reader.row()?;
        if row.fields.iter().any(|field| !field.is_empty()) {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// A field as it is written: in quotes where it needs them. One that a spreadsheet would take for a formula gets an
/// apostrophe, which [`csv_rows`] takes away again: names come from callers, too.
pub fn csv_field(field: &str) -> String {
    let is_formula = is_formula(field) && field.parse::<f64>().is_err();
    let field = if is_formula { format!("'{field}") } else { field.to_owned() };
    let needs_quotes = field.contains(['"', ',', ';', '\t', '\n', '\r']) || field.trim() != field;
    if needs_quotes { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

fn is_formula(field: &str) -> bool {
    field.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Of the first row.
fn separator(text: &str) -> char {
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' | ';' | '\t' if !quoted => return c,
            '\n' | '\r' if !quoted => break,
            _ => {}
        }
    }
    ','
}

struct Reader<'t> {
    rest: &'t str,
    line: usize,
    separator: char,
}

impl Reader<'_> {
    fn row(&mut self) -> Result<CsvRow, CsvError> {
        let line = self.line;
        let mut fields = Vec::new();
        loop {
            let field = self.field()?;
            fields
                .push(field.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(&field).to_owned());
            if fields.len() > MAX_FIELDS {
                return Err(self.wrong(line, format!("more than {MAX_FIELDS} columns.")));
            }
            if let Some(rest) = self.rest.strip_prefix(self.separator) {
                self.rest = rest;
                continue;
            }
            self.line_end();
            return Ok(CsvRow { line, fields });
        }
    }

    /// A field; what follows is a separator, a line's end or nothing.
    fn field(&mut self) -> Result<String, CsvError> {
        let blanks = |c: char| c == ' ';
        let Some(inside) = self.rest.trim_start_matches(blanks).strip_prefix('"') else {
            let end = self.rest.find([self.separator, '\n', '\r']).unwrap_or(self.rest.len());
            let (field, rest) = self.rest.split_at(end);
            self.rest = rest;
            return Ok(field.trim().to_owned());
        };
        let (began, mut rest, mut field) = (self.line, inside, String::new());
        loop {
            let Some((part, after)) = rest.split_once('"') else {
                let remedy =
                    "a quote is not closed. Write \" at the end of the field, or \"\" for a quote in it.";
                return Err(self.wrong(began, remedy.to_owned()));
            };
            field.push_str(part);
            self.line += part.bytes().filter(|byte| *byte == b'\n').count();
            match after.strip_prefix('"') {
                Some(more) => {
                    field.push('"');
                    rest = more;
                }
                None => {
                    self.rest = after.trim_start_matches(blanks);
                    break;
                }
            }
        }
        if self.rest.is_empty() || self.rest.starts_with([self.separator, '\n', '\r']) {
            return Ok(field);
        }
        Err(self.wrong(
            self.line,
            "something stands behind a closing quote. Write \"\" for a quote in a field.".to_owned(),
        ))
    }

    fn line_end(&mut self) {
        let rest = self.rest.strip_prefix('\r').unwrap_or(self.rest);
        self.rest = rest.strip_prefix('\n').unwrap_or(rest);
        self.line += 1;
    }

    fn wrong(&self, line: usize, what: String) -> CsvError {
        CsvError { line, what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<Vec<String>> {
        csv_rows(text).unwrap().into_iter().map(|row| row.fields).collect()
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        assert_eq!(
            fields("\u{feff}number,name\r\n101, Desk \r\n\r\n,\r\n"),
            [["number", "name"], ["101", "Desk"]]
        );
        assert_eq!(fields("number;name\n101;\"a;b\"\n"), [["number", "name"], ["101", "a;b"]]);
        assert_eq!(fields("a\tb,c"), [["a", "b,c"]]);
        assert_eq!(fields("\"a,b\";c"), [["a,b", "c"]]);
        assert_eq!(fields("a\rb"), [["a"], ["b"]]);
    }

    #[test]
    fn a_field_in_quotes_may_hold_anything_and_lines_are_counted_through_it() {
        let rows = csv_rows("a,b\n\"x \"\"y\"\"\nz\" ,1\nc,d").unwrap();
        assert_eq!(rows[1], CsvRow { line: 2, fields: vec!["x \"y\"\nz".into(), "1".into()] });
        assert_eq!(rows[2].line, 4);
    }

    #[test]
    fn what_is_no_table_is_told_by_its_line() {
        assert_eq!(csv_rows("a\n\"b\n\nc").unwrap_err().line, 2);
        let told = csv_rows("a\n\"b\"c,d").unwrap_err().to_string();
        assert!(told.starts_with("line 2: something stands behind"), "{told}");
        assert!(csv_rows(&",".repeat(MAX_FIELDS)).unwrap_err().what.contains("columns"));
        assert!(csv_rows(&" ".repeat(MAX_CSV + 1)).is_err());
    }

    #[test]
    fn a_field_that_is_written_comes_back_and_no_name_is_a_formula() {
        for (field, written) in [
            ("101", "101"),
            ("-3", "-3"),
            ("Desk, front", "\"Desk, front\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("@x,y", "\"'@x,y\""),
            (" x", "\" x\""),
            ("", ""),
        ] {
            assert_eq!(csv_field(field), written);
            assert_eq!(fields(&format!("{written},1"))[0][0], field);
        }
    }
}
