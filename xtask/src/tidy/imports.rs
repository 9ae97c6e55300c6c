//! What a crate imports, as its manifest says it: in whatever section, under whatever name.

use toml::Table;

/// One crate that another imports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Import {
    /// Its real name, also where it is imported by another one.
    pub package: String,
    /// Only its tests, benches and examples see it.
    pub for_tests: bool,
}

/// Everything that `manifest` imports. `workspace` is the root's manifest: a name inherited from there may be another
/// name, too.
///
/// # Errors
/// If one of the two is no TOML.
pub fn imports(manifest: &str, workspace: &str) -> Result<Vec<Import>, String> {
    let parse = |text: &str| text.parse::<Table>().map_err(|why| why.message().to_owned());
    let (manifest, workspace) = (parse(manifest)?, parse(workspace)?);
    let shared = table(&workspace, "workspace").and_then(|all| table(all, "dependencies"));
    let targets = table(&manifest, "target").into_iter().flat_map(Table::values);
    let mut found = Vec::new();
    for place in core::iter::once(&manifest).chain(targets.filter_map(toml::Value::as_table)) {
        for (section, for_tests) in
            [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)]
        {
            for (name, told) in table(place, section).into_iter().flatten() {
                let inherited = shared.and_then(|shared| shared.get(name));
                let package = [Some(told), inherited]
                    .into_iter()
                    .flatten()
                    .find_map(|told| told.get("package")?.as_str())
                    .unwrap_or(name);
                found.push(Import { package: package.to_owned(), for_tests });
            }
        }
    }
    Ok(found)
}

fn table<'a>(within: &'a Table, name: &str) -> Option<&'a Table> {
    within.get(name)?.as_table()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_found_however_it_is_written() {
        for manifest in [
            "[dependencies]\ntipring-sip.workspace = true\n",
            "[dependencies]\ntipring-sip = { path = \"../sip\" }\n",
            "[dependencies.tipring-sip]\nworkspace = true\n",
            "[dependencies]\nvoice = { package = \"tipring-sip\", path = \"../sip\" }\n",
            "[dependencies.voice]\npath = \"../sip\"\npackage = \"tipring-sip\"\n",
            "[dependencies]\nvoice.path = \"../sip\"\nvoice.package = 'tipring-sip'\n",
            "[dependencies]\nhidden.workspace = true\n",
            "[target.'cfg(unix)'.dependencies.tipring-sip]\nworkspace = true\n",
            "[build-dependencies]\ntipring-sip.workspace = true\n",
        ] {
            let shared =
                "[workspace.dependencies]\nhidden = { package = \"tipring-sip\", path = \"crates/sip\" }\n";
            let found = imports(manifest, shared).unwrap();
            assert_eq!(found, [Import { package: "tipring-sip".to_owned(), for_tests: false }], "{manifest}");
        }
    }

    #[test]
    fn what_only_tests_see_is_told_apart() {
        let found = imports("[dev-dependencies]\nproptest = \"1\"\n", "").unwrap();
        assert_eq!(found, [Import { package: "proptest".to_owned(), for_tests: true }]);
        assert!(imports("[dependencies", "").is_err());
    }
}
