//! A push as a forge sends it: a request of nine kilobytes, most of it addresses that nobody reads.

use bytes::Bytes;
use serde_json::{Value, json};
use tenterhook_host::event::Raw;

const HEADERS: [(&str, &str); 12] = [
    ("Host", "hooks.example.com"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip"),
    ("Content-Type", "application/json; charset=utf-8"),
    ("User-Agent", "GitHub-Hookshot/044aadd"),
    ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
    ("X-GitHub-Event", "push"),
    ("X-GitHub-Hook-ID", "292430182"),
    ("X-GitHub-Hook-Installation-Target-ID", "79929171"),
    ("X-GitHub-Hook-Installation-Target-Type", "repository"),
    ("X-Hub-Signature-256", "sha256=d57c68ca6f92289e6987922ff26938930f6e66a2d161ef06abdf1859230aa23c"),
    ("Content-Length", "9000"),
];

/// The request.
pub(crate) fn push() -> Raw {
    let raw = post(payload().to_string());
    let len = raw.body.as_ref().map_or(0, Bytes::len);
    assert!((8_500..9_500).contains(&len), "the push has {len} bytes");
    raw
}

/// A request with the push's headers and another body.
pub(crate) fn post(body: String) -> Raw {
    Raw {
        method: "POST".to_owned(),
        url: "/webhooks/acme/push?source=forge".to_owned(),
        headers: HEADERS.into_iter().collect(),
        body: Some(body.into()),
        ..Raw::default()
    }
}

fn payload() -> Value {
    let commits: Vec<Value> = (1..=6).map(commit).collect();
    json!({
        "ref": "refs/heads/main",
        "before": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
        "after": "59b20b8d5c6ff8d09518454d4dd8b7a1b5c5f0f4",
        "created": false,
        "deleted": false,
        "forced": false,
        "base_ref": null,
        "compare": "https://forge.example.com/octo-org/octo-repo/compare/6113728f27ae...59b20b8d5c6f",
        "repository": repository(),
        "pusher": { "name": "octocat", "email": "octocat@example.com" },
        "sender": account("octocat", 21031067),
        "head_commit": commits[5],
        "commits": commits,
    })
}

fn commit(number: u32) -> Value {
    let person = json!({ "name": "Mona Lisa", "email": "mona@example.com", "username": "octocat" });
    json!({
        "id": format!("59b20b8d5c6ff8d09518454d4dd8b7a1b5c5f0f{number}"),
        "tree_id": "6dc4ac4b1f9a0f5e2a7c5e9b4f0d1c2b3a495867",
        "distinct": true,
        "message": format!("fix(parser): keep the last line of file {number}\n\nIt was lost when no newline followed."),
        "timestamp": "2026-03-14T15:09:26+01:00",
        "url": format!("https://forge.example.com/octo-org/octo-repo/commit/59b20b8d5c6ff8d09518454d4dd8b7a1b5c5f0f{number}"),
        "author": person,
        "committer": person,
        "added": [format!("src/parser/lines_{number}.rs")],
        "removed": [],
        "modified": ["src/parser/mod.rs", format!("docs/lines-{number}.md")],
    })
}

fn repository() -> Value {
    let links = [
        "forks",
        "keys",
        "collaborators",
        "teams",
        "hooks",
        "events",
        "assignees",
        "branches",
        "tags",
        "blobs",
        "trees",
        "statuses",
        "languages",
        "stargazers",
        "contributors",
        "subscribers",
        "subscription",
        "commits",
        "comments",
        "contents",
        "compare",
        "merges",
        "archive",
        "downloads",
        "issues",
        "pulls",
        "milestones",
        "notifications",
        "labels",
        "releases",
        "deployments",
    ];
    let mut repository = json!({
        "id": 186853002,
        "node_id": "MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=",
        "name": "octo-repo",
        "full_name": "octo-org/octo-repo",
        "private": false,
        "owner": account("octo-org", 38302899),
        "description": "A repository that is pushed to",
        "fork": false,
        "created_at": 1557933565,
        "updated_at": "2026-03-14T14:01:02Z",
        "size": 1024,
        "stargazers_count": 80,
        "language": "Rust",
        "topics": ["webhooks", "automation"],
        "default_branch": "main",
        "license": null,
    });
    for link in links {
        repository[format!("{link}_url")] =
            format!("https://api.forge.example.com/repos/octo-org/octo-repo/{link}").into();
    }
    repository
}

fn account(login: &str, id: u64) -> Value {
    let links = ["followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events"];
    let mut account = json!({ "login": login, "id": id, "type": "User", "site_admin": false });
    for link in links {
        account[format!("{link}_url")] = format!("https://api.forge.example.com/users/{login}/{link}").into();
    }
    account
}
