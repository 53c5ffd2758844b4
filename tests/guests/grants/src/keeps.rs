//! What is kept between events.

use std::time::Duration;

use tenterhook::{Error, Event, Result, kv};

/// Counts by hand, as those must who have no `kv::add`: none of many at once is lost.
#[tenterhook::handler]
fn count(event: Event) -> Result<String> {
    let key = event.data().get("url").get("query").get_or("key", "n").to_string();
    let next = |there: Option<&[u8]>| {
        let count: u64 = there.and_then(|there| std::str::from_utf8(there).ok()?.parse().ok()).unwrap_or(0);
        (count + 1).to_string().into_bytes()
    };
    Ok(String::from_utf8_lossy(&kv::update(&key, next)?).into_owned())
}

/// Does what the query's `do` says, and answers what came of it.
#[tenterhook::handler]
fn keep(event: Event) -> Result<String> {
    let data = event.data();
    let query = data.get("url").get("query");
    let (key, value) = (query.get_or("key", "").to_string(), query.get_or("value", "").to_string());
    let ttl = query.get_or("ttl", "").to_string().parse().ok().map(Duration::from_millis);
    let answer = match (&*query.get_or("do", "").to_string(), ttl) {
        ("get", _) => kv::get(&key).map(|there| format!("{:?}", there.map(|entry| entry.text().map(str::to_owned)))),
        ("set", None) => kv::set(&key, value).map(|_| "set".to_owned()),
        ("set", Some(ttl)) => kv::set_for(ttl, &key, value).map(|_| "set".to_owned()),
        ("delete", _) => kv::delete(&key).map(|there| there.to_string()),
        ("add", _) => kv::add(&key, value.parse().unwrap_or(0)).map(|sum| sum.to_string()),
        ("entries", _) => kv::entries(&key)
            .map(|entry| entry.map(|entry| entry.key))
            .collect::<Result<Vec<_>, _>>()
            .map(|keys| keys.join(" ")),
        ("large", _) => kv::set(&key, vec![0; value.parse().unwrap_or(0)]).map(|_| "set".to_owned()),
        ("flood", _) => {
            (0..value.parse().unwrap_or(0)).try_for_each(|_| kv::get(&key).map(drop)).map(|()| "done".to_owned())
        }
        (other, _) => return Err(Error::reject(format!("nothing is called {other}"))),
    };
    Ok(answer.unwrap_or_else(|error| format!("{error:?}")))
}
