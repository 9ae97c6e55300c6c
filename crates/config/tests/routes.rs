//! Routes and rules that rewrite numbers: what they come to, and the mistakes that can be made.

use tipring_config::{Effective, Failure, Level, check};

/// Mistakes are added below it (line 10 is the first that is free).
const GOOD: &str = "country = \"us\"
[phone.101]
port = \"sim/1\"
[line.1]
port = \"sim/2\"
[server.pbx]
address = \"10.0.0.1\"
[server.alt]
address = \"10.0.0.2\"
";

fn effective(more: &str) -> Effective {
    let report = check(&format!("{GOOD}{more}"), "tipring.toml");
    report.effective.clone().unwrap_or_else(|| panic!("{report}"))
}

fn found(level: Level, more: &str) -> String {
    let report = check(&format!("{GOOD}{more}"), "tipring.toml");
    let lines: Vec<String> = report.of(level).map(ToString::to_string).collect();
    lines.join("\n").replace("tipring.toml:", "")
}

#[test]
fn a_route_has_ways_in_order_and_goes_on_where_a_way_is_at_fault() {
    let effective = effective(
        "[route.out]\nvia = [\"pbx\", \"alt:5550100\", \"lines\"]\ncalled_out = [\"<9:>x.\"]\n[dial]\n\"xx.\" = \"route.out\"\n",
    );
    let route = &effective.route["out"];
    let via: Vec<String> = route.via.iter().map(ToString::to_string).collect();
    assert_eq!(via, ["pbx", "alt:5550100", "lines"]);
    assert_eq!(route.on, [Failure::Unreachable, Failure::Congestion, Failure::Unable]);
    let shown = effective.to_string();
    assert!(shown.contains("[route.out]\nvia = [\"pbx\", \"alt:5550100\", \"lines\"]"), "{shown}");
    assert!(shown.contains("called_out = \"<9:>x.\""), "{shown}");
}

#[test]
fn a_row_may_have_its_ways_in_a_list() {
    let effective = effective("[dial]\n\"xx.\" = [\"pbx\", \"alt\", \"lines\"]\n");
    assert_eq!(effective.dial[0].to.len(), 3);
    assert_eq!(found(Level::NotYet, "[dial]\n\"xx.\" = [\"pbx\", \"lines\"]\n"), "");
    assert_eq!(
        found(Level::NotYet, "[dial]\n\"1xx\" = [\"101\", \"lines\"]\n"),
        "11: [dial] \"1xx\": \"101\" stands in a list, and a list is of ways out (servers, \"lines\", \"line.2\"): only the first is used. For several phones write [group.N]."
    );
}

#[test]
fn mistakes_in_routes_are_told() {
    let error = |more: &str| found(Level::Error, &format!("{more}[dial]\n\"xx.\" = \"lines\"\n"));
    assert_eq!(
        error("[route.out]\non = \"busy\"\n"),
        "10: [route.out] has no via. Write via = [\"pbx\", \"lines\"]: the ways in order."
    );
    assert_eq!(
        error("[route.out]\nvia = [\"pbx\", \"101\"]\n"),
        "11: [route.out] via: \"101\" is no way out. Write servers, \"lines\" or \"line.2\"."
    );
    assert_eq!(
        error("[route.a]\nvia = \"route.b\"\n[route.b]\nvia = \"pbx\"\n"),
        "11: [route.a] via: \"route.b\" is no way out. Write servers, \"lines\" or \"line.2\"."
    );
    assert_eq!(
        error("[route.out]\nvia = \"pbx\"\non = \"bussy\"\n"),
        "12: [route.out] on = \"bussy\": expected unreachable, congestion, unable, busy, no-answer, absent, rejected or unknown. Did you mean \"busy\"?"
    );
    assert_eq!(
        found(Level::Error, "[route.out]\nvia = \"pbx\"\n[dial]\n\"xx.\" = \"route.outt\"\n"),
        "13: [dial] \"xx.\": there is no route \"outt\". Did you mean \"route.out\"?"
    );
}

#[test]
fn rules_that_rewrite_are_read_and_those_that_are_never_used_are_found() {
    let error =
        |rule: &str| found(Level::Error, &format!("called_out = \"{rule}\"\n[dial]\n\"xx.\" = \"lines\"\n"));
    assert_eq!(
        error("9x."),
        "10: [server.alt] called_out = \"9x.\": nothing changes: write <taken:sent> where it does, as <9:>xxx."
    );
    assert!(error("<9:>y").contains("`y` is in no number"));
    assert_eq!(
        found(
            Level::Note,
            "caller_in = [\"<+1:9>x.\", \"<+:900>x.\", \"<+12:8>x.\"]\n[dial]\n\"xx.\" = \"lines\"\n"
        )
        .lines()
        .next(),
        Some(
            "10: [server.alt] caller_in: \"<+12:8>x.\" is never used: whatever fits it fits a rule before it. Put it first, or leave it out."
        )
    );
}
