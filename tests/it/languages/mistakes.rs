//! What `tenterhook build` says when something is not right.

use std::path::Path;
use std::process::{Command, Output};

use crate::harness::program::{self, Up, text};
use crate::harness::{toolchains, wat, web};

/// A project whose one trigger calls `call`, with these files.
fn project(call: &str, files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let manifest = format!(
        "version: v1\nproject:\n  name: p\n  triggers:\n    - {{name: t, type: webhook, call: '{call}', is_sync: true}}\n"
    );
    std::fs::write(dir.path().join("tenterhook.yaml"), manifest).unwrap();
    for (name, content) in files {
        let file = dir.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }
    dir
}

fn build(dir: &Path) -> Output {
    program::run(&["build", dir.to_str().unwrap()])
}

/// What a build that must fail says.
fn complaint(call: &str, files: &[(&str, &str)]) -> String {
    let dir = project(call, files);
    let output = build(dir.path());
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let said = text(&output.stderr);
    let shown = dir.path().to_str().unwrap();
    said.replace(&format!("{shown}/"), "").replace(shown, "")
}

#[test]
fn a_mistake_in_python_is_shown_as_python_shows_it() {
    if !toolchains::has("Python") {
        return;
    }
    let said = complaint("hooks.py:on_push", &[("hooks.py", "def on_pull(event):\n    pass\n")]);
    insta::assert_snapshot!(said.trim(), @"error: failed to build the module `hooks.py`: `hooks.py` has no function `on_push`; did you mean `on_pull`?");
    let said = complaint("hooks.py:on_push", &[("hooks.py", "import helper\n"), ("helper.py", "x = (1,\n")]);
    insta::assert_snapshot!(said.trim(), @r#"
    error: failed to build the module `hooks.py`: Traceback (most recent call last):
      File "hooks.py", line 1, in <module>
        import helper
      File "helper.py", line 1
        x = (1,
            ^
    SyntaxError: '(' was never closed
    "#);
    let said = complaint("hooks.py:on_push", &[("hooks.py", "async def on_push(event):\n    pass\n")]);
    assert!(said.contains("`on_push` in `hooks.py` is `async`, and a handler is not"), "{said}");
    let early = "from tenterhook import kv\n\nkv.get(\"a\")\n\n\ndef on_push(event):\n    pass\n";
    let said = complaint("hooks.py:on_push", &[("hooks.py", early)]);
    assert!(said.contains("File \"hooks.py\", line 3, in <module>"), "{said}");
    assert!(said.contains("a module's own code runs when the component is made"), "{said}");
}

#[test]
fn a_mistake_in_javascript_is_shown_with_its_place() {
    if !toolchains::has("JavaScript") {
        return;
    }
    let said = complaint("hooks.ts:onPush", &[("hooks.ts", "export function onPull(event) {}\n")]);
    assert!(
        said.contains("failed to build the module `hooks.ts`")
            && said.contains("`hooks.ts` has no function `onPush`, which a trigger calls"),
        "{said}"
    );
    let said = complaint("hooks.js:onPush", &[("hooks.js", "export function onPush(event) {\n  return (1;\n}\n")]);
    assert!(said.contains("Expected \")\" but found \";\"") && said.contains("hooks.js:2:11:"), "{said}");
    let said = complaint("hooks.js:onPush", &[("hooks.js", "export const onPush = 1;\n")]);
    assert!(said.contains("`onPush` in `hooks.js` is no function"), "{said}");
    let said = complaint("hooks.js:onPush", &[("hooks.js", "await null;\nexport function onPush(event) {}\n")]);
    assert!(said.contains("Top-level await is not available") && said.contains("hooks.js:1:0:"), "{said}");
    let early = "import { kv } from \"tenterhook\";\nkv.get(\"a\");\nexport function onPush(event) {}\n";
    let said = complaint("hooks.js:onPush", &[("hooks.js", early)]);
    assert!(said.contains("a module's own code runs when the component is made"), "{said}");
}

#[test]
fn a_handler_that_is_not_there_is_named_in_c() {
    if !toolchains::has("C") {
        return;
    }
    let source = "#include \"tenterhook.h\"\n\nth_answer on_push(th_event event) { return th_answer_none(); }\n";
    let said = complaint("hooks.c:on_pull", &[("hooks.c", source)]);
    assert!(said.contains("`hooks.c` has no function `on_pull`, which a trigger calls"), "{said}");
    let said = complaint("hooks.c:on_push", &[("hooks.c", "th_answer on_push(")]);
    assert!(said.contains("hooks.c:1:1: error: unknown type name 'th_answer'"), "{said}");
}

#[test]
fn a_mistake_in_go_is_the_compiler_s() {
    if !toolchains::has("Go") {
        return;
    }
    let module = ("go.mod", "module p\n\ngo 1.24\n\nrequire github.com/tenterhook/tenterhook/guest-sdk/go v0.1.0\n");
    let source = |signature: &str| {
        let sdk = "import \"github.com/tenterhook/tenterhook/guest-sdk/go\"";
        format!("package main\n\n{sdk}\n\nfunc OnPush{signature} {{ panic(0) }}\n\nfunc main() {{}}\n")
    };
    let right = source("(event *tenterhook.Event) error");
    assert!(build(project("hooks.go:OnPush", &[module, ("hooks.go", &right)]).path()).status.success());
    let said = complaint("hooks.go:OnPull", &[module, ("hooks.go", &right)]);
    assert!(said.contains("`hooks.go` has no function `OnPull`, which a trigger calls"), "{said}");
    let said = complaint("hooks.go:OnPush", &[module, ("hooks.go", &source("(event *tenterhook.Event) int"))]);
    assert!(said.contains("func(event *tenterhook.Event) int does not satisfy tenterhook.Handler"), "{said}");
    let said = complaint("hooks.go:OnPush", &[("hooks.go", &right)]);
    assert!(said.contains("there is no `go.mod`") && said.contains("go mod init"), "{said}");
    let said = complaint("hooks.go:OnPush", &[module, ("hooks.go", "package hooks\n")]);
    assert!(said.contains("`hooks.go` is of package `hooks`: handlers are functions of `package main`"), "{said}");
}

#[test]
fn names_that_no_export_can_have_are_refused() {
    let said = complaint("hooks.wat:on__push", &[("hooks.wat", "(module)")]);
    assert!(said.contains("`on__push` cannot be the name of a component's export"), "{said}");
    let said = complaint("hooks.wat:on_2fa", &[("hooks.wat", "(module)")]);
    assert!(said.contains("`on_2fa` cannot be the name of a component's export"), "{said}");
}

#[test]
fn text_of_webassembly_needs_no_toolchain() {
    let said = complaint("hooks.wat:on_push", &[("hooks.wat", "(module (func (export \"x\")")]);
    assert!(said.contains("failed to build the module `hooks.wat`") && said.contains("^"), "{said}");
    let said = complaint("hooks.wat:on_push", &[("hooks.wat", "(module)")]);
    assert!(said.contains("on-push"), "it names what is missing: {said}");
}

/// The program with nothing on the `PATH`.
fn without_tools(arguments: &[&str]) -> Output {
    let mut command = Command::new(program::path());
    command.args(arguments).env("PATH", "/nonexistent");
    command.output().unwrap()
}

#[test]
fn a_missing_toolchain_is_one_line_that_gets_it() {
    let dir = project("hooks.py:on_push", &[("hooks.py", "def on_push(event): pass\n")]);
    let shown = dir.path().to_str().unwrap();
    let output = without_tools(&["build", shown]);
    insta::assert_snapshot!(text(&output.stderr).trim(), @"error: failed to build the module `hooks.py`: there is no `componentize-py`; run `pip install componentize-py==0.25.1`");
    let doctor = without_tools(&["doctor", shown]);
    assert_eq!(doctor.status.code(), Some(1), "the project has a module in Python");
    assert!(
        text(&doctor.stdout).contains("Python: there is no `componentize-py`; run `pip install"),
        "{}",
        text(&doctor.stdout)
    );
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(without_tools(&["doctor", elsewhere.path().to_str().unwrap()]).status.code(), Some(0));

    // What was built before does, with a warning.
    std::fs::write(dir.path().join("hooks.wasm"), wat::renamed("hello", "on-push")).unwrap();
    let output = without_tools(&["build", shown]);
    assert!(
        output.status.success() && text(&output.stdout).contains("`hooks.wasm` is used as it is"),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn two_sources_of_one_component_are_refused() {
    let dir = project("hooks.wat:on_push", &[("hooks.wat", "(module)"), ("hooks.py", "")]);
    let manifest = dir.path().join("tenterhook.yaml");
    let more =
        std::fs::read_to_string(&manifest).unwrap() + "    - {name: u, type: webhook, call: 'hooks.py:on_push'}\n";
    std::fs::write(&manifest, more).unwrap();
    let said = text(&build(dir.path()).stderr);
    assert!(said.contains("`hooks.wat` and `hooks.py` would both be `hooks.wasm`"), "{said}");
}

#[test]
fn a_project_is_not_written_over_another() {
    let dir = project("hooks.wat:on_push", &[]);
    let output = program::run(&["new", "--lang", "python", dir.path().to_str().unwrap()]);
    assert!(!output.status.success());
    let inside = dir.path().join("Größe");
    let output = program::run(&["new", "--lang", "python", inside.to_str().unwrap()]);
    assert!(text(&output.stderr).contains("cannot be a project's name"), "{}", text(&output.stderr));
    assert!(!inside.exists());
}

/// A handler's name in the style of the language, and a module in a folder.
#[test]
fn a_module_in_a_folder_is_built_beside_its_source() {
    if !toolchains::has("JavaScript") {
        return;
    }
    let source = "import { answer } from './lib/answer.js';\nexport const onHTTPGet = () => answer;\n";
    let dir = project(
        "src/hooks.js:onHTTPGet",
        &[("src/hooks.js", source), ("src/lib/answer.js", "export const answer = 'yes';\n")],
    );
    let data = tempfile::tempdir().unwrap();
    let mut up = Up::start(dir.path(), data.path());
    up.notice("deployed");
    assert!(dir.path().join("src/hooks.wasm").is_file());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(async { web::get(&format!("{}/webhooks/t", up.url)).await.text().await.unwrap() });
    assert_eq!(answer, "yes");
}
