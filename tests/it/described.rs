//! The API does what its description says, for a client that knows nothing else and means no good: schemathesis sends what the
//! description allows, and what it does not, to a real server with two orgs.

use std::process::Command;

use serde_json::json;

use crate::harness::program::{Up, text};
use crate::harness::wat;

/// Where `cargo xtask test` put the program.
const PROGRAM: &str = "TENTERHOOK_SCHEMATHESIS";

/// What stands in paths, so that most requests reach something that is there.
const SETTINGS: &str = r#"
[parameters]
"path.org" = "acme"
"path.project" = "shop"

# What fits its description is refused all the same where no schema can say why: a condition on a version that is not there by 412, a key
# that named something else and bytes with another digest by 422.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "429", "5xx"]

# By 400 here alone: a time that is none, or an end before its beginning; fields that do not go together; an end of a token that is past; a
# whole number written as `1.0`.
[[operations]]
include-name = [
    "GET /api/v1/orgs/{org}/events", "GET /api/v1/orgs/{org}/sessions", "POST /api/v1/orgs/{org}/filter/test",
    "POST /api/v1/orgs/{org}/sessions/retry", "POST /api/v1/orgs/{org}/members", "POST /api/v1/orgs/{org}/tokens",
    "POST /api/v1/tokens", "POST /api/v1/orgs/{org}/projects/{project}/deployments",
    "POST /api/v1/orgs/{org}/projects/{project}/deployments/{deployment}/place", "POST /api/v1/orgs", "PATCH /api/v1/orgs/{org}",
]
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "400", "401", "403", "404", "409", "412", "422", "429", "5xx"]
"#;

/// It shows a wrong token on every route, which is what has an address wait otherwise.
const HOST_SETTINGS: &str = "[api]\nwrong_tokens = 1_000_000\n";

/// By these it would end its own talk.
const NOT_ASKED: [&str; 4] =
    ["delete_tokens_token", "delete_orgs_org_tokens_token", "delete_orgs_org", "delete_orgs_org_projects_project"];

#[test]
fn the_api_is_as_it_is_described() {
    let Some(program) = std::env::var_os(PROGRAM) else {
        eprintln!("SKIPPED: {PROGRAM} does not name schemathesis; `cargo xtask test` installs it");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let host_settings = dir.path().join("host.toml");
    std::fs::write(&host_settings, HOST_SETTINGS).unwrap();
    let up = Up::serve_with(&dir.path().join("data"), &["--config", host_settings.to_str().unwrap()]);
    let operator = up.listening["operator_token"].as_str().unwrap().to_owned();
    let project = dir.path().join("shop");
    std::fs::create_dir(&project).unwrap();
    let manifest = "version: v1\nproject:\n  name: shop\n  triggers:\n    - name: hook\n      type: webhook\n      call: hello:handle\n";
    std::fs::write(project.join("tenterhook.yaml"), manifest).unwrap();
    std::fs::write(project.join("hello.wasm"), wat::fixture("hello")).unwrap();
    for arguments in [
        &["orgs", "create", "acme"][..],
        &["orgs", "create", "zeta"],
        &["deploy", project.to_str().unwrap(), "--org", "acme"],
    ] {
        let output = up.run_as(&operator, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    }
    let settings = dir.path().join("schemathesis.toml");
    std::fs::write(&settings, SETTINGS).unwrap();
    let output = Command::new(program)
        .arg("--config-file")
        .arg(&settings)
        .arg("run")
        .arg(format!("{}/api/v1/openapi.json", up.url))
        .args(["--header", &format!("Authorization: Bearer {operator}")])
        .args(["--checks", "all"])
        .args(NOT_ASKED.iter().flat_map(|operation| ["--exclude-operation-id", operation]))
        .args([
            "--phases",
            "examples,coverage,fuzzing,stateful",
            "--max-examples",
            "10",
            "--seed",
            "1",
            "--workers",
            "1",
        ])
        .args(["--no-color", "--continue-on-failure", "--suppress-health-check", "all"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    // It went through all of it, and the server is none the worse.
    let output = up.run_as(&operator, &["whoami", "--json"]);
    let whoami: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(whoami["operator"], json!(true));
}
