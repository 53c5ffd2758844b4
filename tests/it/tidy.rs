//! The house's rules that no compiler knows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files below `folder` with this extension, and their texts.
fn files(folder: &Path, extension: &str) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() || path.ends_with("target") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|other| other == extension) {
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(path, text);
            }
        }
    }
    found
}

/// What shows at the root is what the project's card names.
#[test]
fn the_root_holds_what_the_card_names() {
    let expected = ["Cargo.lock", "Cargo.toml", "LICENSE", "README.md", "guest-sdk", "host", "plugins", "tests", "wit"];
    let mut shown: Vec<String> = std::fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    shown.sort();
    assert_eq!(shown, expected);
}

/// The modules of the host, in reading order: each may use only those above it. The order is `lib.rs`'s own, so this test
/// also holds the table of contents to the truth.
#[test]
fn a_module_uses_only_those_above_it() {
    let source = root().join("host/src");
    let lib = std::fs::read_to_string(source.join("lib.rs")).unwrap();
    let order: Vec<&str> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert!(order.len() > 10, "lib.rs lists the modules: {order:?}");
    let mut wrong = Vec::new();
    for (place, module) in order.iter().enumerate() {
        let folder = source.join(module);
        let texts = if folder.is_dir() { files(&folder, "rs") } else { single(source.join(format!("{module}.rs"))) };
        for (path, text) in texts {
            for below in &order[place + 1..] {
                if uses(&text, below) {
                    wrong.push(format!("{} uses `{below}`, which stands below `{module}` in lib.rs", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn single(path: PathBuf) -> BTreeMap<PathBuf, String> {
    let text = std::fs::read_to_string(&path).unwrap();
    BTreeMap::from([(path, text)])
}

/// Whether a text names `crate::module`, by itself or in a group.
fn uses(text: &str, module: &str) -> bool {
    let named = text.contains(&format!("crate::{module}::")) || text.contains(&format!("crate::{module};"));
    let groups = text.split("crate::{").skip(1).filter_map(|rest| rest.split_once("};"));
    named || groups.into_iter().any(|(group, _)| names(group).any(|name| name == module))
}

/// The first segment of each path in a group's outermost level.
fn names(group: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    let split = group.split(move |c| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    split.map(|path| path.trim().split("::").next().unwrap_or_default().trim())
}

/// A file that long is two files.
#[test]
fn no_file_is_too_long() {
    let mut long = Vec::new();
    for folder in ["host/src", "guest-sdk", "tests"] {
        for (path, text) in files(&root().join(folder), "rs") {
            let generated = text.starts_with("// Generated");
            let lines = text.lines().count();
            // A table of cases is as long as it is.
            let table = path.ends_with("tests.rs") || path.parent().is_some_and(|parent| parent.ends_with("tests"));
            if lines > 420 && !generated && !table {
                long.push(format!("{} has {lines} lines", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// What a document points at is there.
#[test]
fn no_link_is_dead() {
    let mut dead = Vec::new();
    let mut links = 0;
    let folders = ["host", "guest-sdk", "plugins"].map(|folder| files(&root().join(folder), "md"));
    let readme =
        BTreeMap::from([(root().join("README.md"), std::fs::read_to_string(root().join("README.md")).unwrap())]);
    for (path, text) in folders.into_iter().flatten().chain(readme) {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            links += 1;
            if !path.parent().unwrap().join(file).exists() {
                dead.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(links > 30, "the documents link to each other: {links}");
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

/// The contract stands once. What is called of WASI is not it.
#[test]
fn there_is_one_copy_of_the_contract() {
    let mut copies: Vec<PathBuf> = Vec::new();
    for folder in ["host", "guest-sdk", "plugins", "tests"] {
        let contract =
            files(&root().join(folder), "wit").into_iter().filter(|(_, text)| text.contains("package tenterhook:"));
        copies.extend(contract.map(|(path, _)| path));
    }
    assert!(copies.is_empty(), "{copies:?}");
}

/// `cargo xtask faults` runs what the table says.
#[test]
fn the_failure_table_names_every_fault() {
    let table = std::fs::read_to_string(root().join("host/docs/storage.md")).unwrap();
    let mut faults = 0;
    for (path, text) in files(&root().join("tests/it/faults"), "rs") {
        let module = path.file_stem().unwrap().to_str().unwrap();
        // The checker's own tests are no faults, and chaos has no end of its own.
        if ["tests", "chaos"].contains(&module) {
            continue;
        }
        for test in text.split("#[test]\nfn ").skip(1).filter_map(|rest| rest.split_once('(')).map(|(name, _)| name) {
            faults += 1;
            assert!(table.contains(&format!("| `{module}::{test}` |")), "the table has no `{module}::{test}`");
        }
    }
    assert_eq!(faults, table.matches("::").count(), "a row of the table names a test that is not there");
}
