//! A configuration file.

use tipring_config::{Edit, Files, Level, MAX_FINDINGS, check, diff, edit};

/// A check ends with bounded findings that point into the file; what is accepted differs from itself in nothing, is shown,
/// and takes an edit.
pub fn run(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let report = check(text, "fuzz.toml");
    assert!(report.findings.len() <= MAX_FINDINGS + 1);
    let lines = text.lines().count() + 1;
    for finding in &report.findings {
        assert!(finding.line <= lines, "{finding} lies beyond line {lines}");
        assert!(!finding.to_string().contains('\0') || text.contains('\0'));
    }
    let Some(effective) = &report.effective else {
        assert!(report.of(Level::Error).next().is_some(), "refused without saying why");
        return;
    };
    assert!(diff(effective, effective).is_empty());
    let _ = effective.to_string();
    let change = Edit { base_revision: 0, path: "name".into(), value: Some("\"other\"".into()) };
    let _ = edit(text, "fuzz.toml", &Files::new(), 0, &change);
}
