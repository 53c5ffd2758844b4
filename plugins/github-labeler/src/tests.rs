//! The handler on its author's machine, with a fake event and a fake GitHub.

use std::cell::RefCell;
use std::rc::Rc;

use tenterhook::fake::{self, FakeEvent};

use super::*;

fn opened(kind: &str, title: &str) -> FakeEvent {
    let body = json!({
        "action": "opened",
        "repository": {"full_name": "acme/shop"},
        kind: {"number": 7, "title": title},
    });
    Event::fake().method("POST").url("/webhooks/github").body(body.to_string())
}

/// A GitHub that answers with these statuses, and what it was asked.
fn github(statuses: &[u16]) -> Rc<RefCell<Vec<http::Request>>> {
    for (name, value) in [("GITHUB_URL", "https://api.github.com"), ("GITHUB_TOKEN", "{{secret:GITHUB_TOKEN}}")] {
        fake::set_var(name, value);
    }
    fake::set_var("LABELS", "bug=crash,panic; documentation = docs, readme ;odd=");
    let asked = Rc::new(RefCell::new(Vec::new()));
    let (seen, mut statuses) = (asked.clone(), statuses.to_vec().into_iter());
    fake::answer_requests(move |request| {
        seen.borrow_mut().push(request);
        let status = statuses.next().ok_or(http::Error::Denied)?;
        let mut answer = http::Response::new(status, "[]");
        if status == 403 {
            answer.headers.push(("retry-after".to_owned(), "30".to_owned()));
        }
        Ok(answer)
    });
    asked
}

#[test]
fn a_title_with_the_words_is_labelled() {
    for kind in ["issue", "pull_request"] {
        let asked = github(&[200]);
        on_event(opened(kind, "README: CRASH at start").build()).unwrap();
        let request = asked.take().remove(0);
        assert_eq!(
            (&*request.method, &*request.url),
            ("POST", "https://api.github.com/repos/acme/shop/issues/7/labels")
        );
        assert_eq!(request.headers[0], ("Authorization".into(), "Bearer {{secret:GITHUB_TOKEN}}".into()));
        assert_eq!(request.body.unwrap(), br#"{"labels":["bug","documentation"]}"#);
        assert_eq!(fake::take_logs(), ["info labelled repository=acme/shop number=7 labels=bug, documentation"]);
    }
}

#[test]
fn a_title_without_them_is_left_alone() {
    for title in ["crashes", "", "=", "a doc"] {
        let asked = github(&[200]);
        on_event(opened("issue", title).build()).unwrap();
        assert!(asked.take().is_empty(), "{title}");
    }
}

#[test]
fn what_may_pass_is_tried_again() {
    for (status, expected) in [(500, None), (503, None), (429, None), (403, Some(30))] {
        github(&[status]);
        let error = on_event(opened("issue", "crash").build()).unwrap_err();
        assert!(!error.is_reject(), "{status}");
        assert_eq!(error.delay(), expected.map(Duration::from_secs), "{status}");
        assert_eq!(error.to_string(), format!("GitHub answered {status}"));
    }
}

#[test]
fn what_stays_is_rejected() {
    for status in [301, 401, 404, 422] {
        github(&[status]);
        assert!(on_event(opened("issue", "crash").build()).unwrap_err().is_reject(), "{status}");
    }
    github(&[]);
    let error = on_event(opened("issue", "crash").build()).unwrap_err();
    assert!(error.is_reject() && error.to_string().contains("name its host in `outbound`"), "{error}");
    assert!(on_event(Event::fake().method("POST").body("{}").build()).unwrap_err().is_reject());
}

#[test]
fn a_name_that_would_lead_elsewhere_is_rejected() {
    for name in ["acme", "acme/shop/../..", "acme/..", "./shop", "acme/shop?x", "a b/c", ""] {
        let asked = github(&[200]);
        let body = json!({"repository": {"full_name": name}, "issue": {"number": 7, "title": "crash"}});
        let error = on_event(Event::fake().method("POST").body(body.to_string()).build()).unwrap_err();
        assert!(error.is_reject() && asked.take().is_empty(), "{name}");
    }
}
