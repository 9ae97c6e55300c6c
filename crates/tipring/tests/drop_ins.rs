//! A configuration of several files, edited while the gateway runs, by the real binary.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::{Demo, Dir, Process, stderr, stdout, tipring, until};

const MAIN: &str =
    "country = \"us\"\nlisten = \"127.0.0.1:0\"\nname = \"tower\"\n[phone.101-102]\nport = \"sim/1-2\"\n";
const EAST: &str =
    "# The east wing\n[phone.201-202]\nport = \"sim/3-4\"   # upper shelf\nname = \"East {number}\"\n";

fn files(name: &str) -> (Dir, PathBuf, PathBuf) {
    let dir = Dir::new(name);
    let file = dir.file("tipring.toml", MAIN);
    std::fs::create_dir(dir.path().join("tipring.d")).unwrap();
    let east = dir.file("tipring.d/10-east.toml", EAST);
    (dir, file, east)
}

fn start(dir: Dir, file: &Path) -> Demo {
    let process =
        Process::start(&["--dir", dir.path().to_str().unwrap(), "run", "--config", file.to_str().unwrap()]);
    process.shows(" runs: ");
    Demo { process, dir }
}

fn status_shows(gateway: &Demo, part: &str) -> String {
    until(part, || Some(stdout(&gateway.command(&["status"]))).filter(|told| told.contains(part)))
}

#[test]
fn drop_ins_are_checked_with_their_file_and_line_and_edits_go_where_the_telephone_is() {
    let (dir, file, east) = files("drop-ins");
    let check = || stdout(&tipring(&["check", file.to_str().unwrap()]));
    assert!(check().contains("may run: 4 phones."), "{}", check());
    std::fs::write(&east, EAST.replace("sim/3-4", "sim/2-3")).unwrap();
    assert!(
        check().contains("tipring.d/10-east.toml:3: phone 201 is on sim/2, which phone 102 has ("),
        "{}",
        check()
    );
    std::fs::write(&east, EAST).unwrap();
    let gateway = start(dir, &file);
    status_shows(&gateway, "config 1, applied");
    let csv = gateway.dir.file("table.csv", "number,name\n202,Bar\n101,Desk\n");
    let batch = |csv: &Path| gateway.command(&["batch", csv.to_str().unwrap()]);
    let done = batch(&csv);
    assert!(stdout(&done).contains("Configuration 2 in force."), "{}{}", stdout(&done), stderr(&done));
    let text = std::fs::read_to_string(&east).unwrap();
    assert!(text.starts_with(EAST) && text.contains("[phone.202]\nname = \"Bar\"\n"), "{text}");
    assert!(std::fs::read_to_string(&file).unwrap().contains("[phone.101]\nname = \"Desk\"\n"));
    // Taken back with all its files.
    assert!(gateway.ask(&["config", "rollback", "1"]).contains("Configuration 3 in force."));
    assert_eq!(
        (std::fs::read_to_string(&east).unwrap(), std::fs::read_to_string(&file).unwrap()),
        (EAST.into(), MAIN.into())
    );
    // One that is locked stays as it is, and so does everything else.
    std::fs::set_permissions(&east, PermissionsExt::from_mode(0o400)).unwrap();
    let refused = batch(&csv);
    assert!(stdout(&refused).contains("10-east.toml is locked"), "{}{}", stdout(&refused), stderr(&refused));
    assert_eq!(
        (std::fs::read_to_string(&east).unwrap(), std::fs::read_to_string(&file).unwrap()),
        (EAST.into(), MAIN.into())
    );
    let own = gateway.dir.file("own.csv", "number,name\n101,Desk\n");
    assert_eq!(batch(&own).status.code(), Some(0), "the others are not");
}

#[test]
fn an_edited_file_is_applied_by_itself_in_a_call_and_a_bad_one_is_an_alarm() {
    let (dir, file, east) = files("watched");
    let gateway = start(dir, &file);
    status_shows(&gateway, "config 1, applied");
    gateway.phone("101", &["off-hook"]);
    gateway.hears_line("101", "dial-tone");
    gateway.phone("101", &["dial", "102"]);
    gateway.hears_line("102", "ringing");
    gateway.phone("102", &["off-hook"]);
    status_shows(&gateway, "2 talking");
    std::fs::write(&east, EAST.replace("East", "Ost")).unwrap();
    assert!(status_shows(&gateway, "config 2").contains("2 talking"));
    assert!(gateway.ask(&["lines"]).contains("Ost 201"), "{}", gateway.ask(&["lines"]));
    std::fs::write(&east, EAST.replace("port", "prot")).unwrap();
    let told = status_shows(&gateway, "10-east.toml:3: ");
    assert!(told.contains("revision 2 stays in force") && told.contains("2 talking"), "{told}");
    std::fs::remove_file(&east).unwrap();
    let told = status_shows(&gateway, "config 3");
    assert!(told.contains("2 talking") && !told.contains("NEEDS YOU  10-east"), "{told}");
    // What the gateway writes itself is no news to it.
    let csv = gateway.dir.file("table.csv", "number,name\n101,Desk\n");
    assert_eq!(gateway.command(&["batch", csv.to_str().unwrap()]).status.code(), Some(0));
    std::fs::write(&file, MAIN.replace("tower", "annex")).unwrap();
    status_shows(&gateway, "annex  up");
    let log = gateway.ask(&["log", "-n", "500"]);
    let put = log.lines().filter(|line| line.ends_with(" in force") && !line.contains("stays")).count();
    assert_eq!(put, 5, "{log}");
}
