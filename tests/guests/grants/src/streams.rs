//! Responses that are sent while the handler runs.

use std::io::Write as _;

use tenterhook::{Error, Event, Response, Result, kv, reply};

/// The head, the query's `count` of chunks of `size`, and then what `end` says.
#[tenterhook::handler]
fn stream(event: Event) -> Result<Option<Response>> {
    let data = event.data();
    let query = data.get("url").get("query");
    let number = |name: &str| query.get_or(name, "1").to_string().parse::<usize>().unwrap_or(1);
    let status = query.get_or("status", "200").to_string().parse().unwrap_or(200);
    let mut answer = reply::start(status, &[("Content-Type", "text/plain"), ("X-Streamed", "yes")])?;
    for place in 0..number("count") {
        let chunk = format!("{place}{}\n", "-".repeat(number("size")));
        if let Err(error) = answer.write(&chunk) {
            kv::set("ended", format!("{place} {error:?}"))?;
            return Ok(None);
        }
    }
    answer.flush()?;
    match &*query.get_or("end", "").to_string() {
        "panic" => panic!("the tide is out"),
        "reject" => Err(Error::reject("the tide is out")),
        "response" => Ok(Some(Response::text("and another"))),
        "again" => {
            let again = reply::start(200, &[]).map(drop);
            answer.write(format!("{again:?}"))?;
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// What a head that cannot be sent is answered.
#[tenterhook::handler]
fn bad_heads(_event: Event) -> String {
    let heads: [(u16, &[(&str, &str)]); 4] =
        [(99, &[]), (200, &[("Connection", "close")]), (200, &[("Content-Length", "3")]), (200, &[("a b", "c")])];
    let mut said = String::new();
    for (status, headers) in heads {
        said += &format!("{:?}\n", reply::start(status, headers).map(drop));
    }
    said
}
