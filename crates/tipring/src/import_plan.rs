//! `tipring config import-plan`: a dial plan of another gateway as a table `[dial]`.

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use tipring_config::{Destination, imported};
use tipring_country::DialPlan;

use crate::client::print;

/// Prints the table by which `plan` goes to `to`, with what is lost.
pub fn command(plan: &str, to: &str) -> Result<ExitCode> {
    for line in table(plan, to)?.lines() {
        print(line)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(plan: &str, to: &str) -> Result<String> {
    ensure!(
        Destination::parse(to).is_some(),
        "--to {to}: expected a server, lines, line.2, phones or a number"
    );
    let text = match (DialPlan::syntax_of(plan), plan.trim().chars().next()) {
        (Some(_), _) => plan.to_owned(),
        (None, Some('{')) => format!("grandstream: {plan}"),
        (None, _) => {
            bail!("Whose plan is it? Write cisco:, grandstream: or mgcp: before it, as \"cisco: (...)\".")
        }
    };
    match DialPlan::parse(&text) {
        Ok(plan) => Ok(imported(&plan, to)),
        Err(error) => bail!("{text}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_comes_out_as_a_table_with_what_is_lost() {
        assert_eq!(
            table("cisco: (911S0|<9:>xx.<:@gw0>|xx.<:@gw3>)", "pbx").unwrap(),
            "# Lost, character 35: @gw3: there is no such gateway here: the row goes where the others go.\n\
             [dial]\n\"911 S0\"  = \"pbx\"\n\"<9:>xx.\" = \"lines\"\n\"xx.\"     = \"pbx\"\n"
        );
        assert_eq!(table("{ x+ }", "lines").unwrap(), "[dial]\n\"xx.\" = \"lines\"\n");
    }

    #[test]
    fn what_is_no_plan_is_told() {
        let told = |plan: &str, to: &str| table(plan, to).unwrap_err().to_string();
        assert!(told("(xx.)", "pbx").contains("Whose plan is it?"));
        assert!(told("cisco: (xy)", "pbx").starts_with("cisco: (xy): at character 10: expected a digit"));
        assert!(told("{x+}", "p b x").starts_with("--to p b x: expected"));
    }
}
