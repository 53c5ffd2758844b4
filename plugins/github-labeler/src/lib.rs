//! Labels new issues and pull requests on GitHub by the words in their titles.

use std::time::Duration;

use serde_json::json;
use tenterhook::{Error, Event, Result, http, log, vars};

/// Puts labels on an issue or a pull request. GitHub adds those that are not there yet, so that doing it again changes nothing.
#[tenterhook::handler]
fn on_event(event: Event) -> Result<()> {
    let json = &event.data().body.json;
    // In GitHub's API a pull request is an issue too.
    let issue = if json.get("issue").exists() { json.get("issue") } else { json.get("pull_request") };
    let (title, number) = (issue.get("title"), issue.get("number"));
    let name = json.get("repository").get("full_name");
    let (Some(title), Some(number), Some(repository)) = (title.as_str(), number.as_u64(), name.as_str()) else {
        return Err(Error::reject("this is no issue and no pull request of GitHub's"));
    };
    let labels = labels(&variable("LABELS")?, title);
    if labels.is_empty() {
        log::info!(repository = repository, number = number, "nothing to label");
        return Ok(());
    }
    if !is_repository(repository) {
        return Err(Error::reject(format!("`{repository}` is not the name of a repository")));
    }
    let url = format!("{}/repos/{repository}/issues/{number}/labels", variable("GITHUB_URL")?.trim_end_matches('/'));
    let answer = http::post(&url)
        .bearer(variable("GITHUB_TOKEN")?)
        .header("Accept", "application/vnd.github+json")
        .header("User-Agent", "tenterhook-github-labeler")
        .header("X-GitHub-Api-Version", "2022-11-28")
        .timeout(Duration::from_secs(10))
        .json(&json!({ "labels": labels }))?
        .send();
    match answer {
        Ok(answer) => settle(&answer)?,
        Err(http::Error::Denied) => {
            return Err(Error::reject(format!(
                "the manifest lets no request go to `{url}`: name its host in `outbound`"
            )));
        }
        Err(error) => return Err(error.into()),
    }
    log::info!(repository = repository, number = number, labels = labels.join(", "), "labelled");
    Ok(())
}

/// Whether GitHub did it; if not, whether it may do so later.
fn settle(answer: &http::Response) -> Result<()> {
    let said = format!("GitHub answered {}", answer.status);
    let wait = answer.header("Retry-After").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    match (answer.status, wait) {
        (200..300, _) => Ok(()),
        // Too many requests, of which GitHub also says that they are forbidden.
        (403 | 429, Some(wait)) => Err(Error::retry_after(wait, said)),
        (429 | 500.., _) => Err(Error::retry(said)),
        // A token, a repository or a number that is not right is not so the next time either.
        _ => Err(Error::reject(said)),
    }
}

fn variable(name: &str) -> Result<String> {
    vars::get(name).ok_or_else(|| Error::reject(format!("the project has no variable `{name}`")))
}

/// The labels that a title asks for, of rules such as `bug=crash,panic; documentation=docs`.
fn labels(rules: &str, title: &str) -> Vec<String> {
    let title = title.to_lowercase();
    let has =
        |wanted: &str| title.split(|c: char| !c.is_alphanumeric()).any(|word| word == wanted.trim().to_lowercase());
    let rules = rules.split(';').filter_map(|rule| rule.split_once('='));
    let asked = rules.filter(|(_, words)| words.split(',').any(|word| !word.trim().is_empty() && has(word)));
    asked.map(|(label, _)| label.trim().to_owned()).collect()
}

/// `owner/name`: what is something else would make another URL of it.
fn is_repository(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        part.chars().all(is_word) && part.chars().any(|c| c != '.')
    };
    name.split_once('/').is_some_and(|(owner, name)| is_part(owner) && is_part(name))
}

#[cfg(test)]
mod tests;
